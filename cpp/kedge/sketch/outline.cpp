#include "kedge/sketch/outline.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kedge/arrow/check.h"
#include "kedge/arrow/flatten.h"
#include "kedge/arrow/numeric.h"
#include "kedge/base/bits.h"
#include "kedge/base/error.h"
#include "kedge/base/sort.h"
#include "kedge/sketch/cell_fit.h"
#include "kedge/sketch/name_reader.h"

namespace kedge {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kMostLengths = 65536;
constexpr std::uint32_t kSliceCandidates = 1024;

// A name that was shortened to be kept has more bytes, and is not what rows will be looked up by.
constexpr std::size_t kMostListedBytes = 236;

// So many different names are counted exactly before the listed ones are chosen.
constexpr std::uint32_t kFewNames = 65536;
// Strings are text and no categories when most of them are different, or when those that can be
// listed are few of the rows.
constexpr double kMostDistinctShare = 0.5;
constexpr double kLeastListed = 0.1;
constexpr std::uint64_t kFewestTexts = 100;

constexpr std::size_t kMostExact = kMaxCells / 2 - 1;

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Calls use(values) with the finite values of a column, block by block.
template <class Use>
void each_finite(const Column& column, const Use& use) {
  double block[kBlock];
  for (std::size_t start = 0; start < column.length; start += kBlock) {
    const std::size_t rows = std::min(kBlock, column.length - start);
    read_doubles(column, start, rows, block);
    std::size_t finite = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      block[finite] = block[i];
      finite += std::isfinite(block[i]) && !column.is_null(start + i) ? 1 : 0;
    }
    use(std::span<const double>(block, finite));
  }
}

void widen(std::optional<ValueRange>& range, std::span<const double> values) {
  if (values.empty()) return;
  ValueRange both = range.value_or(ValueRange{values[0], values[0]});
  for (const double value : values) {
    both.low = std::min(both.low, value);
    both.high = std::max(both.high, value);
  }
  range = both;
}

double sampled_value(const Column& column, std::size_t row) {
  double value = std::numeric_limits<double>::quiet_NaN();
  if (!column.is_null(row)) read_doubles(column, row, 1, &value);
  return std::isfinite(value) ? value : std::numeric_limits<double>::quiet_NaN();
}

// Lengths up to kMostLengths are known, so the sample is all of them, thinned.
CellMap length_map(const std::vector<std::uint64_t>& lengths, std::uint64_t longest,
                   std::uint32_t cells) {
  std::uint64_t total = 0;
  for (const std::uint64_t rows : lengths) total += rows;
  const std::uint64_t step = total / RowSample::kMostRows + 1;
  std::vector<double> sample;
  for (std::size_t length = 0; length < lengths.size(); ++length) {
    const std::uint64_t times = (lengths[length] + step - 1) / step;
    sample.insert(sample.end(), static_cast<std::size_t>(times), static_cast<double>(length));
  }
  return fit_cell_map(sample, {0, static_cast<double>(longest)}, cells);
}

CellMap cut_map(std::vector<double> cuts, const std::optional<ValueRange>& range) {
  if (range) cuts.push_back(range->low);
  if (range && std::isfinite(next_up(range->high))) cuts.push_back(next_up(range->high));
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return CellMap::cuts(cuts);
}

void check_options(const ProfileOptions& options) {
  if (options.cells < kLeastFitCells || options.cells > kMostFitCells) {
    throw invalid_argument("cells = ", options.cells, " is not from ", kLeastFitCells, " to ",
                           kMostFitCells);
  }
  if (options.max_categories < 1 || options.max_categories > kMaxCategories) {
    throw invalid_argument("max_categories = ", options.max_categories, " is not from 1 to ",
                           kMaxCategories);
  }
}

void check_profiled(const Field& field, bool as_category) {
  if (as_category ? NameReader::takes(field.type)
                  : is_numeric(field.type) || NameReader::takes(field.type)) {
    return;
  }
  throw unsupported(
      "column \"", field.name, "\": ", type_name(field.type),
      as_category ? " has no categories" : " cannot be profiled; choose others with columns=");
}

}  // namespace

