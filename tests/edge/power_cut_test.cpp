// Whatever call of the disk is the last one, and whatever the disk keeps of what was not flushed:
// a board runs a model, never an older one than before, and what it said of itself is true.
#include <cstdio>

#include "base/lossy_storage.h"
#include "check.h"
#include "edge/update_board.h"
#include "kedge/edge/signed_offers.h"
#include "trust/update_files.h"

namespace kedge {
namespace {

using test::Died;
using test::LossyStorage;
using test::MakeSource;
using test::plain_offer;
using test::run_board;
using test::Witness;

// All answers to all questions, one run after the other: answers of a run lead the next one.
class EveryChoice {
 public:
  std::uint32_t choose(std::uint32_t options) {
    if (at_ == path_.size()) path_.push_back({0, options});
    return path_[at_++].choice;
  }
  // False when there are no more.
  bool next() {
    at_ = 0;
    while (!path_.empty() && path_.back().choice + 1 == path_.back().options) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().choice;
    return true;
  }

 private:
  struct Step {
    std::uint32_t choice;
    std::uint32_t options;
  };
  std::vector<Step> path_;
  std::size_t at_ = 0;
};

// A storage with a fault of the program that uses it.
struct Fault {
  std::string unsynced;  // what is never flushed
  bool is_folder_synced = true;
  bool has_one_state = false;   // both records in one file
  bool is_start_synced = true;  // before something is written
};
class FaultyStorage final : public Storage {
 public:
  FaultyStorage(Storage& disk, const Fault& fault) : disk_(disk), fault_(fault) {}

  std::vector<std::string> names() override {
    is_starting_ = true;
    return disk_.names();
  }
  std::vector<std::byte> read(const std::string& name) override { return disk_.read(own(name)); }
  MappedFile map(const std::string& name) override { return disk_.map(own(name)); }
  void append(const std::string& name, std::span<const std::byte> bytes) override {
    disk_.append(own(name), bytes);
  }
  void write(const std::string& name, std::uint64_t offset,
             std::span<const std::byte> bytes) override {
    is_starting_ = false;
    disk_.write(own(name), offset, bytes);
  }
  void sync(const std::string& name) override {
    if (is_starting_ && !fault_.is_start_synced) return;
    if (!fault_.unsynced.empty() && name.ends_with(fault_.unsynced)) return;
    disk_.sync(own(name));
  }
  void rename(const std::string& from, const std::string& to) override { disk_.rename(from, to); }
  void remove(const std::string& name) override { disk_.remove(name); }
  void sync_folder() override {
    if (fault_.is_folder_synced) disk_.sync_folder();
  }

 private:
  std::string own(const std::string& name) const {
    return fault_.has_one_state && name == "b.state" ? "a.state" : name;
  }
  Storage& disk_;
  Fault fault_;
  bool is_starting_ = false;
};

struct Cut {
  bool is_first_power = true;  // or the process is killed
  bool is_second_power = true;
  bool in_order = false;  // how the folder loses changes
};

struct Tally {
  std::uint64_t states = 0;
  std::uint64_t violations = 0;
  std::uint64_t late = 0;  // not at the newest version after three starts
};

constexpr int kStarts = 3;
constexpr std::uint32_t kPieces = 2;  // none, half or all of a write

// A board's way from the factory over offers that come one after the other.
struct Way {
  std::vector<MakeSource> offers;
  std::uint64_t newest;
};

class PowerCuts {
 public:
  PowerCuts(const Way& way, const Fault& fault, const Cut& cut)
      : way_(way), fault_(fault), cut_(cut) {}

  // Cuts at every `every`th call, and then at every `stride`th call of the recovery; 0: not again.
  // Until there is a violation: one is enough.
  Tally run(std::uint64_t stride, std::uint64_t every) {
    for (std::uint64_t first = 0; tally_.violations == 0; first += every) {
      EveryChoice choice;
      bool is_cut = false;
      do {
        is_cut = one(choice, first, UINT64_MAX) != UINT64_MAX;
      } while (choice.next());
      if (!is_cut) return tally_;
      if (stride == 0) continue;
      for (std::uint64_t second = first % stride; again(first, second); second += stride) {
      }
    }
    return tally_;
  }

