#include "kedge/sketch/cell_map.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "check.h"
#include "kedge/base/bits.h"
#include "kedge/base/random.h"
#include "kedge/sketch/cell_fit.h"

namespace kedge {
namespace {

// A rough normal: the sum of twelve uniforms, the same on every machine.
double bell(Random& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += random.uniform();
  return sum;
}

template <class Draw>
std::vector<double> sorted(int count, const Draw& draw) {
  Random random(3);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(draw(random));
  std::sort(values.begin(), values.end());
  return values;
}

}  // namespace

TEST("the map suits the column") {
  const auto normal = sorted(65536, bell);
  const auto heavy = sorted(65536, [](Random& r) { return 1 / (1 - r.uniform()); });
  const auto clusters =
      sorted(65536, [](Random& r) { return bell(r) + (r.below(2) == 1 ? 1e6 : 0); });
  const auto ages = sorted(65536, [](Random& r) { return double(r.below(90)); });
  const auto grades = sorted(65536, [](Random& r) { return r.below(11) / 2.0; });
  const auto spend =
      sorted(65536, [](Random& r) { return r.below(10) < 4 ? 0.0 : 1 / (1 - r.uniform()); });
  CHECK(fit_cell_map(normal, 4096).plan().kind == CellKind::kAffine);
  CHECK(fit_cell_map(heavy, 4096).plan().kind == CellKind::kBend);
  CHECK(fit_cell_map(clusters, 4096).plan().kind == CellKind::kCuts);
  CHECK(fit_cell_map(ages, 4096).plan().kind == CellKind::kLattice);
  CHECK(fit_cell_map(ages, 4096).cells() == 181);
  CHECK(fit_cell_map(grades, 4096).cells() == 23);
  CHECK(fit_cell_map(spend, 4096).plan().kind == CellKind::kCuts);
  for (const auto& sample : {normal, heavy, clusters, ages, grades, spend}) {
    const CellMap map = fit_cell_map(sample, 4096);
    CHECK(map.cells() <= 4096);
    CHECK(largest_cell(map, sample) < 0.002);
  }
}

TEST("a value with more than a cell's fair share has a cell of its own") {
  auto sample = sorted(10'000, [](Random& r) { return r.below(10) < 4 ? 0.25 : bell(r); });
  const CellMap map = fit_cell_map(sample, 256);
  const std::uint32_t cell = cell_slot(map.plan(), 0.25) - 1;
  CHECK(map.is_point(cell));
  CHECK(map.lower_bound(cell) == 0.25);
  CHECK(map.lower_bound(cell + 1) == next_up(0.25));
}

TEST("samples at the edges of the format still get a map") {
  const double most = 1.7976931348623157e308;
  for (const std::vector<double>& sample :
       std::vector<std::vector<double>>{{},
                                        {0.0},
                                        {-0.0, 0.0},
                                        {most},
                                        {-most, most},
                                        {-most, 0, 5e-324, most},
                                        {1e17, 1e17, 1e17 + 16},
                                        {0.1, 0.1, 0.1}}) {
    for (const std::uint32_t cells : {8u, 4096u}) {
      const CellMap map = fit_cell_map(sample, cells);
      CHECK(map.cells() <= cells);
      for (const double value : sample) {
        CHECK(cell_slot(map.plan(), value) <= map.cells());
      }
    }
  }
  CHECK_ERROR("cells = 7 is not from 8 to 1048576", fit_cell_map({}, 7));
}

TEST("the lower bound of a cell is its smallest value") {
  const auto check = [](const CellMap& map) {
    for (std::uint32_t cell = 1; cell < map.cells(); ++cell) {
      const double bound = map.lower_bound(cell);
      if (!std::isfinite(bound)) continue;
      CHECK(cell_slot(map.plan(), bound) >= cell + 1);
      const double lowest = bound == 0 ? -0.0 : bound;
      CHECK(cell_slot(map.plan(), from_ordered_bits(ordered_bits(lowest) - 1)) < cell + 1);
    }
  };
  check(CellMap::affine(100, -1, 3));
  check(CellMap::lattice(-3, 5, 2));
  check(CellMap::bend(200, 1, 0.5, 100'000, 100));
  check(CellMap::cuts(std::vector<double>{-1, 0, 2.5}));
}

TEST("a map reads back equal, and numbers out of bounds are refused by name") {
  const auto round_trip = [](const CellMap& map) {
    ByteWriter out;
    map.write(out);
    ByteReader in(out.view(), "test");
    CHECK(CellMap::read(in) == map);
    in.expect_end();
  };
  round_trip(CellMap::affine(100, -1, 3));
  round_trip(CellMap::lattice(-3, 5, 2));
  round_trip(CellMap::bend(200, 1, 0.5, 100'000, 100));
  round_trip(CellMap::cuts(std::vector<double>{-1, 0, 2.5}));
  CHECK_ERROR("scale = -1 is not positive", CellMap::affine(4, 0, -1));
  CHECK_ERROR("origin = nan is not finite", CellMap::affine(4, NAN, 1));
  CHECK_ERROR("scale = 3 is not a power of two", CellMap::lattice(0, 4, 3));
  CHECK_ERROR("cells = 1048577 is not from 1", CellMap::lattice(0, 1e9, 1));
  CHECK_ERROR("bend = 0 is not positive", CellMap::bend(4, 0, 0, 1, 0));
  CHECK_ERROR("cuts must rise: cuts[1] = 1 does not exceed 1",
              CellMap::cuts(std::vector<double>{1, 1}));
}

}  // namespace kedge
