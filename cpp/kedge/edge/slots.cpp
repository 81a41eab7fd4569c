#include "kedge/edge/slots.h"

#include <algorithm>
#include <utility>

#include "kedge/base/error.h"
#include "kedge/edge/edge_model.h"

namespace kedge::edge {
namespace {

constexpr const char* kSlotNames[] = {"a.slot", "b.slot"};
constexpr const char* kStateNames[] = {"a.state", "b.state"};
constexpr std::size_t kPiece = 64 << 10;

}  // namespace

Slots::Slots(Storage& storage, std::uint64_t slot_bytes, std::string folder)
    : storage_(storage), slot_bytes_(slot_bytes), folder_(std::move(folder)) {
  make_files();
  find_state();
}

// Only ever longer: what a slot has stays as it is.
void Slots::make_files() {
  const std::vector<std::string> names = storage_.names();
  const auto make = [&](const std::string& name, std::uint64_t size) {
    std::uint64_t has = 0;
    if (std::ranges::count(names, name) != 0) has = storage_.map(name).bytes.size();
    const std::vector<std::byte> zeros(std::min<std::uint64_t>(kPiece, size - std::min(has, size)));
    while (has < size) {
      const auto piece =
          static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), size - has));
      storage_.write(name, has, std::span(zeros).first(piece));
      has += piece;
    }
    storage_.sync(name);
  };
  for (const char* const name : kSlotNames) make(name, slot_bytes_);
  for (const char* const name : kStateNames) make(name, SlotState::kBytes);
  storage_.sync_folder();
}

void Slots::find_state() {
  bool is_found = false;
  for (std::size_t i = 0; i < 2; ++i) {
    auto found = SlotState::from_bytes(storage_.read(kStateNames[i]));
    if (!found || (is_found && found->sequence <= state_.sequence)) continue;
    state_ = std::move(*found);
    current_ = i;
    is_found = true;
  }
  last_sequence_ = state_.sequence;
}

// Over the file that does not have the state, whatever became of it: while the new record is torn
// there is the old one.
void Slots::record(SlotState state) {
  const std::size_t other = 1 - current_;
  state.sequence = ++last_sequence_;
  storage_.write(kStateNames[other], 0, state.to_bytes());
  storage_.sync(kStateNames[other]);
  state_ = std::move(state);
  current_ = other;
}

bool Slots::take_trial() {
  if (!is_trying() || state_.trials == 0) return false;
  SlotState next = state_;
  --next.trials;
  record(std::move(next));
  return true;
}

void Slots::give_trial_back() {
  if (!is_trying() || state_.trials >= kTrials) return;
  SlotState next = state_;
  ++next.trials;
  record(std::move(next));
}

void Slots::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (is_trying())
    throw invalid_argument("slots: a candidate is in the slot that is to be written");
  if (offset > slot_bytes_ || bytes.size() > slot_bytes_ - offset) {
    throw resource_exhausted("update.slot_bytes = ", slot_bytes_, " is below ",
                             offset + bytes.size(), ", what a model has at least");
  }
  storage_.write(kSlotNames[idle_slot()], offset, bytes);
}

void Slots::seal(const SlotImage& image) {
  storage_.sync(kSlotNames[idle_slot()]);
  open(idle_slot(), image);
}

Sha256Sum Slots::digest_in(const char* name, const MappedFile& file) const {
  if (folder_.empty()) return digest_of(file);
  return digest_of(OpenFile(text(folder_, '/', name)), file.bytes.size());
}

MappedFile Slots::open(std::uint8_t slot, const SlotImage& image) {
  MappedFile file = storage_.map(kSlotNames[slot]);
  if (image.bytes > file.bytes.size()) {
    throw corrupt_data("slot ", kSlotNames[slot], ": ", file.bytes.size(), " bytes, of ",
                       image.bytes);
  }
  file.bytes = file.bytes.first(image.bytes);
  if (digest_in(kSlotNames[slot], file) != image.digest) {
    throw corrupt_data("slot ", kSlotNames[slot], ": not the digest of version ", image.version);
  }
  return file;
}

MappedFile Slots::active() { return open(state_.active, state_.running); }
MappedFile Slots::candidate() { return open(state_.candidate, state_.trying); }

void Slots::arm(const SlotImage& image, const GateBounds& bounds) {
  SlotState next = state_;
  next.candidate = idle_slot();
  next.trying = image;
  next.bounds = bounds;
  next.trials = kTrials - 1;
  record(std::move(next));
}

void Slots::commit() {
  SlotState next = state_;
  next.active = next.candidate;
  next.running = next.trying;
  next.candidate = SlotState::kNone;
  next.trying = {};
  next.reason.clear();
  next.floor = std::max(next.floor, next.running.version);
  ++next.commits;
  record(std::move(next));
}

void Slots::refuse(bool was_tried, std::string_view reason) {
  SlotState next = state_;
  next.was_tried = was_tried;
  next.refuse(next.trying);
  next.candidate = SlotState::kNone;
  next.trying = {};
  next.reason = reason.substr(0, SlotState::kMostReason);
  record(std::move(next));
}

void Slots::lose_active() {
  SlotState next = state_;
  next.active = SlotState::kNone;
  record(std::move(next));
}

}  // namespace kedge::edge