 private:
  bool again(std::uint64_t first, std::uint64_t second) {
    EveryChoice choice;
    bool is_cut = false;
    do {
      is_cut = one(choice, first, second) == 2 || is_cut;
    } while (choice.next());
    return is_cut;
  }

  // How many cuts there were; UINT64_MAX for none.
  std::uint64_t one(EveryChoice& choice, std::uint64_t first, std::uint64_t second) {
    LossyStorage disk([&](std::uint32_t options) { return choice.choose(options); }, kPieces);
    FaultyStorage storage(disk, fault_);
    Witness witness;
    disk.die_after(first);
    if (live(storage, witness)) return UINT64_MAX;
    disk.restart(cut_.is_first_power, cut_.in_order);
    std::uint64_t cuts = 1;
    if (second != UINT64_MAX) {
      disk.die_after(second);
      if (!live(storage, witness)) {
        disk.restart(cut_.is_second_power, cut_.in_order);
        ++cuts;
      }
      disk.die_after(UINT64_MAX);
    }
    ++tally_.states;
    int starts = 0;
    std::uint64_t version = 0;
    try {
      while (version < way_.newest && starts++ < kStarts) {
        version = run_board(storage, way_.offers.back(), witness);
      }
    } catch (const Error&) {
      ++witness.bricks;
    }
    tally_.violations += witness.violations();
    tally_.late += version < way_.newest;
    return cuts;
  }

  // True when the power stayed: a board that is updated to each version in turn, and restarts.
  bool live(Storage& storage, Witness& witness) {
    try {
      for (const MakeSource& offer : way_.offers) run_board(storage, offer, witness);
      return true;
    } catch (const Died&) {
      return false;
    } catch (const Error&) {
      ++witness.bricks;
      return false;
    }
  }

  const Way& way_;
  Fault fault_;
  Cut cut_;
  Tally tally_;
};

const Way kPlain{{plain_offer(2), plain_offer(3), plain_offer(4)}, 4};

Tally total(const Way& way, const Fault& fault, std::uint64_t stride, std::uint64_t every = 1) {
  Tally sum;
  for (const Cut cut : {Cut{true, true, false}, Cut{true, true, true}, Cut{false, true, false},
                        Cut{false, false, false}}) {
    const Tally part = PowerCuts(way, fault, cut).run(stride, every);
    sum.states += part.states;
    sum.violations += part.violations;
    sum.late += part.late;
  }
  return sum;
}

TEST("power cut: no state of the disk is a brick, an older version or a false report") {
  const Tally tally = total(kPlain, {}, test::stride());
  std::printf("power cut: %llu states\n", static_cast<unsigned long long>(tally.states));
  CHECK(tally.states >= 10'000 / test::stride());
  CHECK(tally.violations == 0);
  CHECK(tally.late == 0);
}

TEST("power cut: a flush that is left out is found, and so is one file for both records") {
  Fault faults[5];
  faults[0].unsynced = "a.slot";
  faults[1].unsynced = "b.slot";
  faults[2].unsynced = ".state";
  faults[3].is_folder_synced = false;
  faults[4].has_one_state = true;
  for (const Fault& fault : faults) CHECK(total(kPlain, fault, 0).violations > 0);
  Fault start;  // only a second cut shows it
  start.is_start_synced = false;
  CHECK(total(kPlain, start, 3).violations > 0);
}

// The golden packages, verified and written by a board without a clock.
MakeSource signed_offer(const std::string& package) {
  return [package](Storage& storage) {
    edge::UpdateConfig update;
    update.model = "churn";
    update.group = "line-a";
    update.root = test::update_path("shipped.root");
    update.package = test::update_path(package);
    update.has_clock = false;
    return std::make_unique<edge::SignedOffers>(storage, update, "pump-17");
  };
}

TEST("power cut: the same of whole updates with their metadata") {
  const Way way{{signed_offer("first.update"), signed_offer("second.update")}, 8};
  const Tally tally = total(way, {}, 0, test::stride());
  std::printf("power cut: %llu states with metadata\n",
              static_cast<unsigned long long>(tally.states));
  CHECK(tally.states >= 500 / test::stride());
  CHECK(tally.violations == 0);
  CHECK(tally.late == 0);
}

}  // namespace
}  // namespace kedge
