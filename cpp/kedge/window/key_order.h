// Ids by the order of their keys, kept up as new keys come.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace kedge {

struct RankedId {
  std::uint64_t rank;
  std::uint32_t id;
};

// By rising rank; ids of equal ranks stay as they are. O(n) for each byte in which ranks differ.
void sort_by_rank(std::vector<RankedId>& ids);

class KeyOrder {
 public:
  // Ids by rising rank, of the ids that were added.
  std::span<const std::uint32_t> ids() const noexcept { return ids_; }
  std::size_t size() const noexcept { return ids_.size(); }

  // Ids that are not there yet, in any order.
  void add(std::vector<RankedId> added);
  void clear();

 private:
  std::vector<RankedId> ranked_;
  std::vector<std::uint32_t> ids_;
};

}  // namespace kedge
