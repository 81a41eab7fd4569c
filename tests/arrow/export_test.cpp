#include "kedge/arrow/export.h"

#include <cstring>
#include <string_view>
#include <vector>

#include "check.h"

namespace kedge {
namespace {

// [[1, 2], [], [3]] as a list of structs, with its memory.
struct Lists {
  std::int32_t ends[4] = {0, 2, 2, 3};
  std::uint64_t entries[3] = {1, 2, 3};
};

Type type_of(TypeId id, std::vector<Field> children = {}) {
  Type type;
  type.id = id;
  type.children = std::move(children);
  return type;
}

Batch lists(const std::shared_ptr<Lists>& memory) {
  const Type entry = type_of(TypeId::kStruct, {{"n", type_of(TypeId::kUint64), false}});
  Batch batch;
  batch.schema =
      std::make_shared<const Schema>(Schema{{"lists",
                                             type_of(TypeId::kList, {{"item", entry, false}}),
                                             true,
                                             {{"a", "12"}, {"bc", ""}}}});
  batch.length = 3;
  Column numbers;
  numbers.type = TypeId::kUint64;
  numbers.length = 3;
  numbers.values = memory->entries;
  Column structs;
  structs.type = TypeId::kStruct;
  structs.length = 3;
  structs.children = {numbers};
  Column column;
  column.type = TypeId::kList;
  column.length = 3;
  column.values = memory->ends;
  column.children = {structs};
  batch.columns = {column};
  batch.owner = memory;
  return batch;
}

}  // namespace

TEST("lists of structs go out with their offsets and entries in place") {
  const auto memory = std::make_shared<Lists>();
  const Batch batch = lists(memory);
  const OwnedSchema schema = export_schema(*batch.schema);
  const OwnedArray array = export_batch(batch);
  const ArrowSchema& list_schema = *schema->children[0];
  CHECK(std::string_view(list_schema.format) == "+l");
  CHECK(list_schema.n_children == 1);
  CHECK(std::string_view(list_schema.children[0]->format) == "+s");
  CHECK(std::string_view(list_schema.children[0]->children[0]->format) == "L");
  const ArrowArray& list = *array->children[0];
  CHECK(list.length == 3 && list.n_buffers == 2 && list.n_children == 1);
  CHECK(list.buffers[1] == memory->ends);
  const ArrowArray& entries = *list.children[0];
  CHECK(entries.length == 3 && entries.n_buffers == 1 && entries.n_children == 1);
  CHECK(entries.children[0]->buffers[1] == memory->entries);
}

TEST("metadata go out with their lengths before them") {
  const OwnedSchema schema = export_schema(*lists(std::make_shared<Lists>()).schema);
  const std::string_view expected("\2\0\0\0\1\0\0\0a\2\0\0\00012\2\0\0\0bc\0\0\0\0", 25);
  CHECK(std::memcmp(schema->children[0]->metadata, expected.data(), expected.size()) == 0);
  CHECK(schema->metadata == nullptr);
}

TEST("what lists point into is let go of with the last of them") {
  const auto memory = std::make_shared<Lists>();
  {
    OwnedArray array = export_batch(lists(memory));
    // As the specification allows, a consumer moves a child away and keeps it for longer.
    OwnedArray entries(*array->children[0]->children[0]);
    CHECK(memory.use_count() > 1);
    array.reset();
    CHECK(memory.use_count() > 1);
    CHECK(static_cast<const std::uint64_t*>(entries->children[0]->buffers[1])[2] == 3);
  }
  CHECK(memory.use_count() == 1);
}

TEST("lists and binary columns that come in are opaque, as before") {
  const OwnedSchema schema = export_schema(*lists(std::make_shared<Lists>()).schema);
  const auto imported = import_schema(*schema);
  CHECK(imported->front().type.id == TypeId::kOpaque);
  CHECK_ERROR("column \"lists\": type list is not supported", check_readable(imported->front()));
}

}  // namespace kedge
