#include "kedge/arrow/join_chunks.h"

#include <array>

#include "check.h"
#include "kedge/arrow/build.h"
#include "kedge/base/text.h"

namespace kedge {
namespace {

Batch names_of(std::vector<std::string> names) {
  BatchBuilder builder;
  builder.add("name", names);
  return builder.finish();
}

Column indices_of(const std::vector<std::int8_t>& indices, const Batch& names) {
  Column column;
  column.type = TypeId::kInt8;
  column.length = indices.size();
  column.values = indices.data();
  column.dictionary = std::make_shared<const Column>(names.columns.front());
  return column;
}

Type dictionary_type() {
  Type type;
  type.id = TypeId::kInt8;
  Type text;
  text.id = TypeId::kUtf8;
  type.dictionary = std::make_shared<const Type>(text);
  return type;
}

std::string name_at(const Column& column, std::size_t row) {
  const auto index = static_cast<std::size_t>(column.data<std::int8_t>()[row]);
  return std::string(column.dictionary->string_at(index));
}

TEST("dictionaries that differ become one that has each string once") {
  const Batch first = names_of({"a", "b"}), second = names_of({"b", "c", "a"});
  const std::vector<std::int8_t> some = {0, 1, 0}, others = {0, 1, 2, 2};
  Column sliced = indices_of(others, second);
  sliced.offset = 1;
  sliced.length = 3;
  const Column column = indices_of(some, first);
  const TakenColumn joined =
      join_chunks(dictionary_type(), std::array<const Column*, 2>{&column, &sliced});
  CHECK(joined.column.length == 6 && joined.column.dictionary->length == 3);
  std::string rows;
  for (std::size_t i = 0; i < 6; ++i) rows += name_at(joined.column, i);
  CHECK(rows == "abacaa");
}

TEST("an equal dictionary stays as it is, also when it is ordered") {
  const Batch names = names_of({"low", "high", "high"});
  const std::vector<std::int8_t> indices = {2, 0, 1};
  const Column column = indices_of(indices, names);
  Type type = dictionary_type();
  type.ordered = true;
  const TakenColumn joined = join_chunks(type, std::array<const Column*, 2>{&column, &column});
  CHECK(joined.column.length == 6 && joined.column.dictionary->length == 3);
  CHECK(joined.column.data<std::int8_t>()[3] == 2);
  const Batch others = names_of({"low", "high", "high"});
  const Column other = indices_of(indices, others);
  CHECK_ERROR("ordered dictionary",
              join_chunks(type, std::array<const Column*, 2>{&column, &other}));
}

TEST("indices that cannot count the entries of all dictionaries are refused") {
  std::vector<std::string> left, right;
  for (int i = 0; i < 100; ++i) {
    left.push_back(text("left ", i));
    right.push_back(text("right ", i));
  }
  const Batch first = names_of(left), second = names_of(right);
  const std::vector<std::int8_t> indices = {99};
  const Column one = indices_of(indices, first), two = indices_of(indices, second);
  CHECK_ERROR("have 200 entries",
              join_chunks(dictionary_type(), std::array<const Column*, 2>{&one, &two}));
}

TEST("no chunk gives a column without rows, with a dictionary when its type has one") {
  const TakenColumn none = join_chunks(dictionary_type(), {});
  CHECK(none.column.length == 0 && none.column.dictionary->length == 0);
  const std::array<std::uint32_t, 2> rows = {kNoRow, kNoRow};
  CHECK(take_or_null(none.column, rows).column.null_count() == 2);
}

}  // namespace
}  // namespace kedge