Outline::Outline(const Schema& schema, ProfileOptions options) : options_(std::move(options)) {
  check_options(options_);
  const Schema flat = flatten(schema);
  std::vector<std::size_t> chosen;
  chosen.reserve(flat.size());
  for (const std::string& name : options_.columns) chosen.push_back(find_column(flat, name));
  for (std::size_t i = 0; options_.columns.empty() && i < flat.size(); ++i) chosen.push_back(i);
  for (const std::size_t i : chosen) {
    const Field& field = flat[i];
    const bool as_category = holds(options_.categorical, field.name);
    check_profiled(field, as_category);
    Look& look = looks_.emplace_back();
    look.field = field;
    if (as_category || !is_numeric(field.type)) {
      look.names = Names{Frequent(kFewNames + 2 * options_.max_categories), {}};
    }
  }
  for (const std::string& name : options_.slices) {
    const Field& field = flat[find_column(flat, name)];
    if (!NameReader::takes(field.type)) {
      throw unsupported("column \"", name, "\": ", type_name(field.type),
                        " has no values to slice by");
    }
    slicings_.push_back({field, Frequent(kSliceCandidates)});
  }
  const auto is_looked_at = [&](const std::string& name) {
    return std::any_of(looks_.begin(), looks_.end(),
                       [&](const Look& look) { return look.field.name == name; });
  };
  const auto is_of_numbers = [&](const std::string& name) {
    return std::any_of(looks_.begin(), looks_.end(),
                       [&](const Look& look) { return look.field.name == name && !look.names; });
  };
  for (const std::string& name : options_.categorical) {
    if (!is_looked_at(name)) throw invalid_argument("categorical: \"", name, "\" is no column");
  }
  for (const auto& [name, cuts] : options_.cuts) {
    if (!is_looked_at(name)) throw invalid_argument("cuts: \"", name, "\" is no column");
    if (!is_of_numbers(name)) throw invalid_argument("cuts: \"", name, "\" has no numbers to cut");
    const std::string reason = cuts.empty() ? "there is none" : flaw_of(cuts);
    if (!reason.empty()) throw invalid_argument("cuts of column \"", name, "\": ", reason);
  }
}

const Column& Outline::checked_column(const Batch& flat, const Field& seen) {
  const std::size_t i = find_column(*flat.schema, seen.name);
  if (flat.field(i).type != seen.type) {
    throw invalid_argument("column \"", seen.name, "\": was ", type_name(seen.type), ", got ",
                           type_name(flat.field(i).type));
  }
  in_column(seen.name, [&] { check_column(flat.columns[i]); });
  return flat.columns[i];
}

void Outline::look(const Batch& batch) {
  if (is_broken_) throw invalid_argument("the first look failed before; begin another");
  const Batch flat = flatten(batch);
  std::vector<const Column*> columns;
  std::vector<const Column*> slicing;
  columns.reserve(looks_.size());
  slicing.reserve(slicings_.size());
  for (const Look& look : looks_) columns.push_back(&checked_column(flat, look.field));
  for (const Slicing& by : slicings_) slicing.push_back(&checked_column(flat, by.field));
  is_broken_ = true;  // until every column has seen the rows
  rows_.extend(batch.length, kept_, chosen_);
  for (std::size_t i = 0; i < looks_.size(); ++i) {
    in_column(looks_[i].field.name, [&] {
      if (looks_[i].names) {
        look_at_names(looks_[i], *columns[i]);
      } else {
        looks_[i].distinct.add(*columns[i]);
        look_at_numbers(looks_[i], *columns[i]);
      }
    });
  }
  for (std::size_t i = 0; i < slicing.size(); ++i) slicings_[i].values.update(*slicing[i]);
  is_broken_ = false;
}

void Outline::look_at_numbers(Look& look, const Column& column) const {
  Numbers& numbers = look.numbers;
  std::vector<double>& sample = numbers.sample;
  for (std::size_t i = 0; i < kept_.size(); ++i) sample[i] = sample[kept_[i]];
  sample.resize(kept_.size());
  for (const std::size_t row : chosen_) sample.push_back(sampled_value(column, row));
  look.values += column.length - column.null_count();
  each_finite(column, [&](std::span<const double> values) {
    widen(numbers.range, values);
    if (!options_.exact) return;
    numbers.values.insert(numbers.values.end(), values.begin(), values.end());
    if (numbers.values.size() > 4 * kMostExact) keep_distinct(look);
  });
}

