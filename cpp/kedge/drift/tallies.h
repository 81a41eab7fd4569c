// A column's counts reduced to the few sums that a monitor asks about, and what is known of them:
// events such as "the value is at or below this cut", "it is this name", "there is none".
//
// Numbers have up to 32 cuts at the reference's quantiles; text has them for lengths and for
// hashes; categories have the 31 most frequent names. Immutable, so any number of threads may read
// it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/drift/sampling.h"
#include "kedge/sketch/column_profile.h"

namespace kedge {

inline constexpr std::uint32_t kMostCuts = 32;

// Of the error of the cuts of one order, what each of the ways has in which they are known: the
// band around the distribution function, cuts behind a value that comes often, the means of scores
// (drift/score_bets), and ranks that are near each other.
inline constexpr double kErrorOfBand = 0.5;
inline constexpr double kErrorOfPoints = 0.125;
inline constexpr double kErrorOfScores = 0.25;
inline constexpr double kErrorBetween = 0.125;

enum class EventKind : std::uint8_t {
  kValueCut,    // a number at or below a cut
  kLengthCut,   // a text no longer than a cut
  kHashCut,     // a text whose hash is at or below a cut
  kName,        // one of the listed names
  kOtherNames,  // a listed name that has no event of its own
  kNewName,     // a name that is not listed
  kBelowRange,  // a number below the reference's range
  kAboveRange,  // a number above it
  kMissing,     // null or NaN
};

// Something that a row does or does not do.
struct Event {
  EventKind kind;
  std::uint32_t slot;  // of the cut's last cell, or of the name
  std::uint32_t hits;  // which tally counts it
  std::uint32_t rows;  // which tally counts the rows that could
  Known reference;     // its chance in the population that the reference was drawn from
};

class ColumnTallies {
 public:
  // What is known of the reference's population is wrong with probability `alpha` at most, for all
  // events together. Where the reference has no rows there are no events.
  ColumnTallies(const ColumnProfile& reference, double alpha);

  std::span<const Event> events() const noexcept { return events_; }
  std::size_t size() const noexcept { return size_; }
  // With which what is known of the cuts of one order is wrong at most.
  double cut_error() const noexcept { return cut_error_; }

  // The sums of a profile over the same cells, `size()` of them. O(cells), no allocation.
  void read(const ColumnProfile& current, std::span<std::uint64_t> tallies) const;

 private:
  struct Cuts {
    std::vector<std::uint32_t> slots;
    std::uint32_t first_tally = 0;
  };

  std::uint32_t add_tally() noexcept { return size_++; }
  void add_event(EventKind kind, std::uint32_t slot, std::uint32_t rows, const Known& reference);
  void add_cuts(const Histogram& reference, EventKind kind, Cuts& cuts);
  void add_numbers(const Histogram& reference, double alpha);
  void add_names(const Categories& reference, double alpha);

  std::vector<Event> events_;
  Cuts cuts_;                         // of values, or of lengths
  Cuts hash_cuts_;                    // of text
  std::vector<std::uint32_t> names_;  // slots, each with a tally
  std::uint32_t size_ = 0;
  double cut_error_ = 0;
};

}  // namespace kedge
