// Two slots for models, and two records in turn that say which of them runs: whatever call of the
// disk is the last one before the power goes, there is a model that runs, and it is not older than
// one that was told of.
//
// The order that makes it so: a model is written into the slot that nobody uses and flushed, then
// the record that it is to be tried, then the one that it runs; each is flushed before anybody acts
// on it, and goes over the older of the two. File names and sizes do not change once they are made.
//
// One thread. Every call may throw what the storage does; then the state is what it was, and what
// is on the disk is that or what was to be.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "kedge/base/storage.h"
#include "kedge/edge/slot_state.h"

namespace kedge::edge {

class Slots {
 public:
  static constexpr std::uint32_t kTrials = 3;

  // Makes what is missing, with room for `slot_bytes` a slot, and flushes what it finds: an earlier
  // run may have written it, and died before it did. With a `folder`, that of the storage, what a
  // slot has is read before it is mapped: a block that has gone bad is an error to who reads, and
  // ends whoever looks at a map.
  Slots(Storage& storage, std::uint64_t slot_bytes, std::string folder = {});

  const SlotState& state() const noexcept { return state_; }
  bool is_trying() const noexcept { return state_.candidate != SlotState::kNone; }
  std::uint64_t slot_bytes() const noexcept { return slot_bytes_; }

  // A start counts against the candidate before it is used. False when it has none left, or there
  // is no candidate.
  bool take_trial();
  // A start that ended in order does not count.
  void give_trial_back();

  // Into the slot that nobody uses. Throws ResourceExhausted beyond its end.
  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  // What was written is on the disk, and is this image. Throws CorruptData when it is not.
  void seal(const SlotImage& image);
  // It is a candidate from here on, and this start the first of its trials.
  void arm(const SlotImage& image, const GateBounds& bounds);

  // Their files. Throw CorruptData when one has another digest, InvalidArgument when it cannot be
  // read.
  MappedFile active();
  MappedFile candidate();

  // The candidate runs from here on.
  void commit();
  // There is no candidate any more, and it is not to be tried again; `was_tried` on live rows.
  void refuse(bool was_tried, std::string_view reason);
  // The active slot has not what it had: the board's own model is all there is.
  void lose_active();

 private:
  void make_files();
  void find_state();
  std::uint8_t idle_slot() const noexcept { return state_.active == 0 ? 1 : 0; }
  MappedFile open(std::uint8_t slot, const SlotImage& image);
  Sha256Sum digest_in(const char* name, const MappedFile& file) const;
  void record(SlotState state);

  Storage& storage_;
  std::uint64_t slot_bytes_;
  std::string folder_;
  SlotState state_;
  std::size_t current_ = 1;          // the file that has the state
  std::uint64_t last_sequence_ = 0;  // that was ever written, also in vain
};

}  // namespace kedge::edge
