// Power cuts: whatever of a refresh is on the disk, the next start believes what was verified, goes
// on, and has what a refresh that went through has told of.
#include "kedge/trust/trust_client.h"

#include "base/lossy_storage.h"
#include "check.h"
#include "kedge/base/error.h"
#include "kedge/trust/update_package.h"
#include "trust/update_files.h"

namespace kedge::trust {
namespace {

using test::kUpdateTime;
using test::LossyStorage;

class Board {
 public:
  // The calls of the disk that a refresh takes behind the first state.
  std::uint64_t calls_of_second() {
    LossyStorage storage(1);
    refresh(storage, first_);
    const std::uint64_t before = storage.calls();
    refresh(storage, second_);
    return storage.calls() - before;
  }

  // Dies at that call; true when the refresh went through before.
  bool cut_at(LossyStorage& storage, std::uint64_t call, bool power_cut, bool in_order) {
    refresh(storage, first_);
    storage.die_after(call);
    bool is_through = false;
    try {
      refresh(storage, second_);
      is_through = true;
    } catch (const test::Died&) {
    }
    storage.restart(power_cut, in_order);
    return is_through;
  }

  void check_after(LossyStorage& storage, bool is_through) {
    TrustClient client(storage, shipped_);
    CHECK(!is_through || client.root_version() == 2);
    CHECK(client.floor() >= kUpdateTime);
    CHECK(!is_through || client.floor() == kUpdateTime + 86400);
    if (is_through) {
      CHECK_ERROR("timestamp: version 1 is below 2, which is trusted",
                  client.refresh(first_, {kUpdateTime, 0}));
    }
    client.refresh(second_, {kUpdateTime, 0});
    CHECK(client.root_version() == 2 && client.targets().size() == 1);
    CHECK(client.targets()[0].custom.find("\"version\":8") != std::string::npos);
  }

 private:
  void refresh(LossyStorage& storage, UpdatePackage& from) {
    TrustClient(storage, shipped_).refresh(from, {kUpdateTime, 0});
  }

  std::vector<std::byte> shipped_ = test::update_bytes("shipped.root");
  UpdatePackage first_{test::update_path("first.update")};
  UpdatePackage second_{test::update_path("second.update")};
};

}  // namespace

TEST("a power cut or a kill at any call of a refresh leaves a board that goes on") {
  const std::uint64_t step = test::stride() > 1 ? 7 : 1;  // of all kinds of cuts, some
  Board board;
  const std::uint64_t calls = board.calls_of_second();
  CHECK(calls > 30);
  for (std::uint64_t call = 0; call <= calls; ++call) {
    for (std::uint64_t seed = 0; seed < 24; seed += step) {
      LossyStorage storage(seed);
      const bool is_through = board.cut_at(storage, call, seed % 8 != 0, seed % 2 == 0);
      CHECK(is_through == (call == calls));
      board.check_after(storage, is_through);
    }
  }
}

TEST("a target asked for before a refresh is refused by name") {
  LossyStorage storage(1);
  TrustClient client(storage, test::update_bytes("shipped.root"));
  UpdatePackage from(test::update_path("first.update"));
  CHECK_ERROR("no refresh has gone through", client.find_target(from, "x", {}));
  CHECK(client.targets().empty());
}

}  // namespace kedge::trust
