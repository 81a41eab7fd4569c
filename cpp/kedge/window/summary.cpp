#include "kedge/window/summary.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "kedge/base/twofold.h"

namespace kedge {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Views of the words that kernels/summarize.h lays out.
struct View {
  const std::byte* at;
  SummaryParts parts;

  std::uint64_t count() const noexcept { return *reinterpret_cast<const std::uint64_t*>(at); }
  double word(std::size_t i) const noexcept { return reinterpret_cast<const double*>(at)[i]; }
  Twofold sum() const noexcept { return {word(1), word(rest_word(parts))}; }
};

void put(double* words, std::size_t sum, std::size_t rest, Twofold first, Twofold then) noexcept {
  const Twofold both = exact_sum(first.high, then.high);
  words[sum] = both.high;
  words[rest] = first.low + (both.low + then.low);
}

// What `first` and then `then` had, to where either of them lies.
template <SummaryParts kParts>
void join(std::byte* to, const std::byte* first, const std::byte* then) noexcept {
  constexpr std::size_t kRests = rest_word(kParts);
  auto* const words = reinterpret_cast<double*>(to);
  const auto* const a = reinterpret_cast<const double*>(first);
  const auto* const b = reinterpret_cast<const double*>(then);
  *reinterpret_cast<std::uint64_t*>(to) = *reinterpret_cast<const std::uint64_t*>(first) +
                                          *reinterpret_cast<const std::uint64_t*>(then);
  if constexpr (has_sum(kParts)) put(words, 1, kRests, {a[1], a[kRests]}, {b[1], b[kRests]});
  if constexpr (has_squares(kParts)) put(words, 2, 4, {a[2], a[4]}, {b[2], b[4]});
  if constexpr (has_extremes(kParts)) {
    for (std::size_t i = extremes_word(kParts); i < summary_words(kParts); ++i) {
      words[i] = b[i] > a[i] ? b[i] : a[i];
    }
  }
}

// Calls `use` with the parts as a constant.
template <class Use>
void with_parts(SummaryParts parts, const Use& use) noexcept {
  switch (parts) {
    case SummaryParts::kSum:
      return use(std::integral_constant<SummaryParts, SummaryParts::kSum>());
    case SummaryParts::kMoments:
      return use(std::integral_constant<SummaryParts, SummaryParts::kMoments>());
    case SummaryParts::kExtremes:
      return use(std::integral_constant<SummaryParts, SummaryParts::kExtremes>());
    case SummaryParts::kSumExtremes:
      return use(std::integral_constant<SummaryParts, SummaryParts::kSumExtremes>());
    case SummaryParts::kMomentsExtremes:
      return use(std::integral_constant<SummaryParts, SummaryParts::kMomentsExtremes>());
  }
}

}  // namespace

SummaryPiece::SummaryPiece(SummaryParts parts, std::size_t input)
    : parts_(parts),
      input_(input),
      variant_(select_variant(summarize_variants(), active_isa())),
      by_word_(select_variant(summary_columns_variants(), active_isa())) {}

void SummaryPiece::init(std::byte* state) const noexcept {
  auto* words = &of<double>(state);
  std::fill_n(words, summary_words(parts_), 0.0);  // a count of zero has the same bits
  if (has_extremes(parts_)) std::fill_n(words + extremes_word(parts_), 2, -kInfinity);
}

void SummaryPiece::update(const Block& block) const {
  const Values& values = block.inputs[input_];
  const SummarizeKernel add = variant_.of[static_cast<std::size_t>(parts_)];
  add({block.states, offset(), values.doubles, values.keep, block.sink, block.length});
}

void SummaryPiece::merge(std::byte* into, const std::byte* from) const {
  merge_each(into, from, 0, 1);
}

void SummaryPiece::merge_each(std::byte* into, const std::byte* from, std::ptrdiff_t stride,
                              std::size_t length) const {
  into += offset();
  from += offset();
  with_parts(parts_, [=](auto parts) {
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(length); ++i) {
      join<parts()>(into + i * stride, into + i * stride, from + i * stride);
    }
  });
}

void SummaryPiece::prepend_each(std::byte* into, const std::byte* before, std::ptrdiff_t stride,
                                std::size_t length) const {
  into += offset();
  before += offset();
  with_parts(parts_, [=](auto parts) {
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(length); ++i) {
      join<parts()>(into + i * stride, before + i * stride, into + i * stride);
    }
  });
}

std::optional<double> SummaryPiece::sum_in(const std::byte* state) const noexcept {
  const View view{state + offset(), parts_};
  if (view.count() == 0) return std::nullopt;
  return view.sum().value();
}

std::optional<ColumnPiece> SummaryPiece::by_columns() const noexcept {
  return ColumnPiece{offset() / sizeof(double), summary_words(parts_), input_,
                     &by_word_.of[static_cast<std::size_t>(parts_)]};
}

std::unique_ptr<Answer> SummaryPiece::sum() const {
  return column_answer([this](const WordColumns& columns, std::size_t length, std::uint64_t* values,
                              std::uint8_t* valid) {
    by_word_.answers.sum(own(columns), rest_word(parts_), length, values, valid);
  });
}

std::unique_ptr<Answer> SummaryPiece::mean() const {
  return column_answer([this](const WordColumns& columns, std::size_t length, std::uint64_t* values,
                              std::uint8_t* valid) {
    by_word_.answers.mean(own(columns), rest_word(parts_), length, values, valid);
  });
}

std::unique_ptr<Answer> SummaryPiece::variance(double ddof) const {
  return column_answer([this, ddof](const WordColumns& columns, std::size_t length,
                                    std::uint64_t* values, std::uint8_t* valid) {
    by_word_.answers.variance(own(columns), ddof, length, values, valid);
  });
}

std::unique_ptr<Answer> SummaryPiece::stddev(double ddof) const {
  return column_answer([this, ddof](const WordColumns& columns, std::size_t length,
                                    std::uint64_t* values, std::uint8_t* valid) {
    by_word_.answers.stddev(own(columns), ddof, length, values, valid);
  });
}

std::unique_ptr<Answer> SummaryPiece::least() const {
  return column_answer([this](const WordColumns& columns, std::size_t length, std::uint64_t* values,
                              std::uint8_t* valid) {
    by_word_.answers.least(own(columns), extremes_word(parts_), length, values, valid);
  });
}

std::unique_ptr<Answer> SummaryPiece::greatest() const {
  return column_answer([this](const WordColumns& columns, std::size_t length, std::uint64_t* values,
                              std::uint8_t* valid) {
    by_word_.answers.greatest(own(columns), extremes_word(parts_), length, values, valid);
  });
}

}  // namespace kedge
