// Evidence against "arm b has no larger chance than arm a" (or "both have the same") from blocks of
// outcomes of both: a block of 19 live and 1 canary requests, of one decision for each of two
// groups.
//
// The factor of a block is the likelihood of its counts under two chances that the blocks before
// suggest, over that under the one chance between them that the null hypothesis can do best with
// (Turner, Ly and Gruenwald, "Generic E-variables for exact sequential k-sample tests that allow
// for optional stopping", Journal of Statistical Planning and Inference 230, 2024). Its expected
// value is at most 1 under the null hypothesis, for rows that are independent within a block; the
// sizes of a block are known before its outcomes, and may change.
#pragma once

#include <cstdint>

#include "kedge/base/bytes.h"

namespace kedge {

struct ArmCounts {
  std::uint64_t hits = 0;
  std::uint64_t rows = 0;
};

class TwoSampleRatio {
 public:
  // `one_sided` looks for b above a only.
  explicit TwoSampleRatio(bool one_sided) noexcept : one_sided_(one_sided) {}

  // Returns the logarithm of the block's factor; 0 for a block without rows of either arm. Hits are
  // at most rows.
  double update(ArmCounts a, ArmCounts b) noexcept;

  double log_evidence() const noexcept { return log_evidence_; }
  const ArmCounts& a() const noexcept { return a_; }
  const ArmCounts& b() const noexcept { return b_; }

  // As MeanBet::merge: the product. Throws InvalidArgument unless both are one-sided or neither is.
  void merge(const TwoSampleRatio& other);

  // docs/formats.md, "Evidence".
  void write(ByteWriter& out) const;
  static TwoSampleRatio read(ByteReader& in);

 private:
  bool one_sided_;
  double log_evidence_ = 0;
  ArmCounts a_;
  ArmCounts b_;
};

}  // namespace kedge
