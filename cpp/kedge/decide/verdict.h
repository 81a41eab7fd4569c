// What a decision comes to: yes, no, or not yet known, with what it rests on.
#pragma once

#include <cstdint>
#include <limits>

namespace kedge {

enum class Verdict : std::uint8_t { kNotYetKnown, kYes, kNo };

struct Decision {
  Verdict verdict = Verdict::kNotYetKnown;
  double log_evidence_yes = 0;  // the most there was; a yes needs -log(alpha)
  double log_evidence_no = 0;
  std::uint64_t rows = 0;
  // About how many more a verdict takes if rows go on as they did: infinite where they point at
  // neither, 0 once there is one. A forecast, not a promise.
  double rows_needed = std::numeric_limits<double>::infinity();
};

}  // namespace kedge
