#include "kedge/sketch/cell_map.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "check.h"
#include "kedge/base/bits.h"
#include "kedge/base/math.h"
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

const std::vector<PartSplit> kSplits = {{-1, 3, 40}, {}, {},         {5.5, 40, 9},
                                        {6, 1, 1},   {}, {20, 3, 30}};
const std::vector<PartSplit> kNoCells = {{}, {0, 1, 3}};

CellMap three_clusters() { return CellMap::clusters({-1.25, 31}, -1, 0.5, kSplits); }

CellMap fit(const std::vector<double>& sample, std::uint32_t cells) {
  const ValueRange range =
      sample.empty() ? ValueRange{} : ValueRange{sample.front(), sample.back()};
  return fit_cell_map(sample, range, cells);
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
  CHECK(fit(normal, 4096).plan().kind == CellKind::kAffine);
  CHECK(fit(heavy, 4096).plan().kind == CellKind::kBend);
  CHECK(fit(clusters, 4096).plan().kind == CellKind::kClusters);
  CHECK(fit(ages, 4096).plan().kind == CellKind::kLattice);
  CHECK(fit(ages, 4096).cells() == 181);
  CHECK(fit(grades, 4096).cells() == 23);
  CHECK(fit(spend, 4096).plan().kind == CellKind::kBend);
  for (const auto& sample : {normal, heavy, clusters, ages, grades, spend}) {
    const CellMap map = fit(sample, 4096);
    CHECK(map.cells() <= 4096);
    CHECK(largest_cell(map, sample) < 0.002);
  }
}

TEST("a value with more than a cell's fair share has a cell of its own") {
  auto sample = sorted(10'000, [](Random& r) { return r.below(10) < 4 ? 0.25 : bell(r); });
  const CellMap map = fit(sample, 256);
  const std::uint32_t cell = cell_slot(map.plan(), 0.25) - 1;
  CHECK(map.is_point(cell));
  CHECK(map.lower_bound(cell) == 0.25);
  CHECK(map.lower_bound(cell + 1) == next_up(0.25));
}

TEST("atoms do not cost a column its formula, wherever they lie, until there are too many") {
  const auto atoms_of = [](int atoms, double origin, double step) {
    return sorted(20'000, [&](Random& r) {
      const auto atom = static_cast<double>(r.below(40));
      return atom < atoms ? origin + step * atom : bell(r);
    });
  };
  for (const auto& [origin, step] :
       std::vector<std::pair<double, double>>{{0, 0.1}, {-7, 0.01}, {-999, 300}, {50, 1e5}}) {
    for (const int atoms : {1, 3, 8}) {
      const CellMap map = fit(atoms_of(atoms, origin, step), 1024);
      CHECK(map.plan().kind == CellKind::kAffine);
      CHECK(map.plan().atom_count == static_cast<std::uint32_t>(atoms));
      CHECK(map.cells() <= 1024);
      for (int i = 0; i < atoms; ++i) {
        CHECK(map.is_point(cell_slot(map.plan(), origin + step * i) - 1));
      }
    }
    CHECK(fit(atoms_of(9, origin, step), 1024).plan().kind == CellKind::kCuts);
  }
  CHECK(fit({0.1, 0.1, 0.3, 0.3}, 8).plan().kind == CellKind::kCuts);
}

TEST("clusters get cells where they are, with atoms among them") {
  const auto clusters = sorted(65536, [](Random& r) {
    const auto which = static_cast<double>(r.below(10));
    return which < 2 ? 0.0 : bell(r) * (which < 6 ? 1 : 0.01) + (which < 6 ? 1e6 : -3e6);
  });
  for (const std::uint32_t cells : {256u, 1024u, 4096u}) {
    const CellMap map = fit(clusters, cells);
    CHECK(map.plan().kind == CellKind::kClusters);
    CHECK(map.cells() <= cells);
    CHECK(map.is_point(cell_slot(map.plan(), 0.0) - 1));
    CHECK(largest_cell(map, clusters) < 4.0 / cells);
    CHECK(largest_cell(map.refined(16), clusters) < 1.5 / cells);
  }
}

