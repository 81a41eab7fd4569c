// Any bytes are an expression, whose canonical text is one too and the same, or a named error; and
// it is a program over a schema with columns of the kinds there are, or a named error.

#include <vector>

#include "fuzz.h"
#include "kedge/arrow/build.h"
#include "kedge/base/bytes.h"
#include "kedge/expr/program.h"

namespace {

// The columns i, u, f, t, b; and ts and d, which are times.
kedge::Batch rows() {
  constexpr std::size_t kRows = 70;
  std::vector<double> reals;
  std::vector<std::uint64_t> wholes;
  std::vector<std::string> texts;
  std::vector<bool> flags;
  for (std::size_t i = 0; i < kRows; ++i) {
    reals.push_back(static_cast<double>(i) - 3.5);
    wholes.push_back(i % 9 == 0 ? ~std::uint64_t{i} : i);
    texts.emplace_back(i % 3, 'a');
    flags.push_back(i % 2 == 0);
  }
  kedge::BatchBuilder builder;
  builder.add("f", reals);
  builder.add("u", wholes);
  builder.add("t", texts);
  builder.add("b", flags);
  kedge::Batch batch = builder.finish();
  kedge::Schema schema = *batch.schema;
  for (const auto& [name, id] :
       {std::pair("i", kedge::TypeId::kInt64), std::pair("ts", kedge::TypeId::kTimestamp),
        std::pair("d", kedge::TypeId::kDate64)}) {
    kedge::Field field{name, {}, true};
    field.type.id = id;
    schema.push_back(field);
    batch.columns.push_back(batch.columns[1]);
    batch.columns.back().type = id;
  }
  batch.schema = std::make_shared<const kedge::Schema>(std::move(schema));
  return batch;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const kedge::Batch batch = rows();
  try {
    const auto parsed = kedge::parse_expression(kedge::as_text(kedge::fuzz_bytes(data, size)));
    const std::string text = kedge::to_string(parsed);
    const auto again = kedge::parse_expression(text);
    kedge::fuzz_check(again == parsed);
    kedge::fuzz_check(kedge::to_string(again) == text);
    const kedge::Program program(parsed, *batch.schema);
    program.check(batch);
    const kedge::ComputedColumn value = program.evaluate(batch);
    kedge::fuzz_check(value.column.length == batch.length);
    if (program.type().id != kedge::TypeId::kBool) return 0;
    std::vector<std::uint8_t> keep(batch.length);
    program.select(batch, keep);
    const auto* const bits = static_cast<const std::uint8_t*>(value.column.values);
    for (std::size_t i = 0; i < keep.size(); ++i) {
      kedge::fuzz_check(keep[i] == (kedge::get_bit(bits, i) && !value.column.is_null(i) ? 1 : 0));
    }
  } catch (const kedge::Error&) {
  }
  return 0;
}
