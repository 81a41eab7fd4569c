#include "kedge/kernels/cell_count.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "check.h"
#include "kedge/base/bits.h"
#include "kedge/base/random.h"
#include "kedge/sketch/cell_map.h"

namespace kedge {
namespace {

using Atoms = std::vector<double>;

std::vector<CellMap> maps_of_every_kind() {
  std::vector<CellMap> maps;
  const double most = std::numeric_limits<double>::max();
  for (const std::uint32_t inner : {1u, 2u, 3u, 4u}) {
    maps.push_back(CellMap::affine(inner, {-1, 5}, 0, 1));
    maps.push_back(CellMap::bend(inner, {-most, most}, 0.25, 1, 0xffffffff, inner / 2));
  }
  maps.push_back(CellMap::affine(4096, {-4, 3.75}, -3.5, 4096 / 7.0));
  maps.push_back(CellMap::affine(7, {-most, most}, -1e308, 1e-300));
  maps.push_back(CellMap::affine(1, {0, 0}, -3, 1));
  maps.push_back(CellMap::lattice(0, 29, 1));
  maps.push_back(CellMap::lattice(-7, 900, 4));
  maps.push_back(CellMap::bend(1000, {0, 1e6}, 0, 1e-3, 140'000, 0));
  maps.push_back(CellMap::bend(4096, {-1e9, 3}, -2.5, 0.25, 500'000, 3700));
  maps.push_back(CellMap::bend(40, {1, 1e6}, 0, 1e-3, 8192, -19));
  maps.push_back(CellMap::bend(2, {-most, 1e301}, 1e300, 1e290, 1, 1));
  const double least = std::numeric_limits<double>::denorm_min();
  const Atoms eight = {-3.5, -1, -least, 0.0, least, 0.25, 0.5, next_up(0.5)};
  for (const std::uint32_t inner : {1u, 2u, 3u, 100u}) {
    maps.push_back(CellMap::affine(inner, {-3.5, 0.75}, -1, inner).with_atoms(eight));
    maps.push_back(CellMap::bend(inner, {-most, most}, 0.25, 1, 0xffffffff, 0).with_atoms(eight));
    for (const double atom : {-999.0, -0.5, 0.0, 0.5, 999.0}) {
      const Atoms one = {atom};
      maps.push_back(CellMap::affine(inner, {-999, 999}, -1, inner / 2.0).with_atoms(one));
    }
  }
  maps.push_back(CellMap::affine(1, {-999, -999}, -999, 1).with_atoms(Atoms{-999}));
  maps.push_back(CellMap::affine(7, {-most, most}, -1e308, 1e-300).with_atoms(Atoms{-most, most}));
  maps.push_back(CellMap::affine(4096, {0, 1e300}, 0, 1e3).with_atoms(Atoms{0.0, 1e300}));
  maps.push_back(CellMap::bend(1000, {0, 1e6}, 0, 1e-3, 140'000, 0).with_atoms(Atoms{0.0, 3.0}));
  const double small = std::numeric_limits<double>::min();
  maps.push_back(CellMap::bend(kMaxCells - 4, {-1, most}, 0, small, 0xffffffff, kMaxCells - 4)
                     .with_atoms(Atoms{0.0}));
  const std::vector<PartSplit> splits = {{-1, 7, 20}, {}, {}, {1, 1e300, 9}, {2, 1e-300, 1}, {}};
  maps.push_back(CellMap::clusters({-1.5, 5}, -1.25, 1, splits));
  maps.push_back(CellMap::clusters({-3.5, 0.75}, -1.25, 4, splits).with_atoms(eight));
  maps.push_back(CellMap::clusters({-1e308, most}, -1e308, 1, splits).with_atoms(Atoms{-1e308}));
  maps.push_back(CellMap::clusters({0, 1}, 0, 1, std::vector<PartSplit>{{0, 1, 1}}));
  std::vector<PartSplit> many(kMostParts);
  for (std::uint32_t i = 0; i < kMostParts; ++i) many[i] = {i / 256.0 - 2, 1e3, (i + 1) % 5};
  maps.push_back(CellMap::clusters({-2, 2}, -2, 256, many));
  maps.push_back(CellMap::clusters({-2, 2}, -2, 256, many).with_atoms(Atoms{-2, 2}));
  maps.push_back(CellMap::cuts({}));
  for (const int count : {1, 7, 8, 9, 71, 72, 73, 647, 648, 649, 5000}) {
    std::vector<double> cuts;
    for (int i = 0; i < count; ++i) cuts.push_back(std::ldexp(i - count / 2, -4) * (1 + i % 3));
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    maps.push_back(CellMap::cuts(cuts));
  }
  const double tiny = std::numeric_limits<double>::denorm_min();
  const std::vector<double> atoms = {-tiny, 0.0, tiny, 1.0, next_up(1.0)};
  maps.push_back(CellMap::cuts(atoms));
  return maps;
}

// Values on the bounds of the map and beside them, the odd ones of IEEE 754, and ordinary ones.
std::vector<double> hard_values(const CellMap& map) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double tiny = std::numeric_limits<double>::denorm_min();
  const double most = std::numeric_limits<double>::max();
  std::vector<double> values = {0.0,       -0.0,       tiny,  -tiny, 0x1p-1022, -0x1p-1022,
                                kInfinity, -kInfinity, NAN,   -NAN,  most,      -most,
                                0.5,       -0.5,       1e300, -1e300};
  for (const std::uint64_t bits : {0x7fffffffffffffffu, 0x7ff0000000000001u, 0xffffffffffffffffu}) {
    values.push_back(std::bit_cast<double>(bits));  // NaN with all bits set, with few
  }
  for (const double value : {map.plan().low, map.plan().high}) {
    values.push_back(value);
    values.push_back(from_ordered_bits(ordered_bits(value) - 1));
    values.push_back(next_up(value));
  }
  for (std::uint32_t i = 0; i < map.plan().atom_count; ++i) {
    const double atom = map.plan().atoms[i];
    values.insert(values.end(), {atom, from_ordered_bits(ordered_bits(atom) - 1), next_up(atom)});
  }
  Random random(7);
  const std::uint32_t step = map.cells() / 50 + 1;
  for (std::uint32_t cell = 1; cell < map.cells(); cell += step) {
    const double bound = map.lower_bound(cell);
    if (!std::isfinite(bound)) continue;
    values.push_back(bound);
    values.push_back(from_ordered_bits(ordered_bits(bound) - 1));
    values.push_back(next_up(bound));
  }
  for (int i = 0; i < 200; ++i) values.push_back(8 * random.uniform() - 4);
  for (int i = 0; i < 200; ++i) values.push_back(std::bit_cast<double>(random.bits()));
  for (int i = 0; i < 60; ++i) values.push_back(random.below(40) / 4.0 - 2);
  return values;
}

}  // namespace

TEST("every variant gives the scalar slots, for every kind of map and every value") {
  for (const CellMap& map : maps_of_every_kind()) {
    const std::vector<double> values = hard_values(map);
    std::vector<float> singles;
    for (const double value : values) singles.push_back(static_cast<float>(value));
    for (const CellVariant& variant : cell_variants()) {
      if (!is_runnable(variant.isa)) continue;
      std::vector<std::uint32_t> slots(values.size());
      variant.index_f64(map.plan(), {values.data(), values.size()}, slots.data());
      std::vector<std::uint32_t> single_slots(values.size());
      variant.index_f32(map.plan(), {singles.data(), singles.size()}, single_slots.data());
      for (std::size_t i = 0; i < values.size(); ++i) {
        CHECK(slots[i] == cell_slot(map.plan(), values[i]));
        CHECK(single_slots[i] == cell_slot(map.plan(), singles[i]));
      }
    }
  }
}

TEST("every variant writes exactly the slots it was asked for, at every size around its width") {
  for (const CellMap& map : maps_of_every_kind()) {
    const std::vector<double> values = hard_values(map);
    for (const CellVariant& variant : cell_variants()) {
      if (!is_runnable(variant.isa)) continue;
      for (std::size_t size = 0; size <= 40; ++size) {
        std::vector<std::uint32_t> slots(size + 1, 0xdead);
        variant.index_f64(map.plan(), {values.data() + 3, size}, slots.data());
        for (std::size_t i = 0; i < size; ++i) {
          CHECK(slots[i] == cell_slot(map.plan(), values[i + 3]));
        }
        CHECK(slots[size] == 0xdead);
      }
    }
  }
}

TEST("the map is monotone and both zeros share a cell") {
  for (const CellMap& map : maps_of_every_kind()) {
    std::vector<double> values = hard_values(map);
    std::erase_if(values, [](double v) { return v != v; });
    std::sort(values.begin(), values.end());
    for (std::size_t i = 1; i < values.size(); ++i) {
      CHECK(cell_slot(map.plan(), values[i - 1]) <= cell_slot(map.plan(), values[i]));
    }
    CHECK(cell_slot(map.plan(), -0.0) == cell_slot(map.plan(), 0.0));
    for (const double value : values) {
      CHECK(cell_slot(map.plan(), value) <= plus_inf_slot(map.cells()));
    }
  }
}

TEST("counts are those of one value at a time, with nulls at any bit offset, few cells or many") {
  Random random(11);
  std::vector<std::uint8_t> validity(3000);
  for (auto& byte : validity) byte = static_cast<std::uint8_t>(random.bits());
  for (const CellMap& map : maps_of_every_kind()) {
    std::vector<double> values = hard_values(map);
    while (values.size() < 4000) values.push_back(values[random.below(300)]);
    for (const CellVariant& variant : cell_variants()) {
      if (!is_runnable(variant.isa)) continue;
      for (const std::size_t offset : {0, 5, 8}) {
        for (const std::size_t size : {0, 1, 7, 255, 256, 257, 3800}) {
          std::vector<std::uint32_t> counts(map.slots());
          std::vector<std::uint32_t> expected(map.slots());
          variant.count_f64(map.plan(), {values.data(), size, validity.data(), offset},
                            counts.data());
          for (std::size_t i = 0; i < size; ++i) {
            const bool valid = get_bit(validity.data(), offset + i);
            ++expected[valid ? cell_slot(map.plan(), values[i]) : null_slot(map.cells())];
          }
          CHECK(counts == expected);
          std::vector<float> singles(values.begin(), values.begin() + size);
          std::vector<std::uint32_t> single_counts(map.slots());
          std::fill(expected.begin(), expected.end(), 0);
          variant.count_f32(map.plan(), {singles.data(), size, validity.data(), offset},
                            single_counts.data());
          for (std::size_t i = 0; i < size; ++i) {
            const bool valid = get_bit(validity.data(), offset + i);
            ++expected[valid ? cell_slot(map.plan(), singles[i]) : null_slot(map.cells())];
          }
          CHECK(single_counts == expected);
        }
      }
    }
  }
}

TEST("KEDGE_ISA names what runs here, the list starts with scalar") {
  CHECK(runnable_isas().front() == Isa::kScalar);
  CHECK(cell_variants().front().isa == Isa::kScalar);
  CHECK(is_runnable(active_isa()));
  CHECK(select_variant(cell_variants(), Isa::kScalar).isa == Isa::kScalar);
}

}  // namespace kedge
