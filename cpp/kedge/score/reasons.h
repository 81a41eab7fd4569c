// Reason codes: of the conditions that a row meets, those whose features move its score most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kedge/score/conditions.h"
#include "kedge/score/rows.h"

namespace kedge {

// Which way a reason has to move the score.
enum class Toward : std::uint8_t { kEither, kUp, kDown };

struct ReasonAsk {
  std::size_t top = 3;  // so many for each row and output, at most
  Toward toward = Toward::kEither;
};

struct Reason {
  static constexpr std::uint32_t kNone = 0xffffffff;
  std::uint32_t feature = kNone;
  double amount = 0;  // the feature's contribution
  Condition condition;
};

// The reasons for the scores of some rows, the largest amount first, of equal ones the first
// feature. A feature is no reason when it adds nothing, or when no value of it would send the row
// another way.
class Reasons {
 public:
  // None yet, for rows x outputs.
  Reasons(const Conditions& conditions, std::size_t rows, std::size_t outputs,
          const ReasonAsk& ask);

  // Fills in rows first .. first + rows.count - 1 from their contributions, row by row of outputs x
  // features. Different rows may be filled in from different threads.
  void find(const Conditions& conditions, const Rows& rows, std::size_t first, const double* phi);

  std::size_t top() const noexcept { return ask_.top; }
  // Of one row and output: as many as were asked for, those without a feature last.
  std::span<const Reason> of(std::size_t row, std::size_t output) const noexcept {
    return {reasons_.data() + (row * outputs_ + output) * ask_.top, ask_.top};
  }
  // The bits of a reason's categories.
  const std::uint32_t* words(const Reason& reason) const noexcept {
    return words_.data() + static_cast<std::size_t>(&reason - reasons_.data()) * most_words_;
  }
  // What all other features add to a row and output.
  double rest(std::size_t row, std::size_t output) const noexcept {
    return rest_[row * outputs_ + output];
  }

 private:
  std::size_t outputs_;
  ReasonAsk ask_;
  std::size_t most_words_;
  std::vector<Reason> reasons_;
  std::vector<std::uint32_t> words_;
  std::vector<double> rest_;
};

}  // namespace kedge
