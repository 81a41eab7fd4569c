// States by the number of their key, one after the other in memory.
//
// Thread safety: one caller at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/base/buffer.h"
#include "kedge/window/aggregation.h"

namespace kedge {

class StateTable {
 public:
  explicit StateTable(const Aggregation& aggregation) : aggregation_(&aggregation) {}
  StateTable(StateTable&& other) noexcept
      : aggregation_(other.aggregation_),
        memory_(std::move(other.memory_)),
        size_(std::exchange(other.size_, 0)) {}
  StateTable& operator=(StateTable&& other) noexcept {
    std::swap(aggregation_, other.aggregation_);
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~StateTable() { reset(); }

  std::size_t size() const noexcept { return size_; }
  std::byte* data() noexcept { return memory_.data(); }
  std::byte* state(std::uint32_t id) noexcept {
    return memory_.data() + std::size_t{id} * aggregation_->stride();
  }
  const std::byte* state(std::uint32_t id) const noexcept {
    return memory_.data() + std::size_t{id} * aggregation_->stride();
  }
  bool has_rows(std::uint32_t id) const noexcept { return id < size_ && rows_in(state(id)) != 0; }

  // How many have rows. About: hardly fewer than that, found without a look at each.
  std::size_t used() const noexcept;
  std::size_t used_about() const noexcept;

  // Room for so many states at least; states move, so pointers to them end here.
  void reserve(std::size_t states);
  // Empties every state.
  void reset() noexcept;
  // Moves each state that has rows to the id that it has from now on.
  void renumber(std::span<const std::uint32_t> new_ids, std::size_t size);
  // 1 for each id that has rows.
  void mark_used(std::span<std::uint8_t> used) const noexcept;

  // Its own memory and what the states own.
  std::size_t bytes() const noexcept;
  // The states that have rows, with their ids.
  void write(ByteWriter& out) const;
  void read(ByteReader& in, std::uint32_t keys);

 private:
  void write_plain(ByteWriter& out) const;

  const Aggregation* aggregation_;
  Buffer memory_;
  std::size_t size_ = 0;
};

}  // namespace kedge
