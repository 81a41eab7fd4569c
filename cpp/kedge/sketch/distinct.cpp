#include "kedge/sketch/distinct.h"

#include <cmath>
#include <vector>

#include "kedge/arrow/check.h"
#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"
#include "kedge/base/random.h"
#include "kedge/sketch/name_reader.h"

namespace kedge {
namespace {

constexpr std::size_t kBlock = 512;

// The two series of the estimator; both end when a term no longer changes the sum.
double sigma(double x) noexcept {
  double y = 1;
  double sum = x;
  for (double before = -1; before != sum;) {
    x *= x;
    before = sum;
    sum += x * y;
    y += y;
  }
  return sum;
}

double tau(double x) noexcept {
  if (x == 0 || x == 1) return 0;
  double y = 1;
  double sum = 1 - x;
  for (double before = -1; before != sum;) {
    x = std::sqrt(x);
    before = sum;
    y *= 0.5;
    sum -= (1 - x) * (1 - x) * y;
  }
  return sum / 3;
}

}  // namespace

bool Distinct::takes(const Type& type) noexcept {
  const TypeId id = type.dictionary ? type.dictionary->id : type.id;
  return id != TypeId::kStruct && id != TypeId::kOpaque;
}

void Distinct::add(const Column& column) {
  if (column.dictionary && !is_string(column.dictionary->type)) return add_entries(column);
  if (column.dictionary || is_string(column.type)) {
    NameReader names(column);
    while (names.next()) {
      for (const NameKey& key : names.keys()) add(key.hash);
    }
    return;
  }
  std::uint64_t bits[kBlock];
  for (std::size_t start = 0; start < column.length; start += kBlock) {
    const std::size_t rows = std::min(kBlock, column.length - start);
    read_equal_bits(column, start, rows, bits);
    for (std::size_t i = 0; i < rows; ++i) {
      if (!column.is_null(start + i)) add(mix_bits(bits[i]));
    }
  }
}

// Those numbers of a dictionary that a row holds.
void Distinct::add_entries(const Column& column) {
  check_indices(column);
  const Column& entries = *column.dictionary;
  std::vector<bool> is_used(entries.length);
  double index;
  for (std::size_t row = 0; row < column.length; ++row) {
    if (column.is_null(row)) continue;
    read_doubles(column, row, 1, &index);
    is_used[static_cast<std::size_t>(index)] = true;
  }
  std::uint64_t bits;
  for (std::size_t entry = 0; entry < entries.length; ++entry) {
    if (!is_used[entry] || entries.is_null(entry)) continue;
    read_equal_bits(entries, entry, 1, &bits);
    add(mix_bits(bits));
  }
}

void Distinct::merge(const Distinct& other) noexcept {
  for (std::size_t i = 0; i < kRegisters; ++i) {
    registers_[i] = std::max(registers_[i], other.registers_[i]);
  }
}

double Distinct::estimate() const noexcept {
  constexpr auto kMany = static_cast<double>(kRegisters);
  constexpr double kAlpha = 0.721347520444481703680;  // 1 / (2 ln 2)
  std::array<double, kMostRank + 1> with_rank{};
  for (const std::uint8_t rank : registers_) with_rank[rank] += 1;
  if (with_rank[0] == kMany) return 0;
  double z = kMany * tau(1 - with_rank[kMostRank] / kMany);
  for (unsigned rank = kMostRank - 1; rank >= 1; --rank) z = 0.5 * (z + with_rank[rank]);
  z += kMany * sigma(with_rank[0] / kMany);
  return kAlpha * kMany * kMany / z;
}

void Distinct::write(ByteWriter& out) const {
  for (std::size_t i = 0; i < kRegisters;) {
    const std::uint8_t rank = registers_[i++];
    out.write(rank);
    if (rank != 0) continue;
    const std::size_t run_start = i;
    while (i < kRegisters && registers_[i] == 0) ++i;
    out.write_varint(i - run_start);
  }
}

Distinct Distinct::read(ByteReader& in) {
  Distinct distinct;
  for (std::size_t i = 0; i < kRegisters;) {
    const auto rank = in.read<std::uint8_t>();
    if (rank > kMostRank) {
      throw corrupt_data(in.section(), ": register ", i, " is ", rank, ", at most ", kMostRank);
    }
    distinct.registers_[i++] = rank;
    if (rank != 0) continue;
    const std::uint64_t run = in.read_varint();
    if (run > kRegisters - i) {
      throw corrupt_data(in.section(), ": ", run, " empty registers after register ", i - 1, " of ",
                         kRegisters);
    }
    i += static_cast<std::size_t>(run);
  }
  return distinct;
}

}  // namespace kedge
