// The loop of dense: tiles of rows by panels whose sums stay in registers. Included where
// KEDGE_TARGET says for which instruction set, inside the file's own namespace, after a `Panel` for
// each kind of number with load, add_product, keep_positive and store, and with the tiles that fit
// the registers: kTileRows by kTilePanels for many rows, kRowPanels for one.

template <class Panel, std::size_t kRows, std::size_t kPanels, class Number>
KEDGE_TARGET inline void tile(const DenseCall<Number>& call, std::size_t row, std::size_t panel) {
  constexpr std::size_t kLanes = kPanelLanes<Number>;
  Panel sums[kRows][kPanels];
  for (std::size_t p = 0; p < kPanels; ++p) {
    const Panel bias = Panel::load(call.bias + (panel + p) * kLanes);
    for (std::size_t r = 0; r < kRows; ++r) sums[r][p] = bias;
  }
  const Number* x = call.x + row * call.x_stride;
  const Number* weights = call.weights + panel * call.inputs * kLanes;
  for (std::size_t j = 0; j < call.inputs; ++j) {
    Panel factors[kPanels];
    for (std::size_t p = 0; p < kPanels; ++p) {
      factors[p] = Panel::load(weights + (p * call.inputs + j) * kLanes);
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      const Number value = x[r * call.x_stride + j];
      for (std::size_t p = 0; p < kPanels; ++p) sums[r][p].add_product(value, factors[p]);
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    Number* out = call.out + (row + r) * call.out_stride + panel * kLanes;
    for (std::size_t p = 0; p < kPanels; ++p) {
      if (call.relu) sums[r][p].keep_positive();
      sums[r][p].store(out + p * kLanes);
    }
  }
}

template <class Panel, std::size_t kPanels, class Number>
KEDGE_TARGET inline void few_panels(const DenseCall<Number>& call, std::size_t panel) {
  std::size_t row = 0;
  for (; row + Panel::kTileRows <= call.rows; row += Panel::kTileRows) {
    tile<Panel, Panel::kTileRows, kPanels>(call, row, panel);
  }
  for (; row + 4 <= call.rows; row += 4) tile<Panel, 4, kPanels>(call, row, panel);
  for (; row < call.rows; ++row) tile<Panel, 1, kPanels>(call, row, panel);
}

template <class Panel, class Number>
KEDGE_TARGET void multiply(const DenseCall<Number>& call) noexcept {
  std::size_t panel = 0;
  if (call.rows < 4) {
    for (std::size_t row = 0; row < call.rows; ++row) {
      panel = 0;
      for (; panel + Panel::kRowPanels <= call.panels; panel += Panel::kRowPanels) {
        tile<Panel, 1, Panel::kRowPanels>(call, row, panel);
      }
      if (panel + 2 <= call.panels) {
        tile<Panel, 1, 2>(call, row, panel);
        panel += 2;
      }
      for (; panel < call.panels; ++panel) tile<Panel, 1, 1>(call, row, panel);
    }
    return;
  }
  for (; panel + Panel::kTilePanels <= call.panels; panel += Panel::kTilePanels) {
    few_panels<Panel, Panel::kTilePanels>(call, panel);
  }
  for (; panel < call.panels; ++panel) few_panels<Panel, 1>(call, panel);
}
