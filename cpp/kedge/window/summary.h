// Count, sum, mean, variance and extremes of numbers that are read as doubles.
#pragma once

#include <memory>

#include "kedge/kernels/summarize.h"
#include "kedge/window/piece.h"

namespace kedge {

class SummaryPiece final : public Piece {
 public:
  SummaryPiece(SummaryParts parts, std::size_t input);

  std::size_t bytes() const noexcept override { return 8 * summary_words(parts_); }
  std::size_t plain_words() const noexcept override { return 1; }
  void init(std::byte* state) const noexcept override;
  void update(const Block& block) const override;
  void merge(std::byte* into, const std::byte* from) const override;
  void merge_each(std::byte* into, const std::byte* from, std::ptrdiff_t stride,
                  std::size_t length) const override;
  void prepend_each(std::byte* into, const std::byte* before, std::ptrdiff_t stride,
                    std::size_t length) const override;
  std::optional<ColumnPiece> by_columns() const noexcept override;

  // Null without any value; the answers point to the piece.
  std::unique_ptr<Answer> sum() const;
  std::unique_ptr<Answer> mean() const;
  // Null unless there are more than `ddof` values.
  std::unique_ptr<Answer> variance(double ddof) const;
  std::unique_ptr<Answer> stddev(double ddof) const;
  // NaN when there is nothing but NaN.
  std::unique_ptr<Answer> least() const;
  std::unique_ptr<Answer> greatest() const;
  std::optional<double> sum_in(const std::byte* state) const noexcept;

 private:
  // Its own among the columns of whole states.
  WordColumns own(const WordColumns& columns) const noexcept {
    return columns.from_word(offset() / sizeof(double));
  }

  SummaryParts parts_;
  std::size_t input_;
  const SummarizeVariant& variant_;
  const SummaryColumnsVariant& by_word_;
};

}  // namespace kedge
