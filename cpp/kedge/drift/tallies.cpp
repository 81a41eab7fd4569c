#include "kedge/drift/tallies.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kedge/base/math.h"
#include "kedge/drift/bracket.h"

namespace kedge {
namespace {

constexpr std::uint32_t kMostNames = kMostCuts - 1;  // and one tally for all others that are listed
constexpr std::uint32_t kFamilies = 3;  // of events, below; each with its part of alpha

// The tallies that every column has.
enum CommonTally : std::uint32_t { kRows, kValues, kMissingRows, kCommonTallies };

double share_of(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

// The ends of the fewest first cells that hold the share i / (kMostCuts + 1), each once; the last
// cell of the order is no cut.
std::vector<std::uint32_t> cuts_at_quantiles(const Histogram& reference) {
  std::vector<std::uint32_t> cuts;
  const auto rows = static_cast<double>(reference.value_count());
  const std::uint32_t end = plus_inf_slot(reference.map().cells());
  std::uint64_t seen = 0;
  std::uint32_t next = 1;
  for (std::uint32_t slot = 0; slot < end && next <= kMostCuts; ++slot) {
    seen += reference.slot_count(slot);
    if (seen == reference.value_count()) break;
    if (static_cast<double>(seen) * (kMostCuts + 1) < next * rows) continue;
    cuts.push_back(slot);
    while (next <= kMostCuts && static_cast<double>(seen) * (kMostCuts + 1) >= next * rows) ++next;
  }
  return cuts;
}

// Slots of the names that came most often, in their order.
std::vector<std::uint32_t> frequent_names(const Categories& reference) {
  std::vector<std::uint32_t> slots(reference.map().size());
  std::iota(slots.begin(), slots.end(), 0u);
  const std::size_t kept = std::min<std::size_t>(kMostNames, slots.size());
  const auto more = [&](std::uint32_t a, std::uint32_t b) {
    const std::uint64_t x = reference.slot_count(a);
    const std::uint64_t y = reference.slot_count(b);
    return x != y ? x > y : a < b;
  };
  std::partial_sort(slots.begin(), slots.begin() + static_cast<std::ptrdiff_t>(kept), slots.end(),
                    more);
  slots.resize(kept);
  std::sort(slots.begin(), slots.end());
  return slots;
}

Known narrower(const Known& a, const Known& b) noexcept {
  return {std::max(a.at_least, b.at_least), std::min(a.at_most, b.at_most)};
}

// Of a value at or below the cut behind a cell. All single values that there may be share the
// error, each having its own chance of it, as those add up to 1 at most; and that chance is not
// below the value's share less the band at both of its sides.
Known chance_behind(const Histogram& reference, std::uint32_t slot, double share, double band,
                    double error) {
  const double alone = share_of(reference.slot_count(slot), reference.value_count()) - 2 * band;
  if (alone <= 0 || !is_point_slot(reference.map(), slot)) return {};
  const double log_error = log_of(2 / error) - log_of(alone);
  return chances_within(share, log_error / static_cast<double>(reference.value_count()));
}

}  // namespace

ColumnTallies::ColumnTallies(const ColumnProfile& reference, double alpha)
    : size_(kCommonTallies), cut_error_(alpha / kFamilies) {
  if (reference.row_count() == 0) return;
  const double part = alpha / kFamilies;
  events_.push_back({EventKind::kMissing, 0, kMissingRows, kRows,
                     chance_of_event(reference.missing_count(), reference.row_count(), part)});
  if (const auto* numbers = std::get_if<Histogram>(&reference.counts)) {
    add_numbers(*numbers, part);
  } else if (const auto* names = std::get_if<Categories>(&reference.counts)) {
    add_names(*names, part);
  } else if (reference.value_count() > 0) {
    const auto& texts = std::get<Text>(reference.counts);
    add_cuts(texts.lengths(), EventKind::kLengthCut, cuts_);
    add_cuts(texts.buckets(), EventKind::kHashCut, hash_cuts_);
  }
}

void ColumnTallies::add_event(EventKind kind, std::uint32_t slot, std::uint32_t rows,
                              const Known& reference) {
  events_.push_back({kind, slot, add_tally(), rows, reference});
}

void ColumnTallies::add_cuts(const Histogram& reference, EventKind kind, Cuts& cuts) {
  const double band = share_error(reference.value_count(), cut_error_ * kErrorOfBand);
  cuts.slots = cuts_at_quantiles(reference);
  cuts.first_tally = size_;
  for (const std::uint32_t slot : cuts.slots) {
    const double share = share_of(reference.range_count(0, slot + 1), reference.value_count());
    add_event(kind, slot, kValues,
              narrower(widened(share, share, band),
                       chance_behind(reference, slot, share, band, cut_error_ * kErrorOfPoints)));
  }
}

void ColumnTallies::add_numbers(const Histogram& reference, double alpha) {
  const std::uint64_t values = reference.value_count();
  if (values == 0) return;
  const double error = share_error(values, cut_error_ * kErrorOfBand);
  add_cuts(reference, EventKind::kValueCut, cuts_);
  const std::uint32_t cells = reference.map().cells();
  if (cells < 3) return;  // no cell is inside of a range
  const std::uint64_t below = reference.range_count(0, 2);
  const std::uint64_t above = reference.range_count(cells, cells + 2);
  const double outside = outside_share(values, alpha);
  const auto known = [&](std::uint64_t hits) {
    const double share = share_of(hits, values);
    return hits == 0 ? Known{0, std::min(1.0, outside)} : widened(share, share, error);
  };
  add_event(EventKind::kBelowRange, 1, kValues, known(below));
  add_event(EventKind::kAboveRange, cells, kValues, known(above));
}

void ColumnTallies::add_names(const Categories& reference, double alpha) {
  const std::uint64_t values = reference.value_count();
  if (values == 0) return;
  double roots = static_cast<double>(reference.unlisted_count());
  std::uint64_t singles = 0;
  for (std::uint32_t slot = 0; slot < reference.map().size(); ++slot) {
    roots += std::sqrt(static_cast<double>(reference.slot_count(slot)));
    singles += reference.slot_count(slot) == 1 ? 1 : 0;
  }
  const double part = alpha / 3;
  const double error = total_variation_error(values, roots, part);
  const auto any_set = [&](std::uint64_t hits) {
    const double share = share_of(hits, values);
    return widened(share, share, error);
  };
  names_ = frequent_names(reference);
  std::uint64_t named = 0;
  for (const std::uint32_t slot : names_) {
    const std::uint64_t hits = reference.slot_count(slot);
    named += hits;
    add_event(EventKind::kName, slot, kValues,
              narrower(any_set(hits), chance_of_name(hits, values, part)));
  }
  const std::uint64_t unlisted = reference.unlisted_count();
  add_event(EventKind::kOtherNames, 0, kValues, any_set(values - unlisted - named));
  // Where the reference has unlisted names, the listed ones are those that came often by chance
  // too; where it has none, what is unlisted is what it has not seen.
  const double unseen = std::min(1.0, unseen_share(values, singles, part));
  add_event(EventKind::kNewName, reference.map().unlisted_slot(), kValues,
            unlisted > 0 ? any_set(unlisted) : Known{0, unseen});
}

void ColumnTallies::read(const ColumnProfile& current, std::span<std::uint64_t> tallies) const {
  tallies[kRows] = current.row_count();
  tallies[kMissingRows] = current.missing_count();
  tallies[kValues] = tallies[kRows] - tallies[kMissingRows];
  const auto read_cuts = [&](const Histogram& counts, const Cuts& cuts) {
    std::uint64_t seen = 0;
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < cuts.slots.size(); ++i) {
      seen += counts.range_count(next, cuts.slots[i] + 1);
      tallies[cuts.first_tally + i] = seen;
      next = cuts.slots[i] + 1;
    }
  };
  if (const auto* numbers = std::get_if<Histogram>(&current.counts)) {
    read_cuts(*numbers, cuts_);
    const std::uint32_t cells = numbers->map().cells();
    const std::size_t after = cuts_.first_tally + cuts_.slots.size();
    if (after < kCommonTallies || after + 2 > size_) return;
    tallies[after] = numbers->range_count(0, 2);
    tallies[after + 1] = numbers->range_count(cells, cells + 2);
  } else if (const auto* names = std::get_if<Categories>(&current.counts)) {
    if (size_ == kCommonTallies) return;
    std::uint64_t named = 0;
    std::uint32_t tally = kCommonTallies;
    for (const std::uint32_t slot : names_) named += tallies[tally++] = names->slot_count(slot);
    tallies[tally++] = names->value_count() - names->unlisted_count() - named;
    tallies[tally] = names->unlisted_count();
  } else {
    const auto& texts = std::get<Text>(current.counts);
    read_cuts(texts.lengths(), cuts_);
    read_cuts(texts.buckets(), hash_cuts_);
  }
}

}  // namespace kedge
