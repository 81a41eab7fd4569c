// How a board comes to run another model, as steps of one thread that is told the time: recover,
// look for an offer, write it, arm it, and take what became of its trial. It says what is true on
// the disk, and says it only once it is there.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/edge/slots.h"
#include "kedge/edge/state_report.h"

namespace kedge::edge {

// A signed model for this board.
struct Offer {
  std::string path;  // its name where it is kept
  SlotImage image;
  GateBounds bounds;
  std::vector<std::uint64_t> replaces;  // higher versions that it may take the place of
};

class OfferSource {
 public:
  using Sink = std::function<void(std::span<const std::byte>)>;

  OfferSource() = default;
  OfferSource(const OfferSource&) = delete;
  OfferSource& operator=(const OfferSource&) = delete;
  virtual ~OfferSource() = default;

  // What there is for this board, the highest version first. Throws Error when nothing can be
  // trusted, or had.
  virtual std::vector<Offer> offers() = 0;
  // Throws Error; the sink may then have had anything.
  virtual void download(const Offer& offer, const Sink& sink) = 0;
};

class Update {
 public:
  using Say = std::function<void(const StateReport&)>;

  // `own` is the board's own model, which runs until one is committed.
  Update(Slots& slots, std::string model, const SlotImage& own, Say say);

  // The start, once: says what runs; true when there is a candidate to try.
  bool start();
  // The file in the active slot, when there is one. Throws CorruptData when it is damaged.
  MappedFile running() { return slots_.active(); }
  // It cannot be had: the board's own model runs.
  void lose_running(std::string_view reason);
  // Of a candidate. One that is damaged is refused, and none.
  std::optional<MappedFile> candidate();

  // True when a candidate was armed, and this start counted as a trial of it. Throws what the
  // source or the disk does; nothing is lost then.
  bool look(OfferSource& source);

  // The candidate cannot run here.
  void refuse(std::string_view reason);
  // What its trial came to.
  void commit();
  void revert(std::string_view reason);
  // What was offered could not be trusted: nothing changes.
  void distrust(std::string_view reason) { say("refused", reason); }
  // The process ends in order.
  void stop();

 private:
  const SlotImage& image() const noexcept;
  void say(std::string_view state, std::string_view reason = {}, const SlotImage& candidate = {});
  std::optional<Offer> choose(OfferSource& source);
  std::string flaw_of(const Offer& offer) const;
  void pass_over(const SlotImage& image, std::string_view flaw);
  void drop(bool was_tried, std::string_view reason);

  Slots& slots_;
  std::string model_;
  SlotImage own_;
  Say say_;
  SlotImage passed_over_;  // the last one that was told of
};

}  // namespace kedge::edge
