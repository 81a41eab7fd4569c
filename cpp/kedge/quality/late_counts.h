// Predictions that wait for what became true: a label joins its prediction by an id, within a
// horizon, and only then is the row counted. What never came is counted too.
//
// What counts the rows may be counts of any kind, or a calibration, which bets on them in the order
// of the labels.
//
// Memory is bounded by the number of predictions that may wait. Thread safety: one writer, or many
// readers.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>

#include "kedge/quality/calibration.h"
#include "kedge/quality/counts.h"

namespace kedge {

struct LateSpec {
  std::string id;                  // a column of names or integers
  std::uint64_t most_waiting = 0;  // the oldest prediction gives way to the next one
  std::string time;                // a column of times or integers; empty for no horizon in time
  std::int64_t horizon = 0;        // in the column's unit
};

using LateCounter = std::variant<QualityCounts, Calibration>;

inline constexpr std::size_t kMostIdBytes = 256;
inline constexpr std::uint64_t kMostWaiting = std::uint64_t{1} << 26;

class LateCounts {
 public:
  // What the counter has counted already stays. Throws InvalidArgument unless an id is named,
  // 1 <= most_waiting <= kMostWaiting and, with a time, horizon > 0; and for counts without
  // targets.
  LateCounts(LateCounter counter, LateSpec spec);

  // Takes every row of the batch, or throws and takes none. A prediction with the id of one that
  // still waits takes its place. Rows without an id or a time are not kept.
  void predict(const Batch& batch);
  // Counts every row whose prediction waits; a missing label is none, and its prediction goes on
  // waiting. All or nothing as above.
  void observe(const Batch& batch);

  const LateCounter& counter() const noexcept { return counter_; }
  // Of the counter.
  const QualityCounts& counts() const noexcept;
  std::uint64_t waiting() const noexcept { return places_.size(); }
  std::uint64_t joined() const noexcept { return joined_; }
  // Predictions that left without a label: by the horizon or by the bound on their number.
  std::uint64_t never_came() const noexcept { return never_came_; }
  std::uint64_t replaced() const noexcept { return replaced_; }
  // Labels whose prediction does not wait: unknown, gone, or joined before.
  std::uint64_t unmatched() const noexcept { return unmatched_; }
  // Rows of either kind without an id, a time or a label.
  std::uint64_t incomplete() const noexcept { return incomplete_; }

  // docs/formats.md, "Late labels". Equal for equal streams; what waits is in it. from_bytes throws
  // CorruptData.
  std::vector<std::byte> to_bytes() const;
  static LateCounts from_bytes(std::span<const std::byte> bytes);

  friend bool operator==(const LateCounts& a, const LateCounts& b) {
    return a.to_bytes() == b.to_bytes();
  }

 private:
  struct Waiting {
    std::string id;
    double prediction = 0;
    std::uint32_t predicted_class = 0;
    std::vector<double> probabilities;
    double weight = 1;
    std::uint32_t part = 0;
    std::int64_t time = 0;
  };

  bool still_waits(std::uint64_t place) const;
  void wait(Waiting row);
  bool is_old(const Waiting& row) const noexcept;
  void let_go();
  void close_gaps();
  void write_waiting(ByteWriter& out) const;
  void read_waiting(ByteReader& in);

  LateCounter counter_;
  LateSpec spec_;
  // In the order they came; the place of the first one is first_. Those that joined or were
  // replaced stay as gaps until all before them are gone, or there are too many.
  std::deque<Waiting> rows_;
  std::uint64_t first_ = 0;
  std::unordered_map<std::string, std::uint64_t> places_;  // never walked through
  std::optional<std::int64_t> now_;                        // the latest time that came
  std::uint64_t joined_ = 0;
  std::uint64_t never_came_ = 0;
  std::uint64_t replaced_ = 0;
  std::uint64_t unmatched_ = 0;
  std::uint64_t incomplete_ = 0;
};

}  // namespace kedge
