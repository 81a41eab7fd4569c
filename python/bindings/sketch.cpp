#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/operators.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <optional>

#include "arrow_input.h"
#include "bindings.h"
#include "kedge/base/error.h"
#include "kedge/sketch/cell_fit.h"
#include "kedge/sketch/moments.h"
#include "kedge/sketch/outline.h"
#include "kedge/sketch/profile.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

template <class Value>
using NumpyVector = nb::ndarray<nb::numpy, Value, nb::ndim<1>>;

template <class Value>
NumpyVector<Value> to_numpy(std::vector<Value> values) {
  auto kept = std::make_unique<std::vector<Value>>(std::move(values));
  auto* raw = kept.release();
  nb::capsule owner(raw, [](void* p) noexcept { delete static_cast<std::vector<Value>*>(p); });
  return NumpyVector<Value>(raw->data(), {raw->size()}, owner);
}

NumpyVector<std::uint64_t> slot_counts(const Histogram& histogram) {
  std::vector<std::uint64_t> counts;
  for (std::uint32_t slot = 0; slot <= plus_inf_slot(histogram.map().cells()); ++slot) {
    counts.push_back(histogram.slot_count(slot));
  }
  return to_numpy(std::move(counts));
}

NumpyVector<double> cell_bounds(const Histogram& histogram) {
  std::vector<double> bounds;
  for (std::uint32_t cell = 1; cell < histogram.map().cells(); ++cell) {
    bounds.push_back(histogram.map().lower_bound(cell));
  }
  return to_numpy(std::move(bounds));
}

std::uint32_t clamped(std::int64_t value, std::uint32_t most) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, std::int64_t{most} + 1));
}

// What is beyond a bound is refused as one more than it.
ProfileOptions options_of(std::int64_t cells, std::int64_t max_categories, bool exact,
                          std::vector<std::string> columns, std::vector<std::string> categorical,
                          std::map<std::string, std::vector<double>> cuts,
                          std::vector<std::string> slices) {
  ProfileOptions options;
  options.cells = clamped(cells, kMostFitCells);
  options.max_categories = clamped(max_categories, kMaxCategories);
  options.exact = exact;
  options.columns = std::move(columns);
  options.categorical = std::move(categorical);
  options.cuts = std::move(cuts);
  options.slices = std::move(slices);
  return options;
}

// The outline of batches whose schema the first of them brings.
struct Looking {
  ProfileOptions options;
  std::optional<Outline> outline;

  void look(const std::shared_ptr<const Schema>& schema, std::span<const Batch> batches) {
    if (!outline) outline.emplace(*schema, options);
    for (const Batch& batch : batches) outline->look(batch);
  }
};

// All batches or none. One batch is counted in place, which is all or nothing already; what several
// bring is counted aside, then added.
void update(Profile& profile, nb::handle data) {
  std::optional<Batch> first;
  std::optional<Profile> added;
  each_batch(data, [&](const Batch& batch) {
    if (!first) {
      first = batch;
      return;
    }
    if (!added) {
      added = profile.like();
      added->update(*first);
    }
    added->update(batch);
  });
  if (added) {
    profile.merge(*added);
  } else if (first) {
    profile.update(*first);
  }
}

std::vector<std::string> column_names(const Profile& profile) {
  std::vector<std::string> names;
  for (const ColumnProfile& column : profile.columns()) names.push_back(column.name);
  return names;
}

std::string line_of(const ColumnProfile& column) {
  std::string line = text(column.name, ": ", column.type, ", ");
  if (const auto* numbers = std::get_if<Histogram>(&column.counts)) {
    line += text(numbers->map().cells(), " cells, ", numbers->null_count(), " null, ",
                 numbers->nan_count(), " NaN");
  } else if (const auto* names = std::get_if<Categories>(&column.counts)) {
    line += text(names->map().size(), " categories, ", names->unlisted_count(), " not listed, ",
                 names->null_count(), " null");
  } else {
    const auto& texts = std::get<Text>(column.counts);
    line += text("text of ", texts.lengths().map().lower_bound(1), " to ",
                 texts.lengths().map().upper_bound(texts.lengths().map().cells() - 2), " bytes, ",
                 texts.null_count(), " null");
  }
  return line;
}

std::string describe(const Profile& profile) {
  constexpr std::size_t kMostLines = 20;
  std::string lines = text("Profile of ", profile.row_count(), " rows");
  const std::size_t columns = profile.columns().size();
  for (const ColumnProfile& column :
       std::span(profile.columns()).first(std::min(columns, kMostLines))) {
    lines += text("\n  ", line_of(column));
  }
  if (columns > kMostLines) lines += text("\n  and ", columns - kMostLines, " more columns");
  return lines;
}