TEST("refined clusters keep the bounds of their cells, a shared cell stays one") {
  const CellMap map = three_clusters().with_atoms(std::vector<double>{0, 6});
  const CellMap fine = map.refined(8);
  CHECK(fine.cells() == 8 * 80 + 2 + 2 * 2);
  CHECK(fine.refined(1) == fine);
  const std::vector<PartSplit> steep = {{0, 1, 2}, {0.5, 1e308, 2}};
  const CellMap narrow = CellMap::clusters({0, 1}, 0, 2, steep);
  CHECK(narrow.refined(16) == narrow);
  for (std::uint32_t cell = 1; cell < map.cells(); ++cell) {
    const double bound = map.lower_bound(cell);
    if (!std::isfinite(bound) || bound == 0) continue;
    const double before = from_ordered_bits(ordered_bits(bound) - 1);
    CHECK(cell_slot(fine.plan(), before) < cell_slot(fine.plan(), bound));
  }
}

TEST("an atom's cell is a point, with a cell on both sides, and no other cell is") {
  const double least = 5e-324;
  const std::vector<double> atoms = {-2, -least, 0.0, least, 0.5, 0x1p53};
  for (const CellMap& map :
       {CellMap::affine(50, {-2, 0x1p53}, -1, 25).with_atoms(atoms),
        CellMap::bend(50, {-2, 1e300}, 0, 0.5, 900'000, 5).with_atoms(atoms)}) {
    std::vector<std::uint32_t> points;
    for (const double atom : atoms) {
      const std::uint32_t cell = cell_slot(map.plan(), atom) - 1;
      CHECK(map.lower_bound(cell) == atom);
      CHECK(map.upper_bound(cell) == atom);
      CHECK(map.lower_bound(cell + 1) == next_up(atom));
      if (atom < 0x1p53) points.push_back(cell);
    }
    for (std::uint32_t cell = 0; cell < map.cells(); ++cell) {
      CHECK(map.is_point(cell) == std::binary_search(points.begin(), points.end(), cell));
    }
  }
}

TEST("refining splits the cells between atoms and leaves these alone") {
  const std::vector<double> atoms = {0.0, 0.3, 1.0};
  for (const CellMap& map : {CellMap::affine(10, {0, 1}, 0, 10).with_atoms(atoms),
                             CellMap::bend(10, {0, 1}, 0.25, 0.5, 40'000, 3).with_atoms(atoms)}) {
    const CellMap fine = map.refined(16);
    CHECK(fine.cells() == 10 * 16 + 2 + 2 * 3);
    for (const double atom : atoms) CHECK(fine.is_point(cell_slot(fine.plan(), atom) - 1));
    for (std::uint32_t cell = 1; cell < map.cells(); ++cell) {
      const double bound = map.lower_bound(cell);
      if (!std::isfinite(bound) || bound > 1) continue;
      const std::uint32_t slot = cell_slot(fine.plan(), bound);
      CHECK(bound == 0 ||
            cell_slot(fine.plan(), from_ordered_bits(ordered_bits(bound) - 1)) < slot);
    }
  }
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
      const CellMap map = fit(sample, cells);
      CHECK(map.cells() <= cells);
      for (const double value : sample) {
        CHECK(cell_slot(map.plan(), value) <= map.cells());
      }
    }
  }
  CHECK_ERROR("cells = 7 is not from 8 to 1048576", fit({}, 7));
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
  check(CellMap::affine(100, {-1.25, 31}, -1, 3.2));
  check(CellMap::lattice(-3, 5, 2));
  check(CellMap::bend(200, {-1.25, 31}, 1, 0.5, 100'000, 58));
  check(CellMap::cuts(std::vector<double>{-1, 0, 2.5}));
  const std::vector<double> atoms = {-1.25, 0.0, 1e-300, 31};
  check(CellMap::affine(100, {-1.25, 31}, -1, 3.2).with_atoms(atoms));
  check(CellMap::bend(200, {-1.25, 31}, 1, 0.5, 100'000, 58).with_atoms(atoms));
  check(three_clusters());
  check(three_clusters().with_atoms(atoms));
}

TEST("the first and the last cell hold what is outside of the range, and nothing else") {
  constexpr ValueRange kRange = {-1.25, 31};
  const std::vector<double> cuts = {kRange.low, 0, 2.5, next_up(kRange.high)};
  const std::vector<double> middle = {-1.2, 0, 30};
  for (const CellMap& map :
       {CellMap::affine(100, kRange, -1, 3.2), CellMap::affine(1, kRange, -50, 0.01),
        CellMap::lattice(-5, 124, 4), CellMap::bend(200, kRange, 1, 0.5, 100'000, 58),
        CellMap::affine(100, kRange, -1, 3.2).with_atoms(middle),
        CellMap::bend(200, kRange, 1, 0.5, 100'000, 58).with_atoms(middle), three_clusters(),
        three_clusters().with_atoms(middle), CellMap::cuts(cuts)}) {
    const std::uint32_t last = map.cells() - 1;
    CHECK(map.lower_bound(1) == kRange.low);
    CHECK(map.upper_bound(last - 1) == kRange.high);
    CHECK(map.lower_bound(last) == next_up(kRange.high));
    CHECK(map.lower_bound(0) == -std::numeric_limits<double>::max());
    CHECK(map.lower_bound(last + 1) == INFINITY);
    CHECK(map.upper_bound(last) == std::numeric_limits<double>::max());
  }
}

TEST("positions rise from the range's low to its high, near the bounds of their cells") {
  const std::vector<double> cuts = {-1.25, 0, 2.5, next_up(31.0)};
  const std::vector<double> atoms = {-1.25, 0, 30};
  for (const CellMap& map :
       {CellMap::affine(100, {-1.25, 31}, -1, 3.2), CellMap::lattice(-5, 124, 4),
        CellMap::bend(200, {-1.25, 31}, 1, 0.5, 100'000, 58),
        CellMap::affine(100, {-1.25, 31}, -1, 3.2).with_atoms(atoms),
        CellMap::bend(200, {-1.25, 31}, 1, 0.5, 100'000, 58).with_atoms(atoms), three_clusters(),
        three_clusters().with_atoms(atoms), CellMap::cuts(cuts)}) {
    const std::vector<double> positions = map.positions();
    CHECK(positions.size() == map.cells() + 1);
    CHECK(std::is_sorted(positions.begin(), positions.end()));
    CHECK(positions.front() == -1.25);
    CHECK(std::fabs(positions.back() - 31) < 1e-12);
    for (std::uint32_t cell = 1; cell + 1 < map.cells(); ++cell) {
      const double bound = map.lower_bound(cell);
      if (std::isfinite(bound)) CHECK(std::fabs(positions[cell] - bound) < 1e-9);
    }
  }
}

TEST("a bent map is refined as any other") {
  const auto heavy = sorted(16384, [](Random& r) { return exp_of(3 * bell(r)); });
  const CellMap map = fit(heavy, 1024);
  CHECK(map.plan().kind == CellKind::kBend);
  const CellMap refined = map.refined(64);
  CHECK(refined.cells() > 60 * 1024);
  CHECK(refined.lower_bound(1) == map.lower_bound(1));
  CHECK(refined.upper_bound(refined.cells() - 2) == map.upper_bound(map.cells() - 2));
}

TEST("maps of the kinds that had no range are read as maps of all doubles") {
  ByteWriter out;
  out.write(std::uint8_t{0});
  out.write(std::uint32_t{10});
  out.write(0.0);
  out.write(10.0);
  ByteReader in(out.view(), "test");
  const CellMap map = CellMap::read(in);
  CHECK(map.cells() == 12);
  for (const double value : {-1e300, -0.1, 0.0, 0.05, 0.55, 0.95, 1.0, 1e300}) {
    const double t = std::clamp(value * 10, 0.0, 9.0);
    CHECK(cell_slot(map.plan(), value) == 2 + static_cast<std::uint32_t>(t));
  }
}

TEST("a map reads back equal, and numbers out of bounds are refused by name") {
  const auto round_trip = [](const CellMap& map) {
    ByteWriter out;
    map.write(out);
    ByteReader in(out.view(), "test");
    CHECK(CellMap::read(in) == map);
    in.expect_end();
  };
  round_trip(CellMap::affine(100, {-1.25, 31}, -1, 3.2));
  round_trip(CellMap::lattice(-3, 5, 2));
  round_trip(CellMap::bend(200, {-1.25, 31}, 1, 0.5, 100'000, 58));
  round_trip(CellMap::cuts(std::vector<double>{-1, 0, 2.5}));
  const std::vector<double> atoms = {-1.25, -0.0, 31};
  const CellMap parted = CellMap::affine(100, {-1.25, 31}, -1, 3.2).with_atoms(atoms);
  round_trip(parted);
  round_trip(CellMap::bend(200, {-1.25, 31}, 1, 0.5, 100'000, 58).with_atoms(atoms));
  round_trip(three_clusters());
  round_trip(three_clusters().with_atoms(atoms));
  CHECK(!(parted == CellMap::affine(100, {-1.25, 31}, -1, 3.2)));
  CHECK(parted.with_atoms({}) == CellMap::affine(100, {-1.25, 31}, -1, 3.2));
  const auto with = [&](const std::vector<double>& wrong) { parted.with_atoms(wrong); };
  CHECK_ERROR("atoms[0] = -1.5 is not from -1.25 to 31", with({-1.5}));
  CHECK_ERROR("atoms[1] = nan is not from -1.25 to 31", with({1, NAN}));
  CHECK_ERROR("atoms must rise: atoms[1] = 1 does not exceed 1", with({1, 1}));
  CHECK_ERROR("more than 8 atoms", with({1, 2, 3, 4, 5, 6, 7, 8, 9}));
  CHECK_ERROR("a lattice and cuts take no atoms", CellMap::lattice(0, 4, 1).with_atoms(atoms));
  CHECK_ERROR("scale = -1 is not positive", CellMap::affine(4, {0, 1}, 0, -1));
  CHECK_ERROR("origin = nan is not finite", CellMap::affine(4, {0, 1}, NAN, 1));
  CHECK_ERROR("scale = 3 is not a power of two", CellMap::lattice(0, 4, 3));
  CHECK_ERROR("cells = 2097153 is not from 1", CellMap::lattice(0, 1e9, 1));
  CHECK_ERROR("range 2 to 1 is not finite and rising", CellMap::affine(4, {2, 1}, 0, 1));
  CHECK_ERROR("inner cells = 0 is not from 1", CellMap::affine(0, {0, 1}, 0, 1));
  CHECK_ERROR("range 0 to 1 does not reach from the first inner cell to the last",
              CellMap::bend(64, {0, 1}, 1e300, 1e290, 1, 32));
  CHECK_ERROR("bend = 0 is not positive", CellMap::bend(4, {0, 1}, 0, 0, 1, 0));
  const auto clusters = [](const std::vector<PartSplit>& splits) {
    CellMap::clusters({0, 1}, 0, 2, splits);
  };
  CHECK_ERROR("inner cells = 0 is not from 1", clusters({}));
  CHECK_ERROR("parts = 1025 is not from 1 to 1024",
              clusters(std::vector<PartSplit>(1025, {0, 1, 1})));
  CHECK_ERROR("parts[0] has no cell", clusters(kNoCells));
  CHECK_ERROR("parts[1]: scale = 0 is not positive", clusters({{0, 1, 3}, {0, 0, 3}}));
  CHECK_ERROR("parts[1]: offset = inf is not finite", clusters({{0, 1, 3}, {INFINITY, 1, 3}}));
  CHECK_ERROR("does not reach", clusters({{-1, 2, 3}, {0, 1, 3}}));
  CHECK_ERROR("cells = 2097153 is not from 1", clusters({{0, 1, 1u << 20}, {0, 1, 1u << 31}}));
  CHECK_ERROR("cuts must rise: cuts[1] = 1 does not exceed 1",
              CellMap::cuts(std::vector<double>{1, 1}));
}

}  // namespace kedge
