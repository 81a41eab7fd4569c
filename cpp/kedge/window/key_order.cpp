#include "kedge/window/key_order.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace kedge {

void sort_by_rank(std::vector<RankedId>& ids) {
  std::uint64_t differing = 0;
  for (const RankedId& id : ids) differing |= id.rank ^ ids.front().rank;
  std::vector<RankedId> other(ids.size());
  for (unsigned shift = 0; shift < 64; shift += 8) {
    if ((differing >> shift & 0xff) == 0) continue;
    std::array<std::size_t, 256> ends{};
    for (const RankedId& id : ids) ++ends[id.rank >> shift & 0xff];
    std::size_t start = 0;
    for (std::size_t& end : ends) start += std::exchange(end, start);
    for (const RankedId& id : ids) other[ends[id.rank >> shift & 0xff]++] = id;
    ids.swap(other);
  }
}

void KeyOrder::add(std::vector<RankedId> added) {
  if (added.empty()) return;
  sort_by_rank(added);
  std::vector<RankedId> merged;
  merged.reserve(ranked_.size() + added.size());
  std::ranges::merge(ranked_, added, std::back_inserter(merged), {}, &RankedId::rank,
                     &RankedId::rank);
  ranked_ = std::move(merged);
  ids_.resize(ranked_.size());
  std::ranges::transform(ranked_, ids_.begin(), &RankedId::id);
}

void KeyOrder::clear() {
  ranked_.clear();
  ids_.clear();
}

}  // namespace kedge