template <class Counts>
Counts counts_of(const Profile& profile, std::string_view name, std::string_view wanted) {
  const ColumnProfile& column = profile.column(name);
  if (const auto* counts = std::get_if<Counts>(&column.counts)) return *counts;
  throw invalid_argument("column \"", name, "\" is a ", column.kind(), ", not a ", wanted);
}

std::vector<std::string_view> variant_names() {
  std::vector<std::string_view> names;
  for (const CellVariant& variant : cell_variants()) {
    if (is_runnable(variant.isa)) names.push_back(isa_name(variant.isa));
  }
  return names;
}

// The counts that one variant of the kernel gives, for tests and benchmarks.
using Parts = std::vector<std::pair<std::string, Profile>>;
Parts parts_of(const Profile& profile, std::string_view slicing) {
  const auto& all = profile.slices();
  const auto slices = std::ranges::find(all, slicing, &Slices::column);
  if (slices == all.end()) throw invalid_argument("no slices by column \"", slicing, "\"");
  Parts parts;
  parts.reserve(slices->size());
  for (std::size_t i = 0; i < slices->size(); ++i) {
    parts.emplace_back(slices->name(i), profile.part(*slices, i));
  }
  return parts;
}

NumpyVector<std::uint32_t> count_with(std::string_view isa, const Histogram& histogram,
                                      nb::handle data) {
  const Batches table = batches_from(data);
  std::vector<std::uint32_t> counts(histogram.map().slots());
  for (const CellVariant& variant : cell_variants()) {
    if (isa_name(variant.isa) != isa || !is_runnable(variant.isa)) continue;
    for (const Batch& batch : table.batches) {
      const Column& column = batch.columns.at(0);
      if (column.type != TypeId::kFloat64) throw unsupported("count_with takes float64");
      variant.count_f64(histogram.map().plan(), {column.data<double>(), column.length},
                        counts.data());
    }
    return to_numpy(std::move(counts));
  }
  throw invalid_argument("there is no variant \"", isa, "\" that runs here");
}

void bind_histogram(nb::module_& m) {
  auto histogram =
      nb::class_<Histogram>(m, "Histogram",
                            "Counts of values in the cells of a fixed monotone map.")
          .def_prop_ro("counts", slot_counts, nb::rv_policy::automatic,
                       "Rows in -inf, in each cell in rising order, in +inf.")
          .def_prop_ro("bounds", cell_bounds, nb::rv_policy::automatic,
                       "The smallest value of each cell but the first.")
          .def_prop_ro("row_count", &Histogram::row_count, "How many rows were counted.")
          .def_prop_ro("null_count", &Histogram::null_count, "How many of them were null.")
          .def_prop_ro("nan_count", &Histogram::nan_count, "How many of them were NaN.")
          .def_prop_ro("value_count", &Histogram::value_count,
                       "How many were neither null nor NaN.")
          .def_prop_ro(
              "mean", [](const Histogram& self) { return moments_of(self).mean; },
              "The mean of the values, to within `mean_error`; outliers count as the range's end.")
          .def_prop_ro(
              "mean_error", [](const Histogram& self) { return moments_of(self).mean_error; },
              "How far the mean may be off: half a cell, zero where cells are points.")
          .def_prop_ro(
              "std", [](const Histogram& self) { return moments_of(self).deviation; },
              "The standard deviation, with each cell's values at its middle.")
          .def_prop_ro(
              "mean_abs", [](const Histogram& self) { return magnitude_of(self).mean; },
              "The mean of the values without their signs, to within `mean_abs_error`.")
          .def_prop_ro(
              "mean_abs_error", [](const Histogram& self) { return magnitude_of(self).error; },
              "How far it may be off: half a cell, zero where cells are points.")
          .def_prop_ro(
              "low", [](const Histogram& self) { return self.map().lower_bound(1); },
              "The least value of the reference.")
          .def_prop_ro(
              "high",
              [](const Histogram& self) {
                return self.map().upper_bound(std::max(2u, self.map().cells()) - 2);
              },
              "The greatest value of the reference.")
          .def(
              "quantile",
              [](const Histogram& self, double share) {
                const ValueRange range = quantile_of(self, share);
                return std::pair(range.low, range.high);
              },
              "share"_a, "Two values with that quantile between them.");
  bind_stored(histogram);
}

