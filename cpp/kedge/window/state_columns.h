// States that lie word by word: a growing row of them. Only of aggregations whose pieces all can.
//
// Thread safety: one caller at a time.
#pragma once

#include <cstddef>
#include <span>

#include "kedge/base/buffer.h"
#include "kedge/window/aggregation.h"

namespace kedge {

class StateColumns {
 public:
  explicit StateColumns(const Aggregation& aggregation) : aggregation_(&aggregation) {}

  // Room for so many states; columns move.
  void reserve(std::size_t states);
  std::size_t bytes() const noexcept { return memory_.size(); }

  // From state i on. What follows is about columns like these, whoever has them.
  WordColumns from(std::size_t i) noexcept { return WordColumns{memory_.data(), pitch_}.from(i); }
  void get(std::size_t i, std::byte* state) const noexcept;
  void put(std::size_t i, const std::byte* state) noexcept;

 private:
  const Aggregation* aggregation_;
  Buffer memory_;
  std::size_t pitch_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace kedge
