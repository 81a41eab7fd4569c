#include "kedge/sketch/histogram.h"

#include <algorithm>

#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"
#include "kedge/base/frame.h"

namespace kedge {
namespace {

constexpr std::string_view kKind = "HIST";
constexpr std::uint32_t kVersion = 2;

constexpr std::uint64_t kMostRows = std::uint64_t{1} << 53;  // whole numbers that a double holds
constexpr std::size_t kMostRowsAtOnce = std::size_t{1} << 30;
constexpr std::size_t kWidenBlock = 1024;
constexpr std::size_t kFewRows = 4;  // what a kernel prepares costs more than these

}  // namespace

Histogram::Histogram(std::shared_ptr<const CellMap> map)
    : map_(std::move(map)),
      variant_(&select_variant(cell_variants(), active_isa())),
      counts_(map_->slots()) {}

void Histogram::update(const Column& column) {
  if (column.length <= kFewRows) return update_few(column);
  const CellPlan& plan = map_->plan();
  const auto count = [&]<class Value>(CellKernel<Value> kernel, const Value* values,
                                      std::size_t start, std::size_t rows) {
    counts_.add_rows(static_cast<std::uint32_t>(rows), [&](std::uint32_t* counters) {
      kernel(plan, {values, rows, column.validity, column.offset + start}, counters);
    });
  };
  const bool is_double = column.type == TypeId::kFloat64;
  const bool is_float = column.type == TypeId::kFloat32;
  const std::size_t step = is_double || is_float ? kMostRowsAtOnce : kWidenBlock;
  alignas(kCacheLine) double widened[kWidenBlock];
  for (std::size_t start = 0; start < column.length; start += step) {
    const std::size_t rows = std::min(step, column.length - start);
    if (is_double) {
      count(variant_->count_f64, column.data<double>() + start, start, rows);
    } else if (is_float) {
      count(variant_->count_f32, column.data<float>() + start, start, rows);
    } else {
      read_doubles(column, start, rows, widened);
      count(variant_->count_f64, widened, start, rows);
    }
  }
}

void Histogram::update_few(const Column& column) {
  const CellPlan& plan = map_->plan();
  double values[kFewRows];
  if (column.type == TypeId::kFloat64) {
    std::copy_n(column.data<double>(), column.length, values);
  } else {
    read_doubles(column, 0, column.length, values);
  }
  for (std::size_t i = 0; i < column.length; ++i) {
    add_to(column.is_null(i) ? null_slot(plan.cells) : cell_slot(plan, values[i]), 1);
  }
}

void Histogram::update(std::span<const double> values) {
  Column column;
  column.type = TypeId::kFloat64;
  column.length = values.size();
  column.values = values.data();
  update(column);
}

void Histogram::add(double value, std::uint64_t count) {
  add_to(cell_slot(map_->plan(), value), count);
}

void Histogram::check_map(const Histogram& other, std::string_view verb) const {
  if (same_map(other)) return;
  throw invalid_argument("cannot ", verb, " histograms over different cells (", map_->cells(),
                         " and ", other.map_->cells(), "); make one with like() of the other");
}

void Histogram::merge(const Histogram& other) {
  check_map(other, "merge");
  if (other.row_count() > kMostRows - row_count()) {
    throw invalid_argument("cannot merge ", other.row_count(), " rows with ", row_count(),
                           ": a histogram counts up to ", kMostRows);
  }
  counts_.add(other.counts_);
}

void Histogram::subtract(const Histogram& other) {
  check_map(other, "subtract");
  for (std::uint32_t slot = 0; slot < map_->slots(); ++slot) {
    if (other.counts_[slot] > counts_[slot]) {
      throw invalid_argument("cannot subtract ", other.counts_[slot], " rows of slot ", slot,
                             " from ", counts_[slot]);
    }
  }
  counts_.subtract(other.counts_);
}

std::vector<std::uint64_t> Histogram::cell_counts() const {
  const std::uint32_t cells = map_->cells();
  std::vector<std::uint64_t> counts(cells);
  for (std::uint32_t cell = 0; cell < cells; ++cell) counts[cell] = counts_[cell + 1];
  counts.front() += counts_[minus_inf_slot()];
  counts.back() += counts_[plus_inf_slot(cells)];
  return counts;
}

std::vector<std::byte> Histogram::to_bytes() const {
  ByteWriter out;
  map_->write(out);
  for (std::uint32_t slot = 0; slot < map_->slots();) {
    const std::uint64_t count = counts_[slot++];
    out.write_varint(count);
    if (count != 0) continue;
    const std::uint32_t run_start = slot;
    while (slot < map_->slots() && counts_[slot] == 0) ++slot;
    out.write_varint(slot - run_start);
  }
  return seal_frame(kKind, kVersion, out.view());
}

Histogram Histogram::from_bytes(std::span<const std::byte> bytes) {
  ByteReader reader(bytes, "histogram");
  Histogram histogram = read(reader);
  reader.expect_end();
  return histogram;
}

Histogram Histogram::read(ByteReader& in) {
  ByteReader reader(open_frame(in, kKind, kVersion).payload, in.section());
  const bool unbounded = is_unbounded(reader.at<std::uint8_t>(0));
  Histogram histogram(std::make_shared<const CellMap>(CellMap::read(reader)));
  const std::uint32_t slots = histogram.map_->slots() - (unbounded ? kOuterCells : 0);
  const auto place = [&](std::uint32_t slot) {
    if (!unbounded || slot == minus_inf_slot()) return slot;
    return slot + (slot + kExtraSlots - 1 < slots ? 1 : kOuterCells);
  };
  for (std::uint32_t slot = 0; slot < slots;) {
    const std::uint64_t count = reader.read_varint();
    if (count > kMostRows - histogram.row_count()) {
      throw corrupt_data(in.section(), ": the counts add up to more than 2^53 at slot ", slot);
    }
    histogram.counts_.add(place(slot++), count);
    if (count != 0) continue;
    const std::uint64_t run = reader.read_varint();
    if (run > slots - slot) {
      throw corrupt_data(in.section(), ": ", run, " empty slots after slot ", slot - 1, " of ",
                         slots);
    }
    slot += static_cast<std::uint32_t>(run);
  }
  reader.expect_end();
  return histogram;
}

}  // namespace kedge
