#include "kedge/edge/update.h"

#include <algorithm>
#include <utility>

#include "kedge/base/error.h"

namespace kedge::edge {

Update::Update(Slots& slots, std::string model, const SlotImage& own, Say say)
    : slots_(slots), model_(std::move(model)), own_(own), say_(std::move(say)) {}

const SlotImage& Update::image() const noexcept {
  return slots_.state().active == SlotState::kNone ? own_ : slots_.state().running;
}

void Update::say(std::string_view state, std::string_view reason, const SlotImage& candidate) {
  say_(
      {model_, image(), slots_.state().active, std::string(state), std::string(reason), candidate});
}

// A report of before may have been lost with the power, so the last refusal is told again; last, as
// the newest report is the one that others have of the board.
bool Update::start() {
  const SlotState& state = slots_.state();
  if (!slots_.is_trying()) {
    say("running");
    if (!state.reason.empty()) {
      say(state.was_tried ? "reverted" : "refused", state.reason, state.refused[0]);
    }
    return false;
  }
  if (!slots_.take_trial()) {
    revert(text("trials: ", Slots::kTrials, " starts ended before there was a verdict"));
    return false;
  }
  say("trying", {}, state.trying);
  return true;
}

void Update::lose_running(std::string_view reason) {
  slots_.lose_active();
  say("running", reason);
}

std::optional<MappedFile> Update::candidate() {
  if (!slots_.is_trying()) return std::nullopt;
  try {
    return slots_.candidate();
  } catch (const Error& error) {
    revert(error.what());
    return std::nullopt;
  }
}

// Empty when it may be tried.
std::string Update::flaw_of(const Offer& offer) const {
  const SlotState& state = slots_.state();
  const std::uint64_t version = offer.image.version;
  const bool is_lost = state.active == SlotState::kNone && offer.image == state.running;
  for (const std::uint64_t before : {state.floor, image().version, state.forgotten}) {
    if (version > before || is_lost) continue;
    if (std::ranges::count(offer.replaces, before) != 0) continue;
    return text("version ", version, " is not above ", before, ", and does not name it to replace");
  }
  if (offer.image.bytes == 0 || offer.image.bytes > slots_.slot_bytes()) {
    return text("a model of ", offer.image.bytes, " bytes, update.slot_bytes is ",
                slots_.slot_bytes());
  }
  try {
    offer.bounds.check();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

// Not kept on the disk, as it costs nothing to find again: a repository may offer any number of old
// versions as long as it likes.
void Update::pass_over(const SlotImage& image, std::string_view flaw) {
  if (passed_over_ == image) return;
  passed_over_ = image;
  say("refused", flaw, image);
}

// Of those that are passed over the highest is told of, once.
std::optional<Offer> Update::choose(OfferSource& source) {
  bool has_passed = false;
  for (Offer& offer : source.offers()) {
    if (slots_.state().is_refused(offer.image)) continue;
    if (offer.image.digest == image().digest) return std::nullopt;
    const std::string flaw = flaw_of(offer);
    if (flaw.empty()) return std::move(offer);
    if (!std::exchange(has_passed, true)) pass_over(offer.image, flaw);
  }
  return std::nullopt;
}

// Armed before anybody opens it, so that one that takes the process down has used up a trial.
bool Update::look(OfferSource& source) {
  if (slots_.is_trying()) return false;
  const std::optional<Offer> offer = choose(source);
  if (!offer) return false;
  std::uint64_t offset = 0;
  source.download(*offer, [&](std::span<const std::byte> bytes) {
    slots_.write(offset, bytes);
    offset += bytes.size();
  });
  slots_.seal(offer->image);
  slots_.arm(offer->image, offer->bounds);
  say("trying", {}, offer->image);
  return true;
}

void Update::commit() {
  slots_.commit();
  say("running");
}

void Update::refuse(std::string_view reason) { drop(false, reason); }
void Update::revert(std::string_view reason) { drop(true, reason); }

void Update::drop(bool was_tried, std::string_view reason) {
  const SlotImage dropped = slots_.state().trying;
  slots_.refuse(was_tried, reason);
  say(was_tried ? "reverted" : "refused", reason, dropped);
}

void Update::stop() { slots_.give_trial_back(); }

}  // namespace kedge::edge
