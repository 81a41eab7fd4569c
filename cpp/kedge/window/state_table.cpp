#include "kedge/window/state_table.h"

#include <algorithm>
#include <cstring>

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr std::size_t kFewestStates = 16;

}  // namespace

void StateTable::reserve(std::size_t states) {
  if (states <= size_) return;
  const std::size_t size = std::max({states, 2 * size_, kFewestStates});
  Buffer memory = Buffer::uninitialized(size * aggregation_->stride());
  if (size_ != 0) std::memcpy(memory.data(), memory_.data(), size_ * aggregation_->stride());
  memory_ = std::move(memory);
  for (std::size_t id = std::exchange(size_, size); id < size; ++id) {
    aggregation_->init(state(static_cast<std::uint32_t>(id)));
  }
}

std::size_t StateTable::used() const noexcept {
  std::size_t used = 0;
  for (std::uint32_t id = 0; id < size_; ++id) used += rows_in(state(id)) != 0 ? 1 : 0;
  return used;
}

std::size_t StateTable::used_about() const noexcept {
  constexpr std::size_t kLooks = 4096;
  // Of the share that is seen, with all likelihood within three times its deviation.
  constexpr std::size_t kMargin = 96;
  if (size_ <= kLooks) return used();
  const std::size_t step = size_ / kLooks;
  std::size_t used = 0;
  for (std::size_t id = 0; id < size_; id += step) {
    used += has_rows(static_cast<std::uint32_t>(id)) ? 1 : 0;
  }
  return std::min(size_, (used + kMargin) * step);
}

void StateTable::reset() noexcept {
  for (std::uint32_t id = 0; id < size_; ++id) {
    if (rows_in(state(id)) != 0) aggregation_->reset(state(id));
  }
}

void StateTable::renumber(std::span<const std::uint32_t> new_ids, std::size_t size) {
  StateTable renumbered(*aggregation_);
  renumbered.reserve(size);
  for (std::uint32_t id = 0; id < std::min(new_ids.size(), size_); ++id) {
    if (rows_in(state(id)) == 0) continue;
    std::memcpy(renumbered.state(new_ids[id]), state(id), aggregation_->stride());
    aggregation_->init(state(id));  // what it owned has moved
  }
  *this = std::move(renumbered);
}

void StateTable::mark_used(std::span<std::uint8_t> used) const noexcept {
  for (std::uint32_t id = 0; id < std::min(used.size(), size_); ++id) {
    if (rows_in(state(id)) != 0) used[id] = 1;
  }
}

std::size_t StateTable::bytes() const noexcept {
  std::size_t total = memory_.size();
  if (!aggregation_->owns_memory()) return total;
  for (std::uint32_t id = 0; id < size_; ++id) total += aggregation_->owned_bytes(state(id));
  return total;
}

void StateTable::write(ByteWriter& out) const {
  out.write_varint(used());
  if (!aggregation_->owns_memory()) return write_plain(out);
  for (std::uint32_t id = 0; id < size_; ++id) {
    if (!has_rows(id)) continue;
    out.write(id);
    aggregation_->write(state(id), out);
  }
}

// Many states at a time: there may be millions, and the stream waits for them.
void StateTable::write_plain(ByteWriter& out) const {
  constexpr std::size_t kMany = 64;
  const std::size_t bytes = sizeof(std::uint32_t) + aggregation_->bytes();
  std::vector<std::byte> block(kMany * bytes);
  std::size_t filled = 0;
  for (std::uint32_t id = 0; id < size_; ++id) {
    if (!has_rows(id)) continue;
    std::memcpy(block.data() + filled, &id, sizeof id);
    aggregation_->copy_stored(state(id), block.data() + filled + sizeof id);
    filled += bytes;
    if (filled < block.size()) continue;
    out.write_bytes(block);
    filled = 0;
  }
  out.write_bytes(std::span(block).first(filled));
}

void StateTable::read(ByteReader& in, std::uint32_t keys) {
  const std::uint64_t used = in.read_varint();
  if (used > keys) throw corrupt_data(in.section(), ": ", used, " states of ", keys, " keys");
  reserve(keys);
  for (std::uint64_t i = 0; i < used; ++i) {
    const auto id = in.read<std::uint32_t>();
    if (id >= keys) throw corrupt_data(in.section(), ": a state of key ", id, " of ", keys);
    if (has_rows(id)) throw corrupt_data(in.section(), ": two states of key ", id);
    aggregation_->read(state(id), in);
    if (!has_rows(id)) throw corrupt_data(in.section(), ": a state without rows");
  }
}

}  // namespace kedge
