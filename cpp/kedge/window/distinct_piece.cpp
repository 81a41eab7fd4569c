#include "kedge/window/distinct_piece.h"

#include <cmath>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/sketch/distinct.h"
#include "kedge/window/owned_state.h"

namespace kedge {

// Hashes in open addressing, then a sketch of them. A state holds its address, or 0 for none yet.
class DistinctPiece::Values {
 public:
  void add(std::uint64_t hash, bool exact) {
    if (sketch_) return sketch_->add(hash);
    if (hash == 0) {  // an empty slot's mark
      count_ += has_zero_ ? 0 : 1;
      has_zero_ = true;
    } else if (place(hash)) {
      ++count_;
    }
    if (count_ > kFew && !exact) become_sketch();
    if (2 * count_ >= slots_.size() && !sketch_) grow();
  }

  void merge(const Values& other, bool exact) {
    if (other.sketch_) {
      if (!sketch_) become_sketch();
      return sketch_->merge(*other.sketch_);
    }
    other.each([&](std::uint64_t hash) { add(hash, exact); });
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

  void read(ByteReader& in, bool exact) {
    const auto is_sketch = in.read<std::uint8_t>();
    if (is_sketch > 1 || (is_sketch == 1 && exact)) {
      throw corrupt_data(in.section(), ": distinct values of kind ", int{is_sketch});
    }
    if (is_sketch == 1) {
      slots_.clear();
      sketch_ = std::make_unique<Distinct>(Distinct::read(in));
      return;
    }
    const std::uint64_t count = in.read_varint();
    if (count > in.remaining() / sizeof(std::uint64_t) || (count > kFew && !exact)) {
      throw corrupt_data(in.section(), ": ", count, " distinct values do not fit");
    }
    for (std::uint64_t i = 0; i < count; ++i) add(in.read<std::uint64_t>(), exact);
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
    slots_ = {};
  }

  std::vector<std::uint64_t> slots_ = std::vector<std::uint64_t>(kFirstSlots);
  std::size_t count_ = 0;
  bool has_zero_ = false;
  std::unique_ptr<Distinct> sketch_;
};

DistinctPiece::Values& DistinctPiece::values_in(std::byte* state) const {
  auto& address = of<std::uint64_t>(state);
  if (address == 0) address = address_of(new Values);
  return *owned_at<Values>(address);
}

void DistinctPiece::update(const Block& block) const {
  const kedge::Values& values = block.inputs[input_];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i) || block.states[i] == block.sink) continue;
    values_in(block.states[i]).add(static_cast<std::uint64_t>(values.integers[i]), exact_);
  }
}

void DistinctPiece::merge(std::byte* into, const std::byte* from) const {
  const auto* other = owned_at<const Values>(of<std::uint64_t>(from));
  if (other != nullptr) values_in(into).merge(*other, exact_);
}

void DistinctPiece::release(std::byte* state) const noexcept {
  auto& address = of<std::uint64_t>(state);
  delete owned_at<Values>(address);
  address = 0;
}

std::size_t DistinctPiece::owned_bytes(const std::byte* state) const noexcept {
  const auto* values = owned_at<const Values>(of<std::uint64_t>(state));
  return values == nullptr ? 0 : values->bytes();
}

void DistinctPiece::write(const std::byte* state, ByteWriter& out) const {
  const auto* values = owned_at<const Values>(of<std::uint64_t>(state));
  if (values == nullptr) return Values().write(out);
  values->write(out);
}

void DistinctPiece::read(std::byte* state, ByteReader& in) const {
  values_in(state).read(in, exact_);
}

std::unique_ptr<Answer> DistinctPiece::count() const {
  return answer_of([this](const std::byte* state, const TimeRange&) {
    const auto* values = owned_at<const Values>(of<std::uint64_t>(state));
    return std::optional<std::uint64_t>(
        values == nullptr ? 0 : static_cast<std::uint64_t>(std::floor(values->count() + 0.5)));
  });
}

}  // namespace kedge