void bind_profile(nb::module_& m) {
  auto profile =
      nb::class_<Profile>(m, "Profile",
                          "What the columns of a table look like: counts of each, no row.")
          .def("like", &Profile::like,
               "An empty profile with the same cells, to fill with live data.")
          .def(
              "select",
              [](const Profile& self, const std::vector<std::string>& columns) {
                return self.select(columns);
              },
              "columns"_a, "A copy of these columns, without slices.")
          .def("update", update, "data"_a.none(),
               "Count the rows of `data`: all of them, or none on an error.")
          .def("merge", &Profile::merge, "other"_a,
               "Add the counts of a profile with the same cells.")
          .def("subtract", &Profile::subtract, "other"_a,
               "Take the counts of a profile away that was merged or is a part of this one.")
          .def(
              "kind",
              [](const Profile& self, std::string_view name) { return self.column(name).kind(); },
              "column"_a, "\"number\", \"category\" or \"text\".")
          .def(
              "type",
              [](const Profile& self, std::string_view name) { return self.column(name).type; },
              "column"_a, "The type of the column that the profile was made of.")
          .def(
              "distinct",
              [](const Profile& self, std::string_view name) { return self.column(name).distinct; },
              "column"_a,
              "About how many different values the reference had: standard error 1.6 %.")
          .def(
              "histogram",
              [](const Profile& self, std::string_view name) {
                return counts_of<Histogram>(self, name, "number");
              },
              "column"_a, "A copy of the counts of a column of numbers.")
          .def(
              "categories",
              [](const Profile& self, std::string_view name) {
                return counts_of<Categories>(self, name, "category");
              },
              "column"_a, "A copy of the counts of a column of categories.")
          .def(
              "lengths",
              [](const Profile& self, std::string_view name) {
                return counts_of<Text>(self, name, "text").lengths();
              },
              "column"_a, "A copy of the counts of a text column's lengths in bytes.")
          .def_prop_ro(
              "slices",
              [](const Profile& self) {
                std::vector<std::string> names;
                for (const Slices& slices : self.slices()) names.push_back(slices.column());
                return names;
              },
              "The columns by whose values the rows are sliced.")
          .def("parts", parts_of, "slicing"_a,
               "The rows of each value of a slicing column, and of all others, as profiles.")
          .def_prop_ro("columns", column_names, "The names of the columns.")
          .def_prop_ro("row_count", &Profile::row_count, "How many rows were counted.")
          .def("__repr__", describe);
  bind_stored(profile);
}

void bind_outline(nb::module_& m) {
  nb::class_<Looking>(m, "Outline",
                      "The first look at a table, which chooses cells and categories.")
      .def(
          "__init__",
          [](Looking* self, std::int64_t cells, std::int64_t max_categories, bool exact,
             std::vector<std::string> columns, std::vector<std::string> categorical,
             std::map<std::string, std::vector<double>> cuts, std::vector<std::string> slices) {
            new (self)
                Looking{options_of(cells, max_categories, exact, std::move(columns),
                                   std::move(categorical), std::move(cuts), std::move(slices)),
                        std::nullopt};
          },
          "cells"_a, "max_categories"_a, "exact"_a, "columns"_a, "categorical"_a, "cuts"_a,
          "slices"_a, "Nothing seen; the first data bring the schema.")
      .def(
          "look",
          [](Looking& self, nb::handle data) {
            const Batches table = batches_from(data);
            self.look(table.schema, table.batches);
          },
          "data"_a.none(), "Look at every row of `data`.")
      .def(
          "profile",
          [](const Looking& self) {
            if (!self.outline) throw invalid_argument("there is no data to profile");
            return self.outline->profile();
          },
          "The profile of such data, with nothing counted.")
      .def(
          "profile_of",
          [](Looking& self, nb::handle data) {
            const Batches table = batches_from(data);
            self.look(table.schema, table.batches);
            Profile profile = self.outline->profile();
            for (const Batch& batch : table.batches) profile.update(batch);
            return profile;
          },
          "data"_a.none(), "Look at every row of `data`, then count it.");
}

}  // namespace

void bind_sketch(nb::module_& m) {
  bind_histogram(m);
  bind_profile(m);
  bind_outline(m);
  m.def("cell_variants", variant_names, "The variants of the counting kernel, scalar first.");
  m.def("count_with", count_with, "isa"_a, "histogram"_a, "data"_a,
        "The counts of float64 data that one variant gives, over a histogram's cells.");
}

}  // namespace kedge
