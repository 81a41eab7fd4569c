// How many different values came, within a few percent, in 4 kB: HyperLogLog. Sketches of parts
// merge into that of the whole, whatever the order, with the same bytes.
//
// The estimate is Ertl's improved one ("New cardinality estimation algorithms for HyperLogLog
// sketches", 2017, algorithm 6): unbiased from one value to 2^60, without empirical tables.
//
// Thread safety: one writer, or many readers.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "kedge/arrow/column.h"
#include "kedge/base/bytes.h"

namespace kedge {

class Distinct {
 public:
  static constexpr unsigned kIndexBits = 12;
  static constexpr std::size_t kRegisters = std::size_t{1} << kIndexBits;
  // Of the estimate, as a share of the truth: 1.04 / sqrt(kRegisters).
  static constexpr double kStandardError = 0.01625;

  // A value by its hash, which must be well mixed in all 64 bits.
  void add(std::uint64_t hash) noexcept {
    const auto index = static_cast<std::size_t>(hash >> (64 - kIndexBits));
    // The mark behind the last bit ends the count of zeros.
    const std::uint64_t rest = hash << kIndexBits | std::uint64_t{1} << (kIndexBits - 1);
    const auto rank = static_cast<std::uint8_t>(std::countl_zero(rest) + 1);
    registers_[index] = std::max(registers_[index], rank);
  }

  // True for every type that is a value: not for structs and what cannot be read.
  static bool takes(const Type& type) noexcept;
  // The values of such a column; nulls are none. Equal numbers of one type count once (so do the
  // two zeros, and all NaN), and integers count alike whatever their width. Throws InvalidArgument
  // that names the row, and adds nothing, when one points outside.
  void add(const Column& column);

  void merge(const Distinct& other) noexcept;
  double estimate() const noexcept;

  // docs/formats.md, "Distinct". read throws CorruptData that says what is wrong.
  void write(ByteWriter& out) const;
  static Distinct read(ByteReader& in);

  friend bool operator==(const Distinct&, const Distinct&) = default;

 private:
  void add_entries(const Column& column);

  static constexpr unsigned kMostRank = 64 - kIndexBits + 1;

  std::array<std::uint8_t, kRegisters> registers_{};  // the largest rank of each index
};

}  // namespace kedge
