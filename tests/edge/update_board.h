// A board that is updated over a storage that may die, and what must be true of it whatever dies.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kedge/edge/update.h"

namespace kedge::test {

// A model for tests: any bytes that are its own.
std::vector<std::byte> image_bytes(std::uint64_t version);
edge::SlotImage image_of(std::uint64_t version);
edge::Offer offer_of(std::uint64_t version);

// Offers that need no keys.
class PlainOffers final : public edge::OfferSource {
 public:
  explicit PlainOffers(std::vector<edge::Offer> listed) : listed_(std::move(listed)) {}

  std::vector<edge::Offer> offers() override { return listed_; }
  void download(const edge::Offer& offer, const Sink& sink) override;

 private:
  std::vector<edge::Offer> listed_;
};

// What others know of the board, who did not lose power.
struct Witness {
  std::uint64_t told = 0;  // the newest version that the board said is running
  std::uint64_t ran = 0;   // the newest that was seen to run
  std::uint64_t bricks = 0;
  std::uint64_t regressions = 0;
  std::uint64_t false_reports = 0;
  std::uint64_t reverts = 0;

  std::uint64_t violations() const { return bricks + regressions + false_reports; }
  void take(const edge::StateReport& report);
};

constexpr std::uint64_t kSlotBytes = 64;

// Where a board's offers come from; made at each start, and may read what is trusted.
using MakeSource = std::function<std::unique_ptr<edge::OfferSource>(Storage&)>;
MakeSource plain_offer(std::uint64_t version);

// One start of the board and all that follows: recovery, trials, updates until there is nothing to
// do. Returns the version that runs at the end; throws what the storage does.
std::uint64_t run_board(Storage& storage, const MakeSource& make, Witness& witness);

}  // namespace kedge::test
