#include "kedge/score/choose_rows.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "kedge/base/bits.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

constexpr std::uint64_t kSeed = 0x6b65646765;  // any; files must not depend on more than the rows

struct Place {
  std::size_t output;
  std::uint64_t score;  // in the doubles' order; behind all of them what is none
  std::size_t row;

  friend auto operator<=>(const Place&, const Place&) = default;
};

Place place_of(std::span<const double> scores, std::size_t row) {
  Place place{0, 0, row};
  for (std::size_t k = 0; k < scores.size(); ++k) {
    const std::uint64_t score =
        std::isnan(scores[k]) ? ~std::uint64_t{0} : ordered_bits(scores[k] + 0.0);
    if (k == 0 || score > place.score) place = {k, score, row};
  }
  return place;
}

}  // namespace

std::vector<std::size_t> choose_rows(std::span<const double> scores, std::size_t outputs,
                                     std::size_t count) {
  const std::size_t rows = scores.size() / outputs;
  std::vector<std::size_t> chosen(std::min(rows, count));
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  if (rows <= count) return chosen;
  std::vector<Place> places;
  places.reserve(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    places.push_back(place_of(scores.subspan(i * outputs, outputs), i));
  }
  std::ranges::sort(places);
  Random random(kSeed);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t first = i * rows / count;
    const std::size_t length = (i + 1) * rows / count - first;
    const auto drawn = static_cast<std::size_t>(random.uniform() * static_cast<double>(length));
    chosen[i] = places[first + drawn].row;
  }
  std::ranges::sort(chosen);
  return chosen;
}

}  // namespace kedge
