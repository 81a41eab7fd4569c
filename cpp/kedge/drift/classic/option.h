// Options and stored numbers of the classical detectors, within their bounds.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"

namespace kedge {

// Both bounds are allowed. NaN is not.
template <class Number>
void check_option(std::string_view name, Number value, Number least, Number most) {
  if (value >= least && value <= most) return;
  throw invalid_argument(name, " = ", value, " is not from ", least, " to ", most);
}

// Neither bound is allowed.
inline void check_between(std::string_view name, double value, double low, double high) {
  if (value > low && value < high) return;
  throw invalid_argument(name, " = ", value, " is not between ", low, " and ", high);
}

// Of a state: any but NaN, as extremes begin at infinity.
inline double read_state(ByteReader& in) {
  const auto value = in.read<double>();
  if (!std::isnan(value)) return value;
  throw corrupt_data(in.section(), ": a number of its state is NaN");
}

// A varint up to 2^53, up to which counts are exact as doubles.
inline std::uint64_t read_count(ByteReader& in) {
  const std::uint64_t count = in.read_varint();
  if (count <= std::uint64_t{1} << 53) return count;
  throw corrupt_data(in.section(), ": a count of ", count, " is above 2^53");
}

inline bool read_flag(ByteReader& in) {
  const auto flag = in.read<std::uint8_t>();
  if (flag > 1) throw corrupt_data(in.section(), ": ", int{flag}, " is neither yes nor no");
  return flag == 1;
}

inline constexpr double kMostWarmStart = 1e9;

}  // namespace kedge
