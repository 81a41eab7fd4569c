// Different values by their hashes: one by one while they are few, or always when asked for; then a
// sketch of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/give_back.h"
#include "kedge/sketch/distinct.h"

namespace kedge {

// Open addressing.
class DistinctValues {
 public:
  // Up to so many values are counted one by one, and none is forgotten.
  static constexpr std::size_t kFew = 256;

  explicit DistinctValues(bool exact) : exact_(exact) {}

  void add(std::uint64_t hash) {
    if (sketch_) return sketch_->add(hash);
    if (hash == 0) {  // an empty slot's mark
      count_ += has_zero_ ? 0 : 1;
      has_zero_ = true;
    } else if (place(hash)) {
      ++count_;
    }
    if (count_ > kFew && !exact_) become_sketch();
    if (2 * count_ >= slots_.size() && !sketch_) grow();
  }

  void merge(const DistinctValues& other) {
    if (other.sketch_) {
      if (!sketch_) become_sketch();
      return sketch_->merge(*other.sketch_);
    }
    other.each([&](std::uint64_t hash) { add(hash); });
  }

  double count() const noexcept {
    return sketch_ ? sketch_->estimate() : static_cast<double>(count_);
  }
  std::size_t bytes() const noexcept {
    return sizeof *this + slots_.capacity() * sizeof(std::uint64_t) +
           (sketch_ ? sizeof(Distinct) : 0);
  }

  template <class Use>
  void each(const Use& use) const {
    if (has_zero_) use(std::uint64_t{0});
    for (const std::uint64_t hash : slots_) {
      if (hash != 0) use(hash);
    }
  }

  // The hashes in rising order, so that the bytes do not tell in what order they came.
  void write(ByteWriter& out) const {
    out.write(static_cast<std::uint8_t>(sketch_ != nullptr));
    if (sketch_) return sketch_->write(out);
    std::vector<std::uint64_t> hashes;
    each([&](std::uint64_t hash) { hashes.push_back(hash); });
    std::ranges::sort(hashes);
    out.write_varint(hashes.size());
    for (const std::uint64_t hash : hashes) out.write(hash);
  }

  void read(ByteReader& in) {
    const auto is_sketch = in.read<std::uint8_t>();
    if (is_sketch > 1 || (is_sketch == 1 && exact_)) {
      throw corrupt_data(in.section(), ": distinct values of kind ", int{is_sketch});
    }
    if (is_sketch == 1) {
      slots_.clear();
      sketch_ = std::make_unique<Distinct>(Distinct::read(in));
      return;
    }
    const std::uint64_t count = in.read_varint();
    if (count > in.remaining() / sizeof(std::uint64_t) || (count > kFew && !exact_)) {
      throw corrupt_data(in.section(), ": ", count, " distinct values do not fit");
    }
    for (std::uint64_t i = 0; i < count; ++i) add(in.read<std::uint64_t>());
    if (count_ != count) throw corrupt_data(in.section(), ": a distinct value comes twice");
  }

 private:
  static constexpr std::size_t kFirstSlots = 16;

  // False when it was there.
  bool place(std::uint64_t hash) noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = static_cast<std::size_t>(hash) & mask;
    while (slots_[at] != 0 && slots_[at] != hash) at = (at + 1) & mask;
    if (slots_[at] == hash) return false;
    slots_[at] = hash;
    return true;
  }
  void grow() {
    std::vector<std::uint64_t> old(slots_.size() * 2);
    old.swap(slots_);
    for (const std::uint64_t hash : old) {
      if (hash != 0) place(hash);
    }
  }
  void become_sketch() {
    sketch_ = std::make_unique<Distinct>();
    each([this](std::uint64_t hash) { sketch_->add(hash); });
    give_back(slots_);
  }

  bool exact_;
  std::vector<std::uint64_t> slots_ = std::vector<std::uint64_t>(kFirstSlots);
  std::size_t count_ = 0;
  bool has_zero_ = false;
  std::unique_ptr<Distinct> sketch_;
};

}  // namespace kedge