void Outline::keep_distinct(Look& look) const {
  std::vector<double>& values = look.numbers.values;
  for (double& value : values) value += 0.0;  // one zero
  sort_values(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.size() > kMostExact) {
    throw resource_exhausted("exact=True takes up to ", kMostExact,
                             " distinct values; choose cells instead");
  }
}

void Outline::look_at_names(Look& look, const Column& column) const {
  Names& names = *look.names;
  // Strings are hashed once for all; the numbers of categories are told apart as numbers.
  const bool is_text = Text::takes(look.field.type);
  if (!is_text) look.distinct.add(column);
  NameReader reader(column);
  look.values += column.length - reader.null_count();
  while (reader.next()) {
    names.frequent.add(reader.keys(), reader.weights());
    for (std::size_t i = 0; i < reader.keys().size(); ++i) {
      const std::size_t length = std::min(reader.keys()[i].length, kMostLengths);
      if (is_text) look.distinct.add(reader.keys()[i].hash);
      if (length >= names.lengths.size()) names.lengths.resize(length + 1);
      names.lengths[length] += reader.weights() == nullptr ? 1 : reader.weights()[i];
      names.longest = std::max<std::uint64_t>(names.longest, reader.keys()[i].length);
    }
  }
}

CellMap Outline::number_map(const Look& look) const {
  const Numbers& numbers = look.numbers;
  const auto cuts = options_.cuts.find(look.field.name);
  if (cuts != options_.cuts.end()) return cut_map(cuts->second, numbers.range);
  if (!numbers.range) return CellMap::cuts({});
  if (options_.exact) {
    Look exact = look;
    keep_distinct(exact);
    return exact_cell_map(exact.numbers.values);
  }
  std::vector<double> sample;
  for (const double value : numbers.sample) {
    if (value == value) sample.push_back(value);
  }
  // The sample can miss all of a few values.
  if (sample.empty()) sample = {numbers.range->low, numbers.range->high};
  sort_values(sample);
  return fit_cell_map(sample, *numbers.range, options_.cells);
}

ColumnCounts Outline::counts_of(const Look& look) const {
  const auto share = [](CellMap map) { return std::make_shared<const CellMap>(std::move(map)); };
  if (!look.names) return Histogram(share(number_map(look)));
  const Frequent& frequent = look.names->frequent;
  std::vector<std::string> names;
  std::uint64_t listed = 0;
  for (const FrequentName& found : frequent.top(options_.max_categories)) {
    if (found.name.size() > kMostListedBytes) continue;
    names.push_back(found.name);
    listed += found.count - found.error;
  }
  const bool is_many =
      look.distinct.estimate() > kMostDistinctShare * static_cast<double>(look.values);
  const bool is_text =
      Text::takes(look.field.type) && !holds(options_.categorical, look.field.name) &&
      look.values >= kFewestTexts &&
      (is_many || kLeastListed * static_cast<double>(look.values) > static_cast<double>(listed));
  if (is_text)
    return Text(share(length_map(look.names->lengths, look.names->longest, options_.cells)));
  return Categories(std::make_shared<const CategoryMap>(std::move(names)));
}

Profile Outline::profile() const {
  Profile profile;
  for (const Look& look : looks_) {
    const auto distinct = static_cast<std::uint64_t>(std::ceil(look.distinct.estimate() - 0.5));
    profile.add_column({look.field.name, type_name(look.field.type), distinct,
                        in_column(look.field.name, [&] { return counts_of(look); })});
  }
  for (const Slicing& slicing : slicings_) {
    std::vector<std::string> values;
    for (const FrequentName& found : slicing.values.top(kMostSlices)) {
      if (found.name.size() <= kMostListedBytes) values.push_back(found.name);
    }
    profile.add_slices(slicing.field.name, std::make_shared<const CategoryMap>(std::move(values)));
  }
  return profile;
}

}  // namespace kedge
