#include "edge/update_board.h"

#include <algorithm>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"

namespace kedge::test {
namespace {

constexpr std::size_t kImageBytes = 48;
constexpr std::size_t kPiece = 24;

}  // namespace

std::vector<std::byte> image_bytes(std::uint64_t version) {
  return std::vector<std::byte>(kImageBytes, static_cast<std::byte>(version));
}

edge::SlotImage image_of(std::uint64_t version) {
  const std::vector<std::byte> bytes = image_bytes(version);
  Sha256 hash;
  hash.add(bytes);
  return {version, bytes.size(), hash.finish()};
}

edge::Offer offer_of(std::uint64_t version) {
  edge::Offer offer;
  offer.path = text("model-", version);
  offer.image = image_of(version);
  return offer;
}

void PlainOffers::download(const edge::Offer& offer, const Sink& sink) {
  const std::vector<std::byte> bytes = image_bytes(offer.image.version);
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    sink(std::span(bytes).subspan(at, std::min(kPiece, bytes.size() - at)));
  }
}

void Witness::take(const edge::StateReport& report) {
  if (report.state == "reverted") ++reverts;
  if (report.running.version < told) ++false_reports;  // of before
  if (report.running.version < ran) ++regressions;
  if (report.state != "running") return;
  if (!report.reason.empty()) ++bricks;
  told = std::max(told, report.running.version);
}

MakeSource plain_offer(std::uint64_t version) {
  return
      [version](Storage&) { return std::make_unique<PlainOffers>(std::vector{offer_of(version)}); };
}

std::uint64_t run_board(Storage& storage, const MakeSource& make, Witness& witness) {
  edge::Slots slots(storage, kSlotBytes);
  edge::Update update(slots, "m", image_of(1),
                      [&](const edge::StateReport& report) { witness.take(report); });
  const auto runs = [&] {
    const edge::SlotState& state = slots.state();
    const bool is_own = state.active == edge::SlotState::kNone;
    const std::uint64_t version = is_own ? 1 : state.running.version;
    if (!is_own) update.running();
    if (version < witness.ran) ++witness.regressions;
    witness.ran = std::max(witness.ran, version);
    return version;
  };
  runs();
  bool is_trying = update.start();
  const std::unique_ptr<edge::OfferSource> source = make(storage);
  while (is_trying || update.look(*source)) {
    is_trying = false;
    if (!update.candidate()) continue;
    update.commit();
    runs();
  }
  return runs();
}

}  // namespace kedge::test
