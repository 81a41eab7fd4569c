#if defined(__x86_64__)

#include "kedge/kernels/dense_int8.h"

#include <immintrin.h>

#define KEDGE_TARGET \
  __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,amx-tile,amx-int8")))

namespace kedge {
namespace {

#include "kedge/kernels/dense_int8_outputs_avx512.h"

constexpr std::size_t kTileRows = 16;
constexpr std::size_t kTileGroups = 16;
// Shaping tiles and waiting for their sums takes as long as a few rows in registers.
constexpr std::size_t kFewestRows = 8;

struct alignas(64) TileShapes {
  std::uint8_t palette;
  std::uint8_t start_row;
  std::uint8_t reserved[14];
  std::uint16_t row_bytes[16];
  std::uint8_t rows[16];
};

// Tiles 0 to 3 are the sums of four panels, 4 and 5 are inputs and weights of kTileGroups groups, 6
// and 7 of the groups that are left over.
constexpr TileShapes shapes_of(std::size_t rows, std::size_t groups_left) {
  TileShapes shapes{};
  shapes.palette = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    const bool is_weights = i == 5 || i == 7;
    shapes.row_bytes[i] = 64;
    shapes.rows[i] = static_cast<std::uint8_t>(is_weights ? kTileGroups : rows);
  }
  if (groups_left > 0) {
    shapes.row_bytes[6] = static_cast<std::uint16_t>(4 * groups_left);
    shapes.rows[7] = static_cast<std::uint8_t>(groups_left);
  }
  return shapes;
}

// Constants, as the header of GCC 12 says of eight of the bytes only that they are read: it would
// not write the others.
struct AllShapes {
  TileShapes of[kTileRows - kFewestRows + 1][kTileGroups];
};

constexpr AllShapes all_shapes() {
  AllShapes shapes{};
  for (std::size_t rows = kFewestRows; rows <= kTileRows; ++rows) {
    for (std::size_t left = 0; left < kTileGroups; ++left) {
      shapes.of[rows - kFewestRows][left] = shapes_of(rows, left);
    }
  }
  return shapes;
}

constexpr AllShapes kShapes = all_shapes();

// A bias for all rows: the same line for each.
template <std::size_t kPanels>
KEDGE_TARGET inline void begin(const std::int32_t* channels) {
  _tile_loadd(0, channels, 0);
  if constexpr (kPanels > 1) _tile_loadd(1, channels + kInt8ChannelWords, 0);
  if constexpr (kPanels > 2) {
    _tile_loadd(2, channels + 2 * kInt8ChannelWords, 0);
    _tile_loadd(3, channels + 3 * kInt8ChannelWords, 0);
  }
}

template <std::size_t kPanels>
KEDGE_TARGET inline void add_products(const std::uint8_t* x, std::size_t stride,
                                      const std::int8_t* weights, std::size_t panel_bytes) {
  _tile_loadd(4, x, stride);
  _tile_loadd(5, weights, kInt8LineBytes);
  _tile_dpbusd(0, 4, 5);
  if constexpr (kPanels > 1) {
    _tile_loadd(5, weights + panel_bytes, kInt8LineBytes);
    _tile_dpbusd(1, 4, 5);
  }
  if constexpr (kPanels > 2) {
    _tile_loadd(5, weights + 2 * panel_bytes, kInt8LineBytes);
    _tile_dpbusd(2, 4, 5);
    _tile_loadd(5, weights + 3 * panel_bytes, kInt8LineBytes);
    _tile_dpbusd(3, 4, 5);
  }
}

template <std::size_t kPanels>
KEDGE_TARGET inline void add_last_products(const std::uint8_t* x, std::size_t stride,
                                           const std::int8_t* weights, std::size_t panel_bytes) {
  _tile_loadd(6, x, stride);
  _tile_loadd(7, weights, kInt8LineBytes);
  _tile_dpbusd(0, 6, 7);
  if constexpr (kPanels > 1) {
    _tile_loadd(7, weights + panel_bytes, kInt8LineBytes);
    _tile_dpbusd(1, 6, 7);
  }
  if constexpr (kPanels > 2) {
    _tile_loadd(7, weights + 2 * panel_bytes, kInt8LineBytes);
    _tile_dpbusd(2, 6, 7);
    _tile_loadd(7, weights + 3 * panel_bytes, kInt8LineBytes);
    _tile_dpbusd(3, 6, 7);
  }
}

template <std::size_t kPanels>
struct alignas(64) TileSums {
  std::int32_t of[kPanels][kTileRows][kInt8Lanes];
};

template <std::size_t kPanels>
KEDGE_TARGET inline void end(TileSums<kPanels>& sums) {
  _tile_stored(0, sums.of[0], 64);
  if constexpr (kPanels > 1) _tile_stored(1, sums.of[1], 64);
  if constexpr (kPanels > 2) {
    _tile_stored(2, sums.of[2], 64);
    _tile_stored(3, sums.of[3], 64);
  }
}

template <bool kToBytes, std::size_t... kPanel, std::size_t kPanels>
KEDGE_TARGET inline void put_out(const TileSums<kPanels>& sums, const Int8Call& call,
                                 std::size_t row, std::size_t rows, std::size_t panel) {
  const std::int32_t* channels = call.channels + panel * kInt8ChannelWords;
  const Scaling<kToBytes> scalings[kPanels] = {
      Scaling<kToBytes>(channels + kPanel * kInt8ChannelWords, call.zero)...};
  for (std::size_t r = 0; r < rows; ++r) {
    const __m512i lanes[kPanels] = {
        scalings[kPanel].apply(_mm512_load_si512(sums.of[kPanel][r]))...};
    store_panels<kToBytes>(lanes, call, (row + r) * call.out_stride + panel * kInt8Lanes);
  }
}

template <bool kToBytes, std::size_t... kPanel>
KEDGE_TARGET inline void tile(const Int8Call& call, std::size_t row, std::size_t rows,
                              std::size_t panel) {
  constexpr std::size_t kPanels = sizeof...(kPanel);
  const std::size_t panel_bytes = call.groups * kInt8LineBytes;
  const std::uint8_t* x = call.x + row * call.x_stride;
  const std::int8_t* weights = call.weights + panel * panel_bytes;
  begin<kPanels>(call.channels + panel * kInt8ChannelWords);
  std::size_t group = 0;
  for (; group + kTileGroups <= call.groups; group += kTileGroups) {
    add_products<kPanels>(x + group * 4, call.x_stride, weights + group * kInt8LineBytes,
                          panel_bytes);
  }
  if (group < call.groups) {
    add_last_products<kPanels>(x + group * 4, call.x_stride, weights + group * kInt8LineBytes,
                               panel_bytes);
  }
  TileSums<kPanels> sums;
  end(sums);
  put_out<kToBytes, kPanel...>(sums, call, row, rows, panel);
}

// Rows first .. last - 1, as many in a tile as it was shaped for.
template <bool kToBytes, std::size_t... kPanel>
KEDGE_TARGET inline void rows_of_panels(const Int8Call& call, std::size_t first, std::size_t last,
                                        std::size_t panel) {
  const std::size_t rows = last - first < kTileRows ? last - first : kTileRows;
  for (std::size_t row = first; row < last; row += rows) {
    tile<kToBytes, kPanel...>(call, row, rows, panel);
  }
}

template <bool kToBytes>
KEDGE_TARGET inline void multiply_rows(const Int8Call& call, std::size_t first, std::size_t last) {
  if (first == last) return;
  const std::size_t rows = last - first < kTileRows ? last - first : kTileRows;
  _tile_loadconfig(&kShapes.of[rows - kFewestRows][call.groups % kTileGroups]);
  std::size_t panel = 0;
  for (; panel + 4 <= call.panels; panel += 4) {
    rows_of_panels<kToBytes, 0, 1, 2, 3>(call, first, last, panel);
  }
  for (; panel + 2 <= call.panels; panel += 2) {
    rows_of_panels<kToBytes, 0, 1>(call, first, last, panel);
  }
  if (panel < call.panels) rows_of_panels<kToBytes, 0>(call, first, last, panel);
}

template <bool kToBytes>
void multiply_few(const Int8Call& call) {
  const Int8Variant variant = dense_int8_avx512();
  return kToBytes ? variant.to_bytes(call) : variant.to_floats(call);
}

template <bool kToBytes>
Int8Call rows_from(const Int8Call& call, std::size_t first) {
  Int8Call rest = call;
  rest.rows -= first;
  rest.x += first * call.x_stride;
  const std::size_t each = kToBytes ? sizeof(std::uint8_t) : sizeof(float);
  rest.out = static_cast<std::uint8_t*>(call.out) + first * call.out_stride * each;
  return rest;
}

template <bool kToBytes>
KEDGE_TARGET void multiply(const Int8Call& call) noexcept {
  if (call.rows < kFewestRows) return multiply_few<kToBytes>(call);
  const std::size_t left = call.rows % kTileRows;
  const std::size_t whole = call.rows - left;
  const std::size_t tiled = left < kFewestRows ? whole : call.rows;
  multiply_rows<kToBytes>(call, 0, whole);
  multiply_rows<kToBytes>(call, whole, tiled);
  _tile_release();
  if (tiled < call.rows) multiply_few<kToBytes>(rows_from<kToBytes>(call, tiled));
}

}  // namespace

Int8Variant dense_int8_amx() noexcept {
  return {Isa::kAmx, multiply<true>, multiply<false>, dense_int8_avx512().quantize};
}

}  // namespace kedge

#endif
