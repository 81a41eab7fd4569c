// The loop of dense_int8: tiles of rows by panels whose sums stay in registers. Included where
// KEDGE_TARGET says for which instruction set, inside the file's own namespace, after `Sums` with
// begin, zero, spread, add_products and add, after `Outputs`, which makes of a panel's sums bytes
// or floats, `Columns`, which makes bytes of a panel of floats, and the tiles that fit the
// registers.

// A panel's multipliers serve all its rows, so that they are prepared once.
template <bool kToBytes, std::size_t kRows, std::size_t kPanels>
KEDGE_TARGET inline void put_out(Sums (&sums)[kRows][kPanels], const Int8Call& call,
                                 std::size_t row, std::size_t panel) {
  const std::size_t at = row * call.out_stride + panel * kInt8Lanes;
  for (std::size_t p = 0; p < kPanels; ++p) {
    const Outputs<kToBytes> outputs(call.channels + (panel + p) * kInt8ChannelWords, call);
    for (std::size_t r = 0; r < kRows; ++r) outputs.apply(sums[r][p]);
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    Outputs<kToBytes>::store(sums[r], call, at + r * call.out_stride);
  }
}

// A row alone adds with kSplit sums for each output, so that none waits for the one before.
template <bool kToBytes, std::size_t kRows, std::size_t kPanels, std::size_t kSplit>
KEDGE_TARGET inline void tile(const Int8Call& call, std::size_t row, std::size_t panel) {
  Sums sums[kSplit][kRows][kPanels];
  for (std::size_t p = 0; p < kPanels; ++p) {
    const std::int32_t* bias = call.channels + (panel + p) * kInt8ChannelWords;
    for (std::size_t r = 0; r < kRows; ++r) {
      sums[0][r][p] = Sums::begin(bias, call.x + (row + r) * call.x_stride, call.groups);
      for (std::size_t s = 1; s < kSplit; ++s) sums[s][r][p] = Sums::zero();
    }
  }
  const std::uint8_t* x = call.x + row * call.x_stride;
  const std::size_t panel_bytes = call.groups * kInt8LineBytes;
  const std::int8_t* weights = call.weights + panel * panel_bytes;
  std::size_t group = 0;
  for (; group + kSplit <= call.groups; group += kSplit) {
    for (std::size_t s = 0; s < kSplit; ++s) {
      for (std::size_t r = 0; r < kRows; ++r) {
        const auto values = Sums::spread(x + r * call.x_stride + (group + s) * 4);
        for (std::size_t p = 0; p < kPanels; ++p) {
          sums[s][r][p].add_products(values,
                                     weights + p * panel_bytes + (group + s) * kInt8LineBytes);
        }
      }
    }
  }
  for (; group < call.groups; ++group) {
    for (std::size_t r = 0; r < kRows; ++r) {
      const auto values = Sums::spread(x + r * call.x_stride + group * 4);
      for (std::size_t p = 0; p < kPanels; ++p) {
        sums[0][r][p].add_products(values, weights + p * panel_bytes + group * kInt8LineBytes);
      }
    }
  }
  for (std::size_t s = 1; s < kSplit; ++s) {
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t p = 0; p < kPanels; ++p) sums[0][r][p].add(sums[s][r][p]);
    }
  }
  put_out<kToBytes>(sums[0], call, row, panel);
}

template <bool kToBytes, std::size_t kPanels>
KEDGE_TARGET inline void few_panels(const Int8Call& call, std::size_t panel) {
  std::size_t row = 0;
  for (; row + kTileRows <= call.rows; row += kTileRows) {
    tile<kToBytes, kTileRows, kPanels, 1>(call, row, panel);
  }
  for (; row < call.rows; ++row) tile<kToBytes, 1, kPanels, kRowSplit>(call, row, panel);
}

template <bool kToBytes>
KEDGE_TARGET void multiply(const Int8Call& call) noexcept {
  std::size_t panel = 0;
  if constexpr (kTilePanels > 2) {
    for (; panel + kTilePanels <= call.panels; panel += kTilePanels) {
      few_panels<kToBytes, kTilePanels>(call, panel);
    }
  }
  if constexpr (kTilePanels > 1) {
    for (; panel + 2 <= call.panels; panel += 2) few_panels<kToBytes, 2>(call, panel);
  }
  for (; panel < call.panels; ++panel) few_panels<kToBytes, 1>(call, panel);
}

template <class Columns>
KEDGE_TARGET void quantize_rows(const Int8Inputs& in) noexcept {
  for (std::size_t j = 0; j < in.columns; j += kInt8Lanes) {
    const std::size_t count = in.columns - j < kInt8Lanes ? in.columns - j : kInt8Lanes;
    const Columns columns(in.factors + j, in.zeros + j, count);
    for (std::size_t i = 0; i < in.rows; ++i) {
      columns.quantize(in.x + i * in.x_stride + j, in.out + i * in.out_stride + j);
    }
  }
}
