#include "kedge/drift/bins.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kedge/sketch/name_reader.h"

namespace kedge {
namespace {

std::vector<std::uint64_t> name_counts(const Categories& categories) {
  std::vector<std::uint64_t> counts(categories.map().unlisted_slot() + std::size_t{1});
  for (std::uint32_t slot = 0; slot < counts.size(); ++slot) {
    counts[slot] = categories.slot_count(slot);
  }
  return counts;
}

}  // namespace

BinnedCounts cell_bins(const Histogram& reference, const Histogram& current) {
  return {reference.cell_counts(), current.cell_counts()};
}

BinnedCounts coarse_bins(const BinnedCounts& cells, std::size_t bins) {
  const auto total =
      std::accumulate(cells.reference.begin(), cells.reference.end(), std::uint64_t{0});
  const double per_row = static_cast<double>(bins) / static_cast<double>(total == 0 ? 1 : total);
  std::vector<std::size_t> starts;
  std::uint64_t seen = 0;
  double next_bin = 1;
  for (std::size_t cell = 0; cell < cells.reference.size(); ++cell) {
    const std::uint64_t count = cells.reference[cell];
    const double bin =
        static_cast<double>(static_cast<std::int64_t>(2 * seen + count)) / 2 * per_row;
    const bool is_next = bin >= next_bin && next_bin < static_cast<double>(bins);
    if (cell == 0 || is_next) starts.push_back(cell);
    if (is_next) next_bin = std::floor(bin) + 1;
    seen += count;
  }
  starts.push_back(cells.reference.size());
  const auto sums = [&](const std::vector<std::uint64_t>& counts) {
    std::vector<std::uint64_t> out;
    for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
      out.push_back(
          std::accumulate(&counts[starts[i]], counts.data() + starts[i + 1], std::uint64_t{0}));
    }
    return out;
  };
  return {sums(cells.reference), sums(cells.current)};
}

BinnedCounts pooled(const BinnedCounts& bins) {
  constexpr double kLeastExpected = 5;
  const auto sum = [](const std::vector<std::uint64_t>& counts) {
    return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
  };
  const double n = sum(bins.reference);
  const double m = sum(bins.current);
  const double smaller = std::min(n, m) / (n + m);
  BinnedCounts kept;
  std::uint64_t rare = 0;
  std::uint64_t rare_now = 0;
  for (std::size_t bin = 0; bin < bins.reference.size(); ++bin) {
    const std::uint64_t both = bins.reference[bin] + bins.current[bin];
    if (static_cast<double>(both) * smaller < kLeastExpected) {
      rare += bins.reference[bin];
      rare_now += bins.current[bin];
    } else {
      kept.reference.push_back(bins.reference[bin]);
      kept.current.push_back(bins.current[bin]);
    }
  }
  const bool is_enough = static_cast<double>(rare + rare_now) * smaller >= kLeastExpected;
  if (is_enough || kept.reference.size() < 2) {
    kept.reference.push_back(rare);
    kept.current.push_back(rare_now);
    return kept;
  }
  std::size_t least = 0;
  for (std::size_t bin = 1; bin < kept.reference.size(); ++bin) {
    if (kept.reference[bin] + kept.current[bin] < kept.reference[least] + kept.current[least]) {
      least = bin;
    }
  }
  kept.reference[least] += rare;
  kept.current[least] += rare_now;
  return kept;
}

void NameTally::add(const Column& column, std::vector<std::uint64_t>& counts) {
  NameReader reader(column);
  while (reader.next()) {
    for (std::size_t i = 0; i < reader.keys().size(); ++i) {
      const std::uint32_t id = names_.insert(reader.keys()[i]);
      bins_.reference.resize(names_.size());
      bins_.current.resize(names_.size());
      counts[id] += reader.weights() == nullptr ? 1 : reader.weights()[i];
    }
  }
}

BinnedCounts name_bins(const Categories& reference, const Categories& current) {
  return {name_counts(reference), name_counts(current)};
}

}  // namespace kedge
