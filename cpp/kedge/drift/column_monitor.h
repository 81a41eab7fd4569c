// What a monitor asks about one column, and the evidence so far.
//
// Each event of the column (drift/tallies) is asked about in both directions: is its chance above
// what it can be in the reference's population plus `min_effect`, or below what it must be less
// that? A few alternatives beyond that boundary are tried, from one part in a hundred to four in
// ten, each a Shiryaev-Roberts process of its own over the likelihood ratios of the batches
// (evidence/count_ratio, evidence/detector_bank): one that goes on from batch to batch knows the
// size of the change, which a mixture made anew for each batch would have to learn again. A quarter
// of the column's evidence is the mean of them all, the rest the mean of those of bets on what the
// cuts say together (drift/score_bets), where there are cuts; so it is such a process again.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/drift/score_bets.h"
#include "kedge/drift/tallies.h"
#include "kedge/evidence/count_ratio.h"
#include "kedge/evidence/detector_bank.h"

namespace kedge {

// An event, a direction, an alternative.
struct Question {
  std::uint32_t event;
  bool rises;        // whether the event became more frequent
  double boundary;   // of the chance of the event, or, where it falls, of its opposite
  CountRatio ratio;  // of such an alternative to the boundary
};

class ColumnMonitor {
 public:
  // What is known of the reference is wrong with probability `alpha` at most. Rows come in groups
  // of up to `group` that may depend on each other in any way; 1 says that they do not.
  ColumnMonitor(const ColumnProfile& reference, double min_effect, double alpha,
                std::uint32_t group);

  const ColumnTallies& tallies() const noexcept { return tallies_; }
  std::span<const std::uint64_t> reference_tallies() const noexcept { return reference_; }
  std::span<const Question> questions() const noexcept { return questions_; }

  // The batch is what was counted between the two. O(questions), no allocation.
  void update(std::span<const std::uint64_t> before, std::span<const std::uint64_t> after,
              double inflow, double look) noexcept;

  // The logarithm of the column's evidence; minus infinity without any.
  double log_evidence() const noexcept;
  // What a question's evidence has of the column's, as a logarithm.
  double log_share(std::size_t question) const noexcept;

  // The event of the question with the most evidence, or one of the cuts, and when its change
  // began. There is at least one question.
  struct Strongest {
    Event event;
    double since;
  };
  Strongest strongest() const noexcept;

  void restart() noexcept;

  // docs/formats.md, "Monitor": the evidence alone; the rest follows from the reference.
  void write(ByteWriter& out) const;
  void read(ByteReader& in);

 private:
  void ask(std::uint32_t event, bool rises, double boundary, std::vector<double>& weights);

  ColumnTallies tallies_;
  std::vector<std::uint64_t> reference_;
  std::vector<Question> questions_;
  DetectorBank asked_;
  std::size_t first_cut_ = 0;  // the event of the first cut that bets are about
  ScoreBets bets_;
  DetectorBank betting_;
  double per_group_;
};

}  // namespace kedge
