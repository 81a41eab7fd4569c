#include "kedge/sketch/histogram.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

std::shared_ptr<const CellMap> ten_cells() {
  return std::make_shared<const CellMap>(CellMap::affine(10, {0, 1}, 0, 10));
}

std::vector<double> uniforms(int count, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(random.uniform());
  return values;
}

}  // namespace

TEST("NaN, the infinities and null have their own counts, which add up to the rows") {
  Histogram histogram(ten_cells());
  const std::vector<double> values = {0.05, NAN, INFINITY, -INFINITY, 0.95, 7.0, -7.0};
  histogram.update(values);
  CHECK(histogram.row_count() == 7);
  CHECK(histogram.nan_count() == 1);
  CHECK(histogram.value_count() == 6);
  CHECK(histogram.slot_count(minus_inf_slot()) == 1);
  CHECK(histogram.slot_count(plus_inf_slot(12)) == 1);
  CHECK(histogram.slot_count(1) == 1);  // below the range
  CHECK(histogram.slot_count(2) == 1);
  CHECK(histogram.slot_count(11) == 1);
  CHECK(histogram.slot_count(12) == 1);  // above it
}

TEST("values that come one by one are counted as those that come together") {
  std::vector<double> values = uniforms(1000, 5);
  values.insert(values.end(), {NAN, INFINITY, -INFINITY, -0.0, 7, -7});
  const std::vector<float> narrow(values.begin(), values.end());
  const std::vector<std::uint8_t> validity(values.size() / 8 + 1, 0xb7);
  for (const TypeId type : {TypeId::kFloat64, TypeId::kFloat32}) {
    Column column;
    column.type = type;
    column.length = values.size();
    column.validity = validity.data();
    column.values =
        type == TypeId::kFloat64 ? static_cast<const void*>(values.data()) : narrow.data();
    Histogram together(ten_cells());
    together.update(column);
    for (std::size_t step = 1; step <= 6; ++step) {
      Histogram apart(ten_cells());
      for (column.offset = 0; column.offset < values.size(); column.offset += step) {
        column.length = std::min(step, values.size() - column.offset);
        apart.update(column);
      }
      column.offset = 0;
      CHECK(apart == together);
    }
  }
}

TEST("merge is one pass and subtract is the window") {
  const auto map = ten_cells();
  Histogram left(map);
  Histogram right(map);
  Histogram both(map);
  left.update(uniforms(1000, 1));
  right.update(uniforms(500, 2));
  both.update(uniforms(1000, 1));
  both.update(uniforms(500, 2));
  Histogram merged = left;
  merged.merge(right);
  CHECK(merged == both);
  CHECK(merged.to_bytes() == both.to_bytes());
  merged.subtract(left);
  CHECK(merged == right);
  CHECK_ERROR("cannot subtract", merged.subtract(both));
  CHECK(merged == right);
  Histogram other(std::make_shared<const CellMap>(CellMap::affine(11, {0, 1}, 0, 10)));
  CHECK_ERROR("cannot merge histograms over different cells (12 and 13)", merged.merge(other));
}

TEST("counters widen when their total passes 32 bits, and nothing else changes") {
  Counts counts(3);
  counts.add(0, 0xffffffff);
  counts.add_rows(2, [](std::uint32_t* counters) { counters[1] += 2; });
  counts.add_rows(1, [](std::uint32_t* counters) { counters[0] += 1; });
  CHECK(counts[0] == 0x100000000);
  CHECK(counts[1] == 2);
  CHECK(counts.total() == 0x100000002);
  Counts twice = counts;
  twice.add(counts);
  CHECK(twice[0] == 0x200000000);
  twice.subtract(counts);
  CHECK(twice == counts);
}

TEST("bytes read back equal; every changed byte and every truncation is refused") {
  Histogram histogram(ten_cells());
  histogram.update(uniforms(100, 5));
  const auto bytes = histogram.to_bytes();
  CHECK(Histogram::from_bytes(bytes) == histogram);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] ^= std::byte{0x20};
    CHECK_ERROR("histogram", Histogram::from_bytes(damaged));
    CHECK_ERROR("histogram", Histogram::from_bytes(std::span(bytes).first(i)));
  }
}

}  // namespace kedge
