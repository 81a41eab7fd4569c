#include "kedge/sketch/categories.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/operators.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>

#include "arrow_input.h"
#include "bindings.h"
#include "kedge/base/error.h"
#include "kedge/sketch/distinct.h"
#include "kedge/sketch/frequent.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

using Names = nb::typed<nb::list, nb::str>;
using CountedNames = nb::typed<nb::list, nb::typed<nb::tuple, nb::str, std::uint64_t>>;
using FrequentNames =
    nb::typed<nb::list, nb::typed<nb::tuple, nb::str, std::uint64_t, std::uint64_t>>;
using NumpyCounts = nb::ndarray<nb::numpy, std::uint64_t, nb::ndim<1>>;

// Arrow strings should be UTF-8 and may not be; what is not shows as "\xff".
nb::object python_text(std::string_view text) {
  return nb::steal(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "backslashreplace"));
}

// Every batch's one column goes to `use`, after `takes` has seen its type.
template <class Takes, class Use>
void each_column(nb::handle data, const Takes& takes, const Use& use) {
  each_batch(data, [&](const Batch& batch) {
    if (batch.columns.size() != 1) {
      throw invalid_argument("expected one column, got ", batch.columns.size());
    }
    const Field& field = batch.field(0);
    if (!takes(field.type)) {
      throw unsupported("column \"", field.name, "\": ", type_name(field.type),
                        " is not a type that is counted here");
    }
    try {
      use(batch.columns.front());
    } catch (const Error& error) {
      throw Error(error.code(), text("column \"", field.name, "\": ", error.what()));
    }
  });
}

void make_categories(Categories* self, std::vector<std::string> names) {
  new (self) Categories(std::make_shared<const CategoryMap>(std::move(names)));
}

Categories like(const Categories& self) { return Categories(self.shared_map()); }

void update_categories(Categories& self, nb::handle data) {
  Categories added = like(self);
  each_column(data, Categories::takes, [&](const Column& column) { added.update(column); });
  self.merge(added);
}

NumpyCounts listed_counts(const Categories& self) {
  auto* counts = new std::vector<std::uint64_t>;
  nb::capsule owner(counts,
                    [](void* p) noexcept { delete static_cast<std::vector<std::uint64_t>*>(p); });
  for (std::uint32_t slot = 0; slot < self.map().size(); ++slot) {
    counts->push_back(self.slot_count(slot));
  }
  return NumpyCounts(counts->data(), {counts->size()}, owner);
}

Names listed_names(const Categories& self) {
  Names names;
  for (std::uint32_t slot = 0; slot < self.map().size(); ++slot) {
    names.append(python_text(self.map().name(slot)));
  }
  return names;
}

CountedNames novel_names(const Categories& self) {
  CountedNames names;
  for (const NameCount& entry : self.novel()) {
    names.append(nb::make_tuple(python_text(entry.name), entry.count));
  }
  return names;
}

FrequentNames top_names(const Frequent& self, std::optional<std::size_t> most) {
  FrequentNames names;
  for (const FrequentName& entry : self.top(most.value_or(self.name_count()))) {
    names.append(nb::make_tuple(python_text(entry.name), entry.count, entry.error));
  }
  return names;
}

nb::bytes distinct_bytes(const Distinct& self) {
  ByteWriter out;
  self.write(out);
  return python_bytes(out.view());
}

Distinct distinct_of(const nb::bytes& data) {
  ByteReader reader(bytes_of(data), "distinct");
  const Distinct distinct = Distinct::read(reader);
  reader.expect_end();
  return distinct;
}

void bind_distinct(nb::module_& m) {
  auto distinct =
      nb::class_<Distinct>(m, "Distinct", "How many different values came, within a few percent.")
          .def(nb::init<>(), "Nothing seen.")
          .def(
              "update",
              [](Distinct& self, nb::handle data) {
                Distinct added;
                each_column(data, Distinct::takes, [&](const Column& c) { added.add(c); });
                self.merge(added);
              },
              "data"_a, "Add one column of any type: all rows, or none on an error.")
          .def("merge", &Distinct::merge, "other"_a, "Add the values that another one saw.")
          .def("estimate", &Distinct::estimate, "About how many different values were added.")
          .def("to_bytes", distinct_bytes, "The sketch in its stored form.")
          .def_static("from_bytes", distinct_of, "data"_a, "Read a stored sketch.")
          .def(nb::self == nb::self, nb::sig("def __eq__(self, other: object, /) -> bool"));
  distinct.attr("STANDARD_ERROR") = Distinct::kStandardError;
  distinct.attr("__hash__") = nb::none();
}

void bind_frequent(nb::module_& m) {
  nb::class_<Frequent>(m, "Frequent", "The most frequent names of a column, in bounded memory.")
      .def(nb::init<std::uint32_t>(), "capacity"_a, "Exact up to `capacity` different names.")
      .def(
          "update",
          [](Frequent& self, nb::handle data) {
            each_column(data, Categories::takes, [&](const Column& c) { self.update(c); });
          },
          "data"_a, "Count one column, batch by batch.")
      .def("top", top_names, "most"_a = nb::none(),
           "The first names, or all, by count: (name, count, by how much the count may be too "
           "high).")
      .def("error", &Frequent::error, "By how much any count may be too high.")
      .def("distinct_seen_exactly", &Frequent::distinct_seen_exactly,
           "Whether the names are all there are.")
      .def_prop_ro("row_count", &Frequent::row_count, "How many rows were counted.")
      .def_prop_ro("null_count", &Frequent::null_count, "How many of them were null.");
}

}  // namespace

void bind_categories(nb::module_& m) {
  auto categories =
      nb::class_<Categories>(m, "Categories", "How often each name of a list comes in a column.")
          .def("__init__", make_categories, "names"_a, "The listed names, in any order.")
          .def("like", like, "The same names, nothing counted.")
          .def("update", update_categories, "data"_a,
               "Count one column of strings, bools, integers or dictionaries of them.")
          .def("merge", &Categories::merge, "other"_a, "Add the counts of the same names.")
          .def("subtract", &Categories::subtract, "other"_a,
               "Take counts away that were merged or are a part of these.")
          .def_prop_ro("names", listed_names, "The listed names, in rising order of their bytes.")
          .def_prop_ro("counts", listed_counts, nb::rv_policy::automatic,
                       "Rows with each listed name.")
          .def_prop_ro("novel", novel_names,
                       "Unlisted names and their counts: all, or a sample of 1000.")
          .def_prop_ro("novel_is_complete", &Categories::novel_is_complete,
                       "Whether `novel` has all unlisted names.")
          .def_prop_ro("row_count", &Categories::row_count, "How many rows were counted.")
          .def_prop_ro("null_count", &Categories::null_count, "How many of them were null.")
          .def_prop_ro("unlisted_count", &Categories::unlisted_count,
                       "How many had a name that is not listed.")
          .def_prop_ro("value_count", &Categories::value_count, "How many were not null.");
  bind_stored(categories);
  bind_distinct(m);
  bind_frequent(m);
}

}  // namespace kedge
