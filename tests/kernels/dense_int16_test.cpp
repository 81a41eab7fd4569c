#include "kedge/kernels/dense_int16.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "check.h"
#include "kedge/base/buffer.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

// Weights that spend all that a block may have, inputs at the ends of their range: what would
// overflow if anything did.
struct Case {
  std::size_t rows;
  std::size_t pairs;
  std::size_t panels;
  std::vector<std::int16_t> x;
  Buffer weights;
  Buffer channels;

  Case(std::size_t row_count, std::size_t pair_count, std::size_t panel_count, bool to_floats,
       Random& random)
      : rows(row_count),
        pairs(pair_count),
        panels(panel_count),
        x(rows * pairs * 2),
        weights(panels * pairs * kInt16LineBytes),
        channels(panels * kInt16ChannelWords * sizeof(std::int32_t)) {
    for (std::int16_t& value : x) {
      value = static_cast<std::int16_t>(
          random.below(3) == 0 ? kMostInt16
                               : static_cast<std::int32_t>(random.below(65535)) - 32767);
    }
    for (std::size_t k = 0; k < panels * kInt16Lanes; ++k) {
      fill_weights(k, random);
      fill_channel(k, to_floats, random);
    }
  }

  std::int16_t& weight(std::size_t j, std::size_t k) {
    auto* all = reinterpret_cast<std::int16_t*>(weights.data());
    const std::size_t line = k / kInt16Lanes * pairs + j / 2;
    return all[line * kInt16LineNumbers + k % kInt16Lanes * 2 + j % 2];
  }
  std::int32_t* words(std::size_t k) {
    return reinterpret_cast<std::int32_t*>(channels.data()) + k / kInt16Lanes * kInt16ChannelWords;
  }

  void fill_weights(std::size_t k, Random& random) {
    std::int32_t left = 0;
    for (std::size_t j = 0; j < 2 * pairs; ++j) {
      if (j % kInt16Block == 0) left = kMostInt16Weights;
      const std::uint64_t most = static_cast<std::uint64_t>(std::min(left, kMostInt16)) + 1;
      const auto size = static_cast<std::int32_t>(
          random.below(4) == 0 ? most - 1 : random.below(std::min<std::uint64_t>(most, 512)));
      left -= size;
      weight(j, k) = static_cast<std::int16_t>(random.below(8) == 0 ? -size : size);
    }
  }
  void fill_channel(std::size_t k, bool to_floats, Random& random) {
    const std::size_t lane = k % kInt16Lanes;
    std::int64_t bias = static_cast<std::int64_t>(random.below(1 << 30)) - (1 << 29);
    if (random.below(8) == 0) bias = random.below(2) == 0 ? kMostInt16Bias : -kMostInt16Bias;
    std::memcpy(words(k) + 2 * lane, &bias, sizeof(bias));
    std::int32_t pair[] = {static_cast<std::int32_t>(random.below(1 << kInt16MultiplierBits)),
                           static_cast<std::int32_t>(23 + random.below(40))};
    if (random.below(4) == 0) pair[0] = 1 << 22;  // where halves are met
    if (to_floats) {
      const float floats[] = {static_cast<float>(random.uniform()),
                              static_cast<float>(random.uniform() - 0.5)};
      std::memcpy(pair, floats, sizeof(floats));
    }
    words(k)[2 * kInt16Lanes + lane] = pair[0];
    words(k)[3 * kInt16Lanes + lane] = pair[1];
  }

  template <class Number>
  std::vector<Number> run(Int16Kernel kernel, bool relu) {
    std::vector<Number> out(rows * panels * kInt16Lanes);
    kernel({x.data(), 2 * pairs, out.data(), panels * kInt16Lanes,
            reinterpret_cast<const std::int16_t*>(weights.data()), words(0), rows, pairs, panels,
            relu});
    return out;
  }

