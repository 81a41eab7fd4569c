// A candidate on live rows, handed between the thread that scores and the one that has the disk.
// At each stage it belongs to one of them, so neither ever waits for the other.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "kedge/edge/gate.h"
#include "kedge/edge/scoring_model.h"

namespace kedge::edge {

class Trial {
 public:
  enum class Stage : std::uint8_t {
    kIdle,      // of the disk's thread: no candidate
    kTrying,    // of the scoring thread: it scores in the shadow
    kDecided,   // of the disk's thread: there is a verdict
    kTakeOver,  // of the scoring thread: the candidate is to be live
    kRetired,   // of the disk's thread: what was live is here instead
  };

  // Of the disk's thread.
  Stage stage() const noexcept { return stage_.load(std::memory_order_acquire); }
  // kIdle: begins one. `live` is the range of the live model's scores. Throws as Gate.
  void begin(std::unique_ptr<ScoringModel> candidate, const GateBounds& bounds, ValueRange live);
  // kDecided.
  const Gate& gate() const noexcept { return *gate_; }
  const ScoringModel& next() const noexcept { return *candidate_; }  // also kTakeOver
  void let_take_over() noexcept { pass(Stage::kTakeOver); }
  // kDecided or kRetired: to kIdle, without what is here.
  void end() noexcept;

  // Of the scoring thread.
  bool is_trying() const noexcept { return stage() == Stage::kTrying; }
  // kTrying: the candidate scores what the live model did.
  void score(const Batch& rows, std::span<const double> live, std::int64_t live_nanos) noexcept;
  void look(std::int64_t now_nanos) noexcept;
  // kTakeOver: what is to be live, for what was.
  void take_over(std::unique_ptr<ScoringModel>& live) noexcept;

  // Of any thread.
  std::uint64_t rows() const noexcept { return rows_.load(std::memory_order_relaxed); }

 private:
  void pass(Stage stage) noexcept { stage_.store(stage, std::memory_order_release); }
  void pass_verdict() noexcept;

  std::atomic<Stage> stage_ = Stage::kIdle;
  std::atomic<std::uint64_t> rows_ = 0;
  std::unique_ptr<ScoringModel> candidate_;
  std::optional<Gate> gate_;
};

}  // namespace kedge::edge
