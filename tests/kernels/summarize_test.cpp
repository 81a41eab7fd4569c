#include "kedge/kernels/summarize.h"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

constexpr std::size_t kStates = 5;
constexpr std::size_t kWords = 8;

std::vector<double> hard_values(std::size_t length, Random& random) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double hard[] = {0.0,       -0.0,       5e-324,
                         -1e-310,   1e300,      -1e-200,
                         kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN()};
  std::vector<double> values;
  for (std::size_t i = 0; i < length; ++i) {
    const bool is_hard = random.below(8) == 0;
    values.push_back(is_hard ? hard[random.below(std::size(hard))] : 1e6 + random.uniform());
  }
  return values;
}

// The states' words after the rows; every NaN as the same one.
std::vector<std::uint64_t> words_after(SummarizeKernel kernel, SummaryParts parts,
                                       const std::vector<double>& values,
                                       const std::vector<std::uint32_t>& owners, bool some) {
  std::vector<double> words((kStates + 1) * kWords);
  for (std::size_t i = 0; has_extremes(parts) && i <= kStates; ++i) {
    words[i * kWords + extremes_word(parts)] = -HUGE_VAL;
    words[i * kWords + extremes_word(parts) + 1] = -HUGE_VAL;
  }
  auto* const bytes = reinterpret_cast<std::byte*>(words.data());
  std::vector<std::byte*> states;
  std::vector<std::uint8_t> keep;
  for (const std::uint32_t owner : owners) {
    states.push_back(bytes + owner * kWords * sizeof(double));
    keep.push_back(owner % 2);
  }
  kernel({states.data(), 0, values.data(), some ? keep.data() : nullptr,
          bytes + kStates * kWords * sizeof(double), values.size()});
  std::vector<std::uint64_t> bits;
  for (const double word : words) {
    bits.push_back(word != word ? 0x7ff8000000000000 : std::bit_cast<std::uint64_t>(word));
  }
  return bits;
}

TEST("every variant gives the scalar one's bits at every length, for every set of parts") {
  Random random(5);
  for (const SummarizeVariant& variant : summarize_variants()) {
    if (!is_runnable(variant.isa)) continue;
    for (std::size_t part = 0; part < kSummaryParts; ++part) {
      const auto parts = static_cast<SummaryParts>(part);
      for (std::size_t length = 0; length < 40; ++length) {
        const auto values = hard_values(length, random);
        std::vector<std::uint32_t> owners;
        for (std::size_t i = 0; i < length; ++i) owners.push_back(random.below(kStates));
        for (const bool some : {false, true}) {
          CHECK(words_after(variant.of[part], parts, values, owners, some) ==
                words_after(summarize_scalar().of[part], parts, values, owners, some));
        }
      }
    }
  }
}

TEST("a sum of values that cancel keeps what a double would lose") {
  const std::vector<double> values = {1e16, 1.0, -1e16, 1e-8};
  const std::vector<std::uint32_t> owners(values.size(), 0);
  const auto bits =
      words_after(summarize_scalar().of[0], SummaryParts::kSum, values, owners, false);
  CHECK(std::bit_cast<double>(bits[1]) + std::bit_cast<double>(bits[2]) == 1.0 + 1e-8);
}

}  // namespace
}  // namespace kedge
