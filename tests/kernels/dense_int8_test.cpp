#include "kedge/kernels/dense_int8.h"

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

// Weights and inputs at the ends of their range: where sums of 16 bits would saturate.
struct Case {
  std::size_t rows;
  std::size_t groups;
  std::size_t panels;
  Buffer x;
  Buffer weights;
  Buffer channels;
  // One in four has only shifts that nets really have: kernels may be quicker with those.
  std::size_t low_shift = 31;
  std::size_t shifts = 32;

  Case(std::size_t row_count, std::size_t group_count, std::size_t panel_count, bool to_floats,
       Random& random)
      : rows(row_count),
        groups(group_count),
        panels(panel_count),
        x(rows * groups * 4),
        weights(panels * groups * kInt8LineBytes),
        channels(panels * kInt8ChannelWords * sizeof(std::int32_t)) {
    for (std::size_t i = 0; i < rows * groups * 4; ++i) {
      x.data()[i] = static_cast<std::byte>(random.below(3) == 0 ? 255 : random.below(256));
    }
    for (std::size_t i = 0; i < panels * groups * kInt8LineBytes; ++i) {
      weights.data()[i] = static_cast<std::byte>(random.below(3) == 0   ? 128
                                                 : random.below(2) == 0 ? 127
                                                                        : random.below(256));
    }
    if (random.below(4) == 0) {
      low_shift = 32;
      shifts = 23;
    }
    auto* words = reinterpret_cast<std::int32_t*>(channels.data());
    for (std::size_t p = 0; p < panels; ++p) {
      for (std::size_t k = 0; k < kInt8Lanes; ++k)
        fill(words + p * kInt8ChannelWords + k, to_floats, random);
    }
  }

  void fill(std::int32_t* at, bool to_floats, Random& random) const {
    at[0] = static_cast<std::int32_t>(random.below(1 << 20)) - (1 << 19);
    at[3 * kInt8Lanes] = 0;
    if (to_floats) {
      const float pair[] = {static_cast<float>(random.uniform()),
                            static_cast<float>(random.uniform() - 0.5)};
      std::memcpy(at + kInt8Lanes, pair, sizeof(float));
      std::memcpy(at + 2 * kInt8Lanes, pair + 1, sizeof(float));
      return;
    }
    if (random.below(8) == 0) at[0] = random.below(2) == 0 ? kMostInt8Bias : -kMostInt8Bias;
    at[kInt8Lanes] = static_cast<std::int32_t>(random.below(1u << 31));
    // Halves are met where the multiplier is a power of two.
    if (random.below(4) == 0) at[kInt8Lanes] = 1 << 30;
    at[2 * kInt8Lanes] = static_cast<std::int32_t>(low_shift + random.below(shifts));
  }

  std::vector<std::byte> run(Int8Kernel kernel, std::size_t each, std::int32_t zero, bool relu) {
    std::vector<std::byte> out(rows * panels * kInt8Lanes * each);
    Int8Call call;
    call.x = reinterpret_cast<const std::uint8_t*>(x.data());
    call.x_stride = groups * 4;
    call.out = out.data();
    call.out_stride = panels * kInt8Lanes;
    call.weights = reinterpret_cast<const std::int8_t*>(weights.data());
    call.channels = reinterpret_cast<const std::int32_t*>(channels.data());
    call.rows = rows;
    call.groups = groups;
    call.panels = panels;
    call.zero = zero;
    call.relu = relu;
    kernel(call);
    return out;
  }
};

TEST("every variant of dense_int8 gives the scalar's bits") {
  Random random(8);
  for (const Int8Variant& variant : dense_int8_variants()) {
    if (!is_runnable(variant.isa)) continue;
    for (const std::size_t rows : {1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 21, 26}) {
      for (const std::size_t groups : {1, 2, 3, 5, 9, 16, 33}) {
        for (const std::size_t panels : {1, 2, 3, 4, 5, 7}) {
          const auto zero = static_cast<std::int32_t>(random.below(256));
          const bool relu = random.below(2) == 0;
          Case bytes(rows, groups, panels, false, random);
          CHECK(bytes.run(variant.to_bytes, 1, zero, relu) ==
                bytes.run(dense_int8_variants()[0].to_bytes, 1, zero, relu));
          Case floats(rows, groups, panels, true, random);
          CHECK(floats.run(variant.to_floats, 4, zero, relu) ==
                floats.run(dense_int8_variants()[0].to_floats, 4, zero, relu));
        }
      }
    }
  }
}

