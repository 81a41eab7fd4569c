// The loop of dense_int16: a row by a panel, block by block. Included where KEDGE_TARGET says for
// which instruction set, inside the file's own namespace, after `BlockSums`, the int32 of a panel,
// with add_products and add_to.

// Beside it floats are whole numbers apart, so that adding it rounds to the nearest even one.
constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23

KEDGE_TARGET inline std::int16_t to_short(float x, float factor) {
  constexpr auto kMost = static_cast<float>(kMostInt16);
  float value = x * factor;
  value = value != value ? 0.0F : value;
  value = value < -kMost ? -kMost : value;
  value = value > kMost ? kMost : value;
  const float whole = (value + kRounder) - kRounder;
  return static_cast<std::int16_t>(static_cast<std::int32_t>(whole));
}

KEDGE_TARGET void quantize_rows(const Int16Inputs& in) noexcept {
  for (std::size_t i = 0; i < in.rows; ++i) {
    const float* x = in.x + i * in.x_stride;
    std::int16_t* out = in.out + i * in.out_stride;
    for (std::size_t j = 0; j < in.columns; ++j) out[j] = to_short(x[j], in.factors[j]);
    if (in.columns % 2 != 0) out[in.columns] = 0;
  }
}

KEDGE_TARGET inline void put_shorts(const std::int64_t* sums, const Int16Call& call,
                                    const std::int32_t* channels, std::int16_t* out) {
  const std::int64_t low = call.relu ? 0 : -kMostInt16;
  for (std::size_t k = 0; k < kInt16Lanes; ++k) {
    const std::int32_t shift = channels[3 * kInt16Lanes + k];
    const std::int64_t half = std::int64_t{1} << (shift - 1);
    std::int64_t whole = (sums[k] * channels[2 * kInt16Lanes + k] + half) >> shift;
    whole = whole < low ? low : whole;
    whole = whole > kMostInt16 ? kMostInt16 : whole;
    out[k] = static_cast<std::int16_t>(whole);
  }
}

KEDGE_TARGET inline void put_floats(const std::int64_t* sums, const Int16Call& call,
                                    const std::int32_t* channels, float* out) {
  float scales[2 * kInt16Lanes];  // and offsets
  __builtin_memcpy(scales, channels + 2 * kInt16Lanes, sizeof(scales));
  for (std::size_t k = 0; k < kInt16Lanes; ++k) {
    const float value = static_cast<float>(sums[k]) * scales[k] + scales[kInt16Lanes + k];
    out[k] = call.relu && value < 0 ? 0.0F : value;
  }
}

KEDGE_TARGET inline void add_panel(const std::int16_t* x, const std::int16_t* weights,
                                   std::size_t pairs, std::int64_t* sums) {
  constexpr std::size_t kBlockPairs = kInt16Block / 2;
  for (std::size_t first = 0; first < pairs; first += kBlockPairs) {
    const std::size_t end = pairs - first < kBlockPairs ? pairs : first + kBlockPairs;
    BlockSums block{};
    for (std::size_t pair = first; pair < end; ++pair) {
      block.add_products(x + 2 * pair, weights + pair * kInt16LineNumbers);
    }
    block.add_to(sums);
  }
}

template <bool kToShorts>
KEDGE_TARGET void multiply(const Int16Call& call) noexcept {
  for (std::size_t panel = 0; panel < call.panels; ++panel) {
    const std::int16_t* weights = call.weights + panel * call.pairs * kInt16LineNumbers;
    const std::int32_t* channels = call.channels + panel * kInt16ChannelWords;
    for (std::size_t i = 0; i < call.rows; ++i) {
      std::int64_t sums[kInt16Lanes];
      __builtin_memcpy(sums, channels, sizeof(sums));
      add_panel(call.x + i * call.x_stride, weights, call.pairs, sums);
      const std::size_t at = i * call.out_stride + panel * kInt16Lanes;
      if constexpr (kToShorts) {
        put_shorts(sums, call, channels, static_cast<std::int16_t*>(call.out) + at);
      } else {
        put_floats(sums, call, channels, static_cast<float*>(call.out) + at);
      }
    }
  }
}
