#include "kedge/window/histogram_piece.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "kedge/arrow/numeric.h"
#include "kedge/window/list_result.h"
#include "kedge/window/ordered_image.h"

namespace kedge {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;

// The image of the least integer that is not below the bound; none when there is none.
std::optional<std::uint64_t> image_of_ceiling(double bound, bool is_unsigned) noexcept {
  const double ceiling = std::ceil(bound);
  if (is_unsigned) {
    if (ceiling >= 2 * kTwoTo63) return std::nullopt;
    return ceiling <= 0 ? 0 : static_cast<std::uint64_t>(ceiling);
  }
  if (ceiling >= kTwoTo63) return std::nullopt;
  if (ceiling <= -kTwoTo63) return 0;
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(ceiling)) ^ std::uint64_t{1} << 63;
}

}  // namespace

HistogramPiece::HistogramPiece(const std::vector<double>& bounds, const Type& source,
                               std::size_t input)
    : cells_(bounds.size() + 1), is_unsigned_(is_unsigned(source.id)), input_(input) {
  for (const double bound : bounds) {
    const auto image = is_integral(source) ? image_of_ceiling(bound, is_unsigned_)
                                           : std::optional(ordered_bits(bound + 0.0));
    if (!image) break;
    cuts_.push_back(*image);
  }
}

void HistogramPiece::init(std::byte* state) const noexcept {
  std::fill_n(&of<std::uint64_t>(state), cells_, std::uint64_t{0});
}

// How many cuts the image reaches. Which half it lies in is no branch: nobody could foresee it.
std::size_t HistogramPiece::cell_of(std::uint64_t image) const noexcept {
  const std::uint64_t* cut = cuts_.data();
  std::size_t left = cuts_.size();
  if (left == 0) return 0;
  for (; left > 1; left -= left / 2) {
    const std::size_t is_reached = cut[left / 2 - 1] <= image ? 1 : 0;
    cut += left / 2 & (0 - is_reached);
  }
  return static_cast<std::size_t>(cut - cuts_.data()) + (*cut <= image ? 1 : 0);
}

void HistogramPiece::update(const Block& block) const {
  const Values& values = block.inputs[input_];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i)) continue;
    const auto image = ordered_image(values, i, is_unsigned_);
    if (!image) continue;
    ++(&of<std::uint64_t>(block.states[i]))[cell_of(*image)];
  }
}

void HistogramPiece::merge(std::byte* into, const std::byte* from) const {
  std::uint64_t* const counts = &of<std::uint64_t>(into);
  const auto more = counts_in(from);
  for (std::size_t cell = 0; cell < cells_; ++cell) counts[cell] += more[cell];
}

std::unique_ptr<Result> HistogramPiece::counts() const {
  return list_result([this](const std::byte* state, OutputColumn& entries) {
    entries.append(counts_in(state), nullptr);
  });
}

}  // namespace kedge
