#include "kedge/window/key_order.h"

#include <array>
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

// From the end, in place: most windows bring few keys, and the order of a million is not to be
// written anew in memory for them.
void KeyOrder::add(std::vector<RankedId> added) {
  if (added.empty()) return;
  sort_by_rank(added);
  std::size_t old = ranked_.size();
  ranked_.resize(old + added.size());
  ids_.resize(ranked_.size());
  for (std::size_t place = ranked_.size(); !added.empty(); --place) {
    const bool is_old = old > 0 && ranked_[old - 1].rank > added.back().rank;
    ranked_[place - 1] = is_old ? ranked_[--old] : added.back();
    ids_[place - 1] = ranked_[place - 1].id;
    if (!is_old) added.pop_back();
  }
}

void KeyOrder::clear() {
  ranked_.clear();
  ids_.clear();
}

}  // namespace kedge
