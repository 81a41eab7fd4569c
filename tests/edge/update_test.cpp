#include "kedge/edge/update.h"

#include <algorithm>
#include <cstring>

#include "base/lossy_storage.h"
#include "check.h"
#include "edge/update_board.h"
#include "kedge/base/bytes.h"
#include "kedge/base/hash.h"

namespace kedge {
namespace {

using edge::Offer;
using edge::Slots;
using edge::SlotState;
using edge::StateReport;
using edge::Update;
using test::image_of;
using test::LossyStorage;
using test::offer_of;
using test::PlainOffers;

// A board whose reports are kept.
struct Board {
  explicit Board(Storage& storage)
      : slots(storage, test::kSlotBytes),
        update(slots, "m", image_of(1), [this](const auto& said) { reports.push_back(said); }) {}
  std::string last() const { return reports.empty() ? "" : reports.back().state; }
  std::string why() const { return reports.empty() ? "" : reports.back().reason; }
  bool look(std::vector<Offer> offers) {
    PlainOffers source(std::move(offers));
    return update.look(source);
  }

  std::vector<StateReport> reports;
  Slots slots;
  Update update;
};

TEST("update: an offer is tried, committed, and runs at the next start") {
  LossyStorage disk(1);
  {
    Board board(disk);
    CHECK(!board.update.start());
    CHECK(board.slots.state().active == SlotState::kNone);
    CHECK(board.look({offer_of(2)}));
    CHECK(board.last() == "trying");
    CHECK(board.reports.back().running == image_of(1));
    CHECK(board.reports.back().candidate == image_of(2));
    CHECK(!board.look({offer_of(3)}));  // one at a time
    board.update.commit();
    CHECK(board.last() == "running");
    CHECK(board.reports.back().running == image_of(2));
    CHECK(board.look({offer_of(3)}));
    board.update.commit();
  }
  Board board(disk);
  CHECK(!board.update.start());
  CHECK(board.last() == "running");
  CHECK(board.reports.back().running == image_of(3));
  CHECK(board.reports.back().slot == 1);
  CHECK(board.update.running().bytes[0] == std::byte{3});
  CHECK(!board.look({offer_of(3)}));
}

TEST("update: what is not above the floor is refused once, unless it names what it replaces") {
  LossyStorage disk(1);
  Board board(disk);
  CHECK(board.look({offer_of(8)}));
  board.update.commit();
  Offer old = offer_of(7);
  CHECK(!board.look({old}));
  CHECK(board.last() == "refused");
  CHECK(board.why() == "version 7 is not above 8, and does not name it to replace");
  const std::size_t said = board.reports.size();
  CHECK(!board.look({old}));
  CHECK(board.reports.size() == said);
  Offer back = offer_of(6);
  back.replaces = {8};
  CHECK(board.look({back}));
  board.update.commit();
  CHECK(board.slots.state().floor == 8);
  CHECK(board.reports.back().running == image_of(6));
  CHECK(!board.look({offer_of(5)}));
  CHECK(!board.look({offer_of(8)}));  // what was replaced does not come back
  CHECK(board.look({offer_of(9)}));
}

TEST("update: a reverted model is not tried again, and is told of at each start") {
  LossyStorage disk(1);
  {
    Board board(disk);
    CHECK(board.look({offer_of(4)}));
    board.update.revert("latency: far too slow");
    CHECK(board.last() == "reverted");
    CHECK(!board.look({offer_of(4)}));
    CHECK(board.look({offer_of(4), offer_of(3)}));  // the next best
    board.update.revert("worse");
    CHECK(!board.look({offer_of(4), offer_of(3)}));
  }
  Board board(disk);
  CHECK(!board.update.start());
  CHECK(board.reports[0].state == "running");
  CHECK(board.last() == "reverted");
  CHECK(board.why() == "worse");
  CHECK(board.reports[1].candidate == image_of(3));
  CHECK(board.reports[1].running == image_of(1));
  CHECK(board.look({offer_of(5)}));
  board.update.commit();
  Board again(disk);
  CHECK(!again.update.start());
  CHECK(again.reports.size() == 1);
}

TEST("update: any number of old versions is passed over, and the highest is told of once") {
  LossyStorage disk(1);
  Board board(disk);
  CHECK(board.look({offer_of(8)}));
  board.update.commit();
  const std::uint64_t written = board.slots.state().sequence;
  const std::size_t said = board.reports.size();
  const std::vector<Offer> recalled = {offer_of(7), offer_of(6), offer_of(5),
                                       offer_of(4), offer_of(3), offer_of(2)};
  for (int poll = 0; poll < 10; ++poll) CHECK(!board.look(recalled));
  CHECK(board.slots.state().sequence == written);
  CHECK(board.reports.size() == said + 1);
  CHECK(board.reports.back().candidate == image_of(7));
  CHECK(!board.look({offer_of(6)}));
  CHECK(board.reports.back().candidate == image_of(6));
}

TEST("update: of any number of bad models none is tried twice while they are offered") {
  LossyStorage disk(1);
  std::vector<Offer> offers;
  for (std::uint64_t version = 12; version >= 2; --version) offers.push_back(offer_of(version));
  std::vector<std::uint64_t> tried;
  for (int start = 0; start < 3; ++start) {
    Board board(disk);
    board.update.start();
    for (int poll = 0; poll < 12; ++poll) {
      if (!board.look(offers)) continue;
      tried.push_back(board.slots.state().trying.version);
      board.update.revert("worse");
    }
  }
  CHECK(tried == std::vector<std::uint64_t>{12, 11, 10, 9, 8});
  Board board(disk);
  CHECK(board.slots.state().forgotten == 9);
  Offer back = offer_of(4);
  back.replaces = {9};
  CHECK(board.look({offer_of(12), back}));
  board.update.revert("worse");
  offers.insert(offers.begin(), offer_of(13));  // a later one still is
  CHECK(board.look(offers));
  CHECK(board.slots.state().trying.version == 13);
}

TEST("update: starts that come to nothing use up the trials, orderly ones do not") {
  LossyStorage disk(1);
  {
    Board board(disk);
    CHECK(board.look({offer_of(2)}));
    board.update.stop();
  }
  for (int orderly = 0; orderly < 10; ++orderly) {
    Board board(disk);
    CHECK(board.update.start());
    board.update.stop();
  }
  for (std::uint32_t start = 0; start < Slots::kTrials; ++start) {
    Board board(disk);
    CHECK(board.update.start());
    CHECK(board.update.candidate());
  }
  Board board(disk);
  CHECK(!board.update.start());
  CHECK(board.last() == "reverted");
  CHECK(board.why() == "trials: 3 starts ended before there was a verdict");
}

TEST("update: a model that ends the program that opens it has as many starts as any other") {
  LossyStorage disk(1);
  CHECK(Board(disk).look({offer_of(2)}));  // and opens it, and is no more
  for (std::uint32_t start = 1; start < Slots::kTrials; ++start) CHECK(Board(disk).update.start());
  Board board(disk);
  CHECK(!board.update.start());
  CHECK(board.last() == "reverted");
  CHECK(board.why() == "trials: 3 starts ended before there was a verdict");
  CHECK(!board.look({offer_of(2)}));
}

TEST("update: a model that cannot run here is refused, and so is one that is too large") {
  LossyStorage disk(1);
  {
    Board board(disk);
    CHECK(board.look({offer_of(2)}));
    board.update.refuse("column \"f9\": there is none");
    CHECK(board.last() == "refused");
    CHECK(!board.look({offer_of(2)}));
  }
  Board board(disk);
  CHECK(!board.update.start());
  CHECK(board.last() == "refused");
  CHECK(board.why() == "column \"f9\": there is none");
  Offer large = offer_of(3);
  large.image.bytes = 65;
  CHECK(!board.look({large}));
  CHECK(board.why() == "a model of 65 bytes, update.slot_bytes is 64");
  Offer wrong = offer_of(4);
  wrong.bounds.rows = 1;
  CHECK(!board.look({wrong}));
  CHECK(board.why().starts_with("gate.rows = 1"));
  Offer other = offer_of(5);
  other.image.digest[0] ^= std::byte{1};
  CHECK_ERROR("not the digest", board.look({other}));
  CHECK(!board.slots.is_trying());
}

TEST("update: a slot that rotted leaves the board's own model, and may be had again") {
  LossyStorage disk(1);
  {
    Board board(disk);
    CHECK(board.look({offer_of(2)}));
    board.update.commit();
  }
  const std::byte rot{0xff};
  disk.write("a.slot", 5, std::span(&rot, 1));
  Board board(disk);
  CHECK_ERROR("slot a.slot: not the digest of version 2", board.update.running());
  board.update.lose_running("rotten");
  CHECK(board.last() == "running");
  CHECK(board.why() == "rotten");
  CHECK(board.reports.back().running == image_of(1));
  CHECK(board.look({offer_of(2)}));
  board.update.commit();
  CHECK(board.update.running().bytes.size() == 48);
}

TEST("state report: JSON of what runs, and of a candidate when there is one") {
  StateReport report;
  report.model = "m\"";
  report.state = "running";
  const std::string digest(64, '0');
  CHECK(state_json(report) == "{\"model\":\"m\\\"\",\"version\":0,\"digest\":\"" + digest +
                                  "\",\"slot\":null,\"state\":\"running\",\"reason\":\"\"}");
  report.slot = 1;
  report.candidate = {7, 1, {}};
  CHECK(state_json(report).find("\"slot\":1,") != std::string::npos);
  CHECK(state_json(report).ends_with("\"candidate_version\":7,\"candidate_digest\":\"" + digest +
                                     "\"}"));
}

TEST("slot state: bytes and back; any other byte is none") {
  SlotState state;
  state.sequence = 12;
  state.floor = 8;
  state.commits = 3;
  state.trials = 2;
  state.active = 1;
  state.candidate = 0;
  state.running = image_of(8);
  state.trying = image_of(9);
  state.bounds = {100, 60, 1, 2, 3};
  state.refused = {image_of(5), image_of(4), {}, {}};
  state.was_tried = true;
  state.reason = "disagreement: 0.2";
  state.forgotten = 3;
  const std::vector<std::byte> bytes = state.to_bytes();
  CHECK(bytes.size() == SlotState::kBytes);
  CHECK(SlotState::from_bytes(bytes) == state);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::vector<std::byte> wrong = bytes;
    wrong[i] ^= std::byte{4};
    CHECK(!SlotState::from_bytes(wrong));
  }
  CHECK(!SlotState::from_bytes(std::span(bytes).first(511)));
  std::vector<std::byte> no_text = bytes;
  *std::ranges::search(no_text, as_bytes("disagreement")).begin() = std::byte{0x80};
  const std::uint32_t sum = crc32c(std::span(no_text).first(508));
  std::memcpy(no_text.data() + 508, &sum, sizeof sum);
  CHECK(!SlotState::from_bytes(no_text));
  state.reason = std::string(119, 'x') + "\u00e4";
  CHECK(SlotState::from_bytes(state.to_bytes())->reason == std::string(119, 'x'));
}

}  // namespace
}  // namespace kedge
