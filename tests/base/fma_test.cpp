#include <bit>
#include <cmath>
#include <limits>

#include "check.h"
#include "kedge/base/math.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

constexpr float kTiny = std::numeric_limits<float>::denorm_min();
constexpr float kSmallest = std::numeric_limits<float>::min();
constexpr float kMost = std::numeric_limits<float>::max();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

bool is(float found, float wanted) {
  if (std::isnan(wanted)) return std::isnan(found);
  return std::bit_cast<std::uint32_t>(found) == std::bit_cast<std::uint32_t>(wanted);
}

// Numbers of any exponent near `center`: products and sums that nearly cancel, or nearly vanish.
float draw(Random& random, int center) {
  const auto mantissa = static_cast<float>(random.below(1 << 24)) - 0x1p23F;
  const float cut = random.below(3) == 0 ? std::round(mantissa * 0x1p-12F) * 0x1p12F : mantissa;
  return std::ldexp(cut, center - 23 + static_cast<int>(random.below(30)) - 15);
}

}  // namespace

TEST("a fused multiply-add is rounded once") {
  // 1 + 2^-12 squared is 1 + 2^-11 + 2^-24: between two floats, and z says on which side.
  CHECK(is(fma_of(1 + 0x1p-12F, 1 + 0x1p-12F, 0), 1 + 0x1p-11F));
  CHECK(is(fma_of(1 + 0x1p-12F, 1 + 0x1p-12F, 0x1p-80F), 1 + 0x1p-11F + 0x1p-23F));
  CHECK(is(fma_of(1 + 0x1p-12F, 1 + 0x1p-12F, -0x1p-80F), 1 + 0x1p-11F));
  CHECK(is(fma_of(-1 - 0x1p-12F, 1 + 0x1p-12F, -0x1p-80F), -1 - 0x1p-11F - 0x1p-23F));
  CHECK(is(fma_of(1 + 0x1p-12F, 1 + 0x1p-12F, -1 - 0x1p-11F), 0x1p-24F));
  CHECK(is(fma_of(1 + 0x1p-23F, 1 - 0x1p-23F, -1), -0x1p-46F));
}

TEST("a fused multiply-add rounds to denormals and overflows as floats do") {
  CHECK(is(fma_of(kTiny, 0.5F, 0), 0.0F));
  CHECK(is(fma_of(kTiny, 0.5F, kTiny), 2 * kTiny));
  CHECK(is(fma_of(kTiny, 0.5F, 2 * kTiny), 2 * kTiny));
  CHECK(is(fma_of(kTiny, 0.5F + 0x1p-24F, 2 * kTiny), 3 * kTiny));
  CHECK(is(fma_of(-kTiny, 0.5F, kSmallest), kSmallest));
  CHECK(is(fma_of(kTiny, -0.5F, 0), -0.0F));
  CHECK(is(fma_of(kMost, 2, -kMost), kMost));
  CHECK(is(fma_of(0x1p103F, 1, kMost), kInfinity));
  CHECK(is(fma_of(0x1p103F, 1 - 0x1p-24F, kMost), kMost));
  CHECK(is(fma_of(kMost, kMost, -kInfinity), -kInfinity));
  CHECK(is(fma_of(kInfinity, 0, 1), std::nanf("")));
  CHECK(is(fma_of(1, 0, -0.0F), 0.0F) && is(fma_of(-1, 0, -0.0F), -0.0F));
}

TEST("a fused multiply-add is the C library's") {
  Random random(8);
  int off = 0;
  for (int i = 0; i < 60000; ++i) {
    constexpr int kCenters[] = {0, 0, 60, -70, -140};
    const int center = kCenters[random.below(std::size(kCenters))];
    const float x = draw(random, center / 2);
    const float y = draw(random, center - center / 2);
    const float near = -x * y;
    const float z = random.below(2) == 0 ? draw(random, center) : near + draw(random, center - 40);
    if (!is(fma_of(x, y, z), std::fma(x, y, z))) ++off;
  }
  CHECK(off == 0);
}

}  // namespace kedge
