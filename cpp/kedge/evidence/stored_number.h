// Numbers of stored evidence, read within their bounds.
#pragma once

#include <cmath>
#include <string_view>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"

namespace kedge {

// Finite and at least `least`.
inline double read_at_least(ByteReader& in, double least, std::string_view what) {
  const auto value = in.read<double>();
  if (std::isfinite(value) && value >= least) return value;
  throw corrupt_data(in.section(), ": ", what, " is ", value, ", not a number from ", least);
}

// The logarithm of evidence: finite, or minus infinity for none.
inline double read_log_evidence(ByteReader& in) {
  const auto value = in.read<double>();
  if (std::isfinite(value) || value == -HUGE_VAL) return value;
  throw corrupt_data(in.section(), ": the logarithm of evidence is ", value);
}

}  // namespace kedge
