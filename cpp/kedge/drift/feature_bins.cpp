#include "kedge/drift/feature_bins.h"

#include <algorithm>

#include "kedge/sketch/row_slot.h"

namespace kedge {
namespace {

constexpr std::uint8_t kMissingCode = kCoarseCodes - 1;

// Bin numbers for ordered parts, rising: a bin ends once it has its part of the total.
std::vector<std::uint8_t> even_bins(std::span<const double> shares, std::uint32_t bins) {
  double total = 0;
  for (const double share : shares) total += share;
  const double wanted = total / bins;
  std::vector<std::uint8_t> bin_of;
  std::uint8_t bin = 0;
  double inside = 0;
  for (const double share : shares) {
    if (inside > 0 && inside >= wanted && bin + 1u < bins) {
      ++bin;
      inside = 0;
    }
    bin_of.push_back(bin);
    inside += share;
  }
  return bin_of;
}

FeatureBins number_bins(const ColumnProfile& profile, std::span<const double> shares) {
  std::size_t ordered = shares.size();
  while (is_missing_slot(profile, static_cast<std::uint32_t>(ordered - 1))) --ordered;
  FeatureBins bins;
  bins.fine = even_bins(shares.first(ordered), kFineBins);
  const std::uint32_t used = bins.fine.back() + 1u;
  std::vector<double> fine_shares(used);
  for (std::size_t slot = 0; slot < ordered; ++slot) fine_shares[bins.fine[slot]] += shares[slot];
  bins.fine.resize(shares.size(), static_cast<std::uint8_t>(used));
  bins.coarse = even_bins(fine_shares, kCoarseCodes - 1);
  bins.coarse.push_back(kMissingCode);
  return bins;
}

FeatureBins name_bins(const CategoryMap& map, std::span<const double> shares, double least) {
  std::vector<std::uint32_t> names;
  for (std::uint32_t slot = 0; slot < map.size(); ++slot) {
    if (shares[slot] >= least) names.push_back(slot);
  }
  std::stable_sort(names.begin(), names.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return shares[a] > shares[b]; });
  names.resize(std::min<std::size_t>(names.size(), kFineNames));
  const auto rest = static_cast<std::uint8_t>(names.size());
  constexpr std::uint8_t kRestCode = kMissingCode - 1;
  FeatureBins bins;
  bins.fine.assign(shares.size(), rest);
  for (std::uint8_t i = 0; i < rest; ++i) {
    bins.fine[names[i]] = i;
    bins.coarse.push_back(std::min(i, kRestCode));
  }
  bins.fine[map.null_slot()] = static_cast<std::uint8_t>(rest + 1);
  bins.coarse.push_back(kRestCode);
  bins.coarse.push_back(kMissingCode);
  return bins;
}

}  // namespace

FeatureBins feature_bins(const ColumnProfile& profile, std::span<const double> shares,
                         double least) {
  if (const auto* names = std::get_if<Categories>(&profile.counts)) {
    return name_bins(names->map(), shares, least);
  }
  return number_bins(profile, shares);
}

}  // namespace kedge
