#include "kedge/expr/program.h"

#include <limits>
#include <string>
#include <vector>

#include "check.h"
#include "kedge/arrow/build.h"

namespace kedge {
namespace {

// More rows than a chunk, and no whole number of words.
constexpr std::size_t kRows = 2500;

Batch orders() {
  std::vector<double> amount;
  std::vector<std::uint64_t> items;
  std::vector<std::string> status;
  std::vector<bool> paid;
  for (std::size_t i = 0; i < kRows; ++i) {
    amount.push_back(static_cast<double>(i % 20) - 2.5);
    items.push_back(i % 7 == 0 ? std::numeric_limits<std::uint64_t>::max() : i % 7);
    status.emplace_back(i % 3 == 0 ? "ok" : "failed");
    paid.push_back(i % 2 == 0);
  }
  BatchBuilder builder;
  builder.add("amount", amount);
  builder.add("items", items);
  builder.add("status", status);
  builder.add("paid", paid);
  return builder.finish();
}

Program program(std::string_view source, const Batch& batch) {
  return Program(parse_expression(source), *batch.schema);
}

std::size_t selected(std::string_view source) {
  const Batch batch = orders();
  const Program condition = program(source, batch);
  condition.check(batch);
  std::vector<std::uint8_t> keep(batch.length, 7);
  condition.select(batch, keep);
  std::size_t count = 0;
  for (const std::uint8_t kept : keep) {
    CHECK(kept <= 1);
    count += kept;
  }
  return count;
}

template <class Holds>
std::size_t counted(const Holds& holds) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < kRows; ++i) count += holds(i) ? 1 : 0;
  return count;
}

}  // namespace

TEST("a condition selects the rows for which it is true") {
  CHECK(selected("status == 'ok' and amount > 10") ==
        counted([](std::size_t i) { return i % 3 == 0 && i % 20 > 12; }));
  CHECK(selected("paid or not (items < 3)") ==
        counted([](std::size_t i) { return i % 2 == 0 || i % 7 == 0 || i % 7 >= 3; }));
  CHECK(selected("items in (1, 2, -1, 18446744073709551615)") ==
        counted([](std::size_t i) { return i % 7 <= 2; }));
  CHECK(selected("items + 1 is null") == counted([](std::size_t i) { return i % 7 == 0; }));
  CHECK(selected("items > amount") ==
        counted([](std::size_t i) { return i % 7 == 0 || double(i % 7) > double(i % 20) - 2.5; }));
  CHECK(selected("true") == kRows);
  CHECK(selected("amount > null or null") == 0);
}

TEST("the value of an expression is a column") {
  const Batch batch = orders();
  const ComputedColumn sum = program("items * 2 - 1", batch).evaluate(batch);
  CHECK(sum.column.type == TypeId::kInt64);
  CHECK(sum.column.length == kRows);
  CHECK(sum.column.is_null(0) && sum.column.is_null(7) && !sum.column.is_null(8));
  CHECK(sum.column.data<std::int64_t>()[8] == 1);
  const ComputedColumn ratio = program("amount / 2", batch).evaluate(batch);
  CHECK(ratio.column.validity == nullptr);
  CHECK(ratio.column.data<double>()[2499] == 8.25);
  const ComputedColumn flags = program("amount < 0 or paid", batch).evaluate(batch);
  CHECK(get_bit(static_cast<const std::uint8_t*>(flags.column.values), 2498));
  CHECK(!get_bit(static_cast<const std::uint8_t*>(flags.column.values), 2499));
  const ComputedColumn same = program("2 * 3.5", batch).evaluate(batch);
  CHECK(same.column.data<double>()[0] == 7 && same.column.data<double>()[2499] == 7);
  BatchBuilder none;
  none.add("amount", std::span<const double>());
  const Batch empty = none.finish();
  CHECK(program("amount + 1", empty).evaluate(empty).column.length == 0);
}

TEST("a program names its columns and its type") {
  const Batch batch = orders();
  const Program condition = program("paid and (amount > 1 or paid or items == amount)", batch);
  CHECK(condition.columns() == std::vector<std::string>{"paid", "amount", "items"});
  CHECK(condition.type().id == TypeId::kBool);
  CHECK(program("items", batch).type().id == TypeId::kUint64);
  CHECK(program("date '2026-01-01'", batch).type().id == TypeId::kDate32);
  CHECK(program("duration '1s'", batch).type().id == TypeId::kOpaque);
}

TEST("what does not fit together is refused by name and type") {
  const Batch batch = orders();
  CHECK_ERROR(
      "expression \"amount == 'x'\": `==` cannot compare column \"amount\" (float64) with "
      "'x' (text)",
      program("amount == 'x'", batch));
  CHECK_ERROR("`in` cannot compare column \"status\" (large_utf8) with 3 (int64)",
              program("status in ('ok', 3)", batch));
  CHECK_ERROR("`and` does not take amount + 1 (float64)", program("paid and amount + 1", batch));
  CHECK_ERROR("`+` does not take column \"status\" (large_utf8) and 1 (int64)",
              program("status + 1", batch));
  CHECK_ERROR("`%` does not take column \"amount\" (float64) and 2 (int64)",
              program("amount % 2", batch));
  CHECK_ERROR("there is no column \"amuont\"; the columns are \"amount\", ",
              program("amuont > 1", batch));
  CHECK_ERROR("it is null in every row", program("amount + null", batch));
  std::vector<std::uint8_t> keep(kRows);
  CHECK_ERROR("a condition is bool, it is float64", program("amount", batch).select(batch, keep));
  CHECK_ERROR("room for 3 rows, the batch has 2500",
              program("paid", batch).select(batch, std::span(keep).first(3)));
  CHECK_ERROR("a column of large_utf8 is not computed", program("status", batch).evaluate(batch));
  BatchBuilder other;
  other.add("amount", std::vector<bool>(kRows));
  CHECK_ERROR("the batch has no column \"amount\" of type float64",
              program("amount > 1", batch).select(other.finish(), keep));
}

}  // namespace kedge
