#include "kedge/drift/count_pair.h"

#include "kedge/base/error.h"

namespace kedge {

CountPair check_counts(BinCounts reference, BinCounts current) {
  if (reference.size() != current.size()) {
    throw invalid_argument("the reference has ", reference.size(), " bins, the current counts ",
                           current.size(), ": both must have the same");
  }
  constexpr std::uint64_t kMost = std::uint64_t{1} << 53;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::size_t both = 0;
  std::size_t either = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const std::uint64_t a = reference[i];
    const std::uint64_t b = current[i];
    if (a > kMost - first || b > kMost - second) {
      throw invalid_argument("counts[", i, "] = ", a > kMost - first ? a : b,
                             ": a sample has at most 2^53 values");
    }
    first += a;
    second += b;
    both += a != 0 && b != 0 ? 1 : 0;
    either += (a | b) != 0 ? 1 : 0;
  }
  return {real_count(first), real_count(second), either, both != either};
}

}  // namespace kedge