  // As the header has it.
  template <class Number>
  std::vector<Number> wanted(bool relu) {
    std::vector<Number> out;
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t k = 0; k < panels * kInt16Lanes; ++k) {
        out.push_back(one<Number>(x.data() + i * 2 * pairs, k, relu));
      }
    }
    return out;
  }
  template <class Number>
  Number one(const std::int16_t* row, std::size_t k, bool relu) {
    const std::size_t lane = k % kInt16Lanes;
    std::int64_t sum;
    std::memcpy(&sum, words(k) + 2 * lane, sizeof(sum));
    for (std::size_t j = 0; j < 2 * pairs; ++j) sum += std::int64_t{row[j]} * weight(j, k);
    const std::int32_t* pair = words(k) + 2 * kInt16Lanes + lane;
    if constexpr (sizeof(Number) == sizeof(float)) {
      float scale;
      float offset;
      std::memcpy(&scale, pair, sizeof(scale));
      std::memcpy(&offset, pair + kInt16Lanes, sizeof(offset));
      const float product = static_cast<float>(sum) * scale;
      return relu && product + offset < 0 ? 0.0F : product + offset;
    } else {
      const std::int64_t half = std::int64_t{1} << (pair[kInt16Lanes] - 1);
      const std::int64_t whole = (sum * pair[0] + half) >> pair[kInt16Lanes];
      return static_cast<Number>(
          std::clamp<std::int64_t>(whole, relu ? 0 : -kMostInt16, kMostInt16));
    }
  }
};

TEST("every variant of dense_int16 gives what the header says") {
  Random random(16);
  for (const Int16Variant& variant : dense_int16_variants()) {
    if (!is_runnable(variant.isa)) continue;
    for (const std::size_t rows : {1, 2, 5}) {
      for (const std::size_t pairs : {1, 2, 3, 14, 127, 128, 129, 300}) {
        for (const std::size_t panels : {1, 2, 3}) {
          const bool relu = random.below(2) == 0;
          Case shorts(rows, pairs, panels, false, random);
          CHECK(shorts.run<std::int16_t>(variant.to_shorts, relu) ==
                shorts.wanted<std::int16_t>(relu));
          Case floats(rows, pairs, panels, true, random);
          CHECK(floats.run<float>(variant.to_floats, relu) == floats.wanted<float>(relu));
        }
      }
    }
  }
}

TEST("a whole block of the largest sum stays in 32 bits") {
  constexpr std::size_t kPairs = kInt16Block / 2;
  Buffer weights(kPairs * kInt16LineBytes);
  Buffer channels(kInt16ChannelWords * sizeof(std::int32_t));
  std::memset(channels.data(), 0, kInt16ChannelWords * sizeof(std::int32_t));
  auto* words = reinterpret_cast<std::int32_t*>(channels.data());
  auto* numbers = reinterpret_cast<std::int16_t*>(weights.data());
  for (std::size_t i = 0; i < kPairs * kInt16LineNumbers; ++i) numbers[i] = 256;
  for (std::size_t k = 0; k < kInt16Lanes; ++k) words[2 * kInt16Lanes + k] = 0x3f800000;  // 1.0F
  for (const std::int16_t end : {std::int16_t{32767}, std::int16_t{-32767}}) {
    const std::vector<std::int16_t> x(kInt16Block, end);
    for (const Int16Variant& variant : dense_int16_variants()) {
      if (!is_runnable(variant.isa)) continue;
      float out[kInt16Lanes];
      variant.to_floats(
          {x.data(), kInt16Block, out, kInt16Lanes, numbers, words, 1, kPairs, 1, false});
      for (const float sum : out) CHECK(sum == 65536.0F * static_cast<float>(end));
    }
  }
}

TEST("every variant quantizes rows to int16 by the definition, and writes nothing else") {
  Random random(17);
  const float infinity = std::numeric_limits<float>::infinity();
  const float hard[] = {std::nanf(""), infinity, -infinity, 0.5F, 1.5F, -0.5F, -2.5F, 1e30F};
  for (const Int16Variant& variant : dense_int16_variants()) {
    if (!is_runnable(variant.isa)) continue;
    for (std::size_t columns = 1; columns <= 40; ++columns) {
      std::vector<float> x(columns);
      std::vector<float> factors(columns);
      std::vector<std::int16_t> wanted(64, 7);
      wanted[columns] = columns % 2 != 0 ? 0 : 7;
      for (std::size_t j = 0; j < columns; ++j) {
        factors[j] = random.below(3) == 0 ? 1.0F : static_cast<float>(random.uniform());
        x[j] = random.below(3) == 0 ? hard[random.below(8)]
                                    : static_cast<float>(1e5 * (random.uniform() - 0.5));
        const float product = x[j] * factors[j];
        const float number = std::isnan(product) ? 0.0F : product;
        wanted[j] =
            static_cast<std::int16_t>(std::nearbyint(std::clamp(number, -32767.0F, 32767.0F)));
      }
      std::vector<std::int16_t> out(64, 7);
      variant.quantize({x.data(), columns, factors.data(), out.data(), 64, 1, columns});
      CHECK(out == wanted);
    }
  }
}

}  // namespace
}  // namespace kedge
