#include "kedge/expr/program.h"

#include "kedge/arrow/check.h"
#include "kedge/base/error.h"
#include "kedge/expr/compiler.h"

namespace kedge {
namespace expr {
namespace {

// What is asked of a dictionary's texts, once for each of them where they are fewer than the rows.
void answer_dictionaries(Run& run) {
  run.tables.resize(run.code.tests.size());
  for (std::size_t i = 0; i < run.tables.size(); ++i) {
    const TextTest& test = run.code.tests[i];
    const Column* const texts = run.code.columns[test.column].of(run.batch).dictionary.get();
    if (texts == nullptr || texts->length > run.batch.length) continue;
    run.tables[i].resize(texts->length);
    for (std::size_t code = 0; code < texts->length; ++code) {
      run.tables[i][code] = !texts->is_null(code) && test.holds(texts->string_at(code)) ? 1 : 0;
    }
  }
}

// Calls `use(lane)` with the result of each chunk.
template <class Use>
void each_chunk(const Code& code, const Batch& batch, const Use& use) {
  Run run(code, batch, batch.length);
  answer_dictionaries(run);
  for (run.start = 0; run.start < batch.length; run.start += run.rows) {
    run.rows = std::min(kChunk, batch.length - run.start);
    for (const Step& step : code.steps) step.run(step, run);
    use(run, run.lanes[code.result]);
  }
}

bool has_type(const Column& column, const Type& type) noexcept {
  const bool both = column.dictionary && type.dictionary;
  return column.type == type.id && (column.dictionary != nullptr) == (type.dictionary != nullptr) &&
         (!both || column.dictionary->type == type.dictionary->id);
}

void check_types(const Code& code, const Batch& batch) {
  for (const ColumnRef& ref : code.columns) {
    const bool is_there = ref.place < batch.columns.size() &&
                          (!ref.is_child || ref.child < batch.columns[ref.place].children.size());
    if (is_there && has_type(ref.of(batch), ref.field.type)) continue;
    throw invalid_argument("expression \"", code.text, "\": the batch has no column \"",
                           ref.field.name, "\" of type ", type_name(ref.field.type),
                           " where its schema had one");
  }
}

// Bytes of 0 and 1 as bits from `first` on, which is a multiple of 8; the rest of the last byte is
// 0.
void pack(const std::uint8_t* bytes, std::size_t rows, std::size_t first, std::uint8_t* bits) {
  bits += first / 8;
  std::size_t i = 0;
  for (; i + 8 <= rows; i += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, bytes + i, sizeof eight);
    // Gathers byte k's lowest bit at bit 56 + k.
    *bits++ = static_cast<std::uint8_t>(eight * 0x0102040810204080 >> 56);
  }
  for (; i < rows; ++i) {
    if (bytes[i] != 0) set_bit(bits, i % 8);
  }
}

// A chunk's values where they go in the column.
void store(const Run& run, const Lane& lane, bool is_same, ComputedColumn& out) {
  if (out.column.type == TypeId::kBool) {
    pack(static_cast<const std::uint8_t*>(lane.values), run.rows, run.start,
         out.values.as<std::uint8_t>().data());
  } else if (is_same) {
    std::fill_n(out.values.as<std::uint64_t>().data() + run.start, run.rows,
                *static_cast<const std::uint64_t*>(lane.values));
  } else {
    std::memcpy(out.values.as<std::uint64_t>().data() + run.start, lane.values,
                run.rows * sizeof(std::uint64_t));
  }
}

void store_days(const Run& run, const Lane& lane, bool is_same, ComputedColumn& out) {
  const auto* const days = static_cast<const std::int64_t*>(lane.values);
  const auto stored = out.values.as<std::int32_t>();
  for (std::size_t i = 0; i < run.rows; ++i) {
    stored[run.start + i] = static_cast<std::int32_t>(days[is_same ? 0 : i]);
  }
}

// The validity is there from the first chunk on that has a null; what came before had none.
void store_valid(const Run& run, const Lane& lane, ComputedColumn& out) {
  const std::size_t bytes = bitmap_bytes(run.batch.length);
  if (lane.valid != nullptr && out.validity.size() == 0) {
    out.validity = Buffer(bytes);
    std::memset(out.validity.data(), 0xff, run.start / 8);
  }
  if (out.validity.size() == 0) return;
  const auto bits = out.validity.as<std::uint8_t>();
  if (lane.valid != nullptr) {
    pack(lane.valid, run.rows, run.start, bits.data());
  } else {
    std::memset(bits.data() + run.start / 8, 0xff, bitmap_bytes(run.rows));
  }
}

std::size_t bytes_of(TypeId type, std::size_t rows) noexcept {
  return type == TypeId::kBool ? bitmap_bytes(rows) : rows * value_bytes(type);
}

}  // namespace
}  // namespace expr

using namespace expr;

Program::Program(const Expression& expression, const Schema& schema)
    : code_(std::make_shared<const Code>(Compiler(expression, schema).compile())) {}

const Type& Program::type() const noexcept { return code_->type; }

const std::vector<std::string>& Program::columns() const noexcept { return code_->names; }

void Program::check(const Batch& batch) const {
  check_types(*code_, batch);
  for (const ColumnRef& ref : code_->columns) {
    in_column(ref.field.name, [&] { check_column(ref.of(batch)); });
  }
}

void Program::check_condition() const {
  if (type().id == TypeId::kBool) return;
  throw invalid_argument("expression \"", code_->text, "\": a condition is bool, it is ",
                         code_->value.name);
}

void Program::select(const Batch& batch, std::span<std::uint8_t> keep) const {
  check_condition();
  if (keep.size() != batch.length) {
    throw invalid_argument("expression \"", code_->text, "\": room for ", keep.size(),
                           " rows, the batch has ", batch.length);
  }
  check_types(*code_, batch);
  each_chunk(*code_, batch, [&](const Run& run, const Lane& lane) {
    std::memcpy(keep.data() + run.start, lane.values, run.rows);
  });
}

ComputedColumn Program::evaluate(const Batch& batch) const {
  ComputedColumn out;
  out.column.type = type().id;
  if (out.column.type == TypeId::kUtf8 || out.column.type == TypeId::kOpaque) {
    throw unsupported("expression \"", code_->text, "\": a column of ", code_->value.name,
                      " is not computed");
  }
  check_types(*code_, batch);
  out.column.length = batch.length;
  const std::size_t bytes = std::max<std::size_t>(1, bytes_of(out.column.type, batch.length));
  // Only a bit is not written by itself.
  out.values = out.column.type == TypeId::kBool ? Buffer(bytes) : Buffer::uninitialized(bytes);
  const bool is_same = code_->is_constant(code_->result);
  const auto keep = out.column.type == TypeId::kDate32 ? store_days : store;
  each_chunk(*code_, batch, [&](const Run& run, const Lane& lane) {
    keep(run, lane, is_same, out);
    store_valid(run, lane, out);
  });
  out.column.values = out.values.data();
  if (out.validity.size() != 0) {
    out.column.validity = out.validity.as<std::uint8_t>().data();
    if (out.column.null_count() == 0) out.column.validity = nullptr;
  }
  return out;
}

}  // namespace kedge