TEST("a half is rounded up, and a byte is clamped") {
  Buffer weights(kInt8LineBytes);
  Buffer channels(kInt8ChannelWords * sizeof(std::int32_t));
  auto* words = reinterpret_cast<std::int32_t*>(channels.data());
  std::memset(weights.data(), 0, kInt8LineBytes);
  for (std::size_t k = 0; k < kInt8Lanes; ++k) {
    words[k] = static_cast<std::int32_t>(k) - 8;
    words[kInt8Lanes + k] = 1 << 30;  // a half
    words[2 * kInt8Lanes + k] = 31;
    words[3 * kInt8Lanes + k] = 0;
  }
  const std::uint8_t x[4] = {};
  std::uint8_t out[kInt8Lanes];
  const Int8Call call{
      x, 4, out, kInt8Lanes, reinterpret_cast<const std::int8_t*>(weights.data()), words, 1,
      1, 1, 2,   false};
  const std::uint8_t wanted[kInt8Lanes] = {0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6};
  for (const Int8Variant& variant : dense_int8_variants()) {
    if (!is_runnable(variant.isa)) continue;
    variant.to_bytes(call);
    CHECK(std::memcmp(out, wanted, kInt8Lanes) == 0);
  }
}

// Columns of rows that are further apart than they are long.
struct Inputs {
  static constexpr std::size_t kRows = 3;
  std::size_t columns;
  std::vector<float> x;
  std::vector<float> factors;
  std::vector<float> zeros;
  std::vector<std::uint8_t> wanted;

  Inputs(std::size_t column_count, Random& random)
      : columns(column_count),
        x(kRows * (columns + 1)),
        factors(columns),
        zeros(columns),
        wanted(kRows * stride(), 7) {
    for (std::size_t j = 0; j < columns; ++j) {
      factors[j] = random.below(3) == 0 ? 1.0F : static_cast<float>(random.uniform());
      zeros[j] = static_cast<float>(random.below(256));
    }
    for (std::size_t i = 0; i < kRows; ++i) {
      for (std::size_t j = 0; j < panel(); ++j) wanted[i * stride() + j] = 0;
      for (std::size_t j = 0; j < columns; ++j) fill(i, j, random);
    }
  }

  void fill(std::size_t i, std::size_t j, Random& random) {
    const float infinity = std::numeric_limits<float>::infinity();
    const float hard[] = {std::nanf(""), infinity, -infinity, 0.5F, 1.5F, -0.5F, -2.5F, 1e30F};
    float& value = x[i * (columns + 1) + j];
    value = random.below(3) == 0 ? hard[random.below(8)]
                                 : static_cast<float>(600 * random.uniform() - 300);
    const float product = value * factors[j];
    const float number = std::isnan(product) ? 0.0F : product;
    const float whole = std::nearbyint(std::clamp(number, -zeros[j], 255 - zeros[j]));
    wanted[i * stride() + j] = static_cast<std::uint8_t>(whole + zeros[j]);
  }

  std::size_t panel() const { return (columns + kInt8Lanes - 1) / kInt8Lanes * kInt8Lanes; }
  std::size_t stride() const { return panel() + kInt8Lanes; }

  std::vector<std::uint8_t> run(Int8Quantize quantize) const {
    std::vector<std::uint8_t> out(wanted.size(), 7);  // what no kernel may touch keeps it
    quantize({x.data(), columns + 1, factors.data(), zeros.data(), out.data(), stride(), kRows,
              columns});
    return out;
  }
};

TEST("every variant quantizes rows by the definition, and writes nothing else") {
  Random random(9);
  for (const Int8Variant& variant : dense_int8_variants()) {
    if (!is_runnable(variant.isa)) continue;
    for (std::size_t columns = 1; columns <= 40; ++columns) {
      const Inputs inputs(columns, random);
      CHECK(inputs.run(variant.quantize) == inputs.wanted);
    }
  }
}

}  // namespace
}  // namespace kedge
