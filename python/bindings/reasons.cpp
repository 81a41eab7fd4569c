#include "reasons.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "bindings.h"
#include "explain.h"
#include "kedge/arrow/build.h"
#include "kedge/base/error.h"
#include "kedge/score/condition_text.h"
#include "numpy_matrix.h"
#include "row_input.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

// Reasons kept at a time.
constexpr std::size_t kMostReasons = std::size_t{1} << 26;

Toward toward_of(std::optional<std::string_view> toward) {
  if (!toward) return Toward::kEither;
  if (*toward == "up") return Toward::kUp;
  if (*toward == "down") return Toward::kDown;
  throw invalid_argument("toward: expected \"up\", \"down\" or None, got \"", *toward, "\"");
}

// One reason on its own.
struct ReasonView {
  std::string feature;
  std::string condition;
  double amount = 0;
  nb::object low = nb::none();
  nb::object high = nb::none();
  nb::object categories = nb::none();
  bool is_outside = false;
  bool is_missing = false;
  bool or_missing = false;
};

const Model& model_of(const RowReasons& self) { return nb::cast<const Model&>(self.model); }

CategorySet set_of(const RowReasons& self, const Reason& reason) {
  if (!reason.condition.has_categories) return {};
  return model_of(self).conditions().categories(reason.feature, self.found.words(reason));
}

std::string condition_of(const RowReasons& self, const Reason& reason) {
  const Bundle& bundle = model_of(self).bundle();
  return condition_text(bundle.features[reason.feature], reason.condition, set_of(self, reason),
                        bundle.forest.reads_float32);
}

ReasonView view_of(const RowReasons& self, const Reason& reason) {
  const Feature& feature = model_of(self).bundle().features[reason.feature];
  const Condition& condition = reason.condition;
  ReasonView view{feature.name, condition_of(self, reason), reason.amount};
  view.is_missing = condition.is_missing;
  view.or_missing = condition.or_missing;
  if (condition.is_missing) return view;
  if (condition.low > -HUGE_VAL) view.low = nb::float_(condition.low);
  if (condition.high < HUGE_VAL) view.high = nb::float_(condition.high);
  if (!condition.has_categories) return view;
  const CategorySet set = set_of(self, reason);
  nb::list categories;
  for (const std::uint32_t category : set.categories) {
    if (category < feature.categories.size()) {
      categories.append(feature.categories[category]);
    } else {
      categories.append(category);
    }
  }
  view.categories = std::move(categories);
  view.is_outside = set.is_outside;
  return view;
}

nb::object item(const RowReasons& self, std::ptrdiff_t row) {
  const auto rows = static_cast<std::ptrdiff_t>(self.rows);
  const std::ptrdiff_t at = row < 0 ? row + rows : row;
  if (at < 0 || at >= rows) throw nb::index_error(text("row ", row, " of ", rows).c_str());
  nb::list outputs;
  for (std::size_t k = 0; k < self.base.size(); ++k) {
    nb::list reasons;
    for (const Reason& reason : self.found.of(static_cast<std::size_t>(at), k)) {
      if (reason.feature != Reason::kNone) reasons.append(view_of(self, reason));
    }
    if (self.base.size() == 1) return reasons;
    outputs.append(reasons);
  }
  return outputs;
}

// Calls use(place, reason) for each of rows x outputs x top.
template <class Use>
void for_each_reason(const RowReasons& self, const Use& use) {
  std::size_t place = 0;
  for (std::size_t i = 0; i < self.rows; ++i) {
    for (std::size_t k = 0; k < self.base.size(); ++k) {
      for (const Reason& reason : self.found.of(i, k)) use(place++, reason);
    }
  }
}

// NumPy's array of what `text_of` gives, None where there is no reason.
template <class TextOf>
nb::object texts(const RowReasons& self, const TextOf& text_of) {
  nb::list all;
  for_each_reason(self, [&](std::size_t, const Reason& reason) {
    if (reason.feature == Reason::kNone) {
      all.append(nb::none());
    } else {
      all.append(text_of(reason));
    }
  });
  const nb::object array = nb::module_::import_("numpy").attr("array")(all, "dtype"_a = "object");
  const std::size_t outputs = self.base.size();
  return shaped(array.attr("reshape")(nb::make_tuple(self.rows * outputs, self.found.top())),
                self.rows, outputs, self.found.top());
}

nb::object amounts(const RowReasons& self) {
  const std::size_t outputs = self.base.size();
  void* data = nullptr;
  nb::object matrix = new_matrix(self.rows * outputs, self.found.top(), &data);
  for_each_reason(self, [&](std::size_t place, const Reason& reason) {
    static_cast<double*>(data)[place] = reason.amount;
  });
  return shaped(std::move(matrix), self.rows, outputs, self.found.top());
}

nb::object others(const RowReasons& self) {
  const std::size_t outputs = self.base.size();
  void* data = nullptr;
  nb::object matrix = new_matrix(self.rows, outputs, &data);
  auto* next = static_cast<double*>(data);
  for (std::size_t i = 0; i < self.rows; ++i) {
    for (std::size_t k = 0; k < outputs; ++k) *next++ = self.found.rest(i, k);
  }
  return outputs == 1 ? matrix.attr("reshape")(self.rows) : matrix;
}

// The columns of the reason number `place` of an output.
void add_columns(const RowReasons& self, std::size_t output, std::size_t place,
                 const std::string& front, BatchBuilder& table) {
  const std::vector<Feature>& features = model_of(self).bundle().features;
  std::vector<std::string> names(self.rows);
  std::vector<std::string> conditions(self.rows);
  std::vector<double> amounts(self.rows);
  std::vector<bool> is_null(self.rows);
  for (std::size_t i = 0; i < self.rows; ++i) {
    const Reason& reason = self.found.of(i, output)[place];
    is_null[i] = reason.feature == Reason::kNone;
    if (is_null[i]) continue;
    names[i] = features[reason.feature].name;
    conditions[i] = condition_of(self, reason);
    amounts[i] = reason.amount;
  }
  table.add(text(front, "feature_", place + 1), names);
  table.set_null(is_null);
  table.add(text(front, "reason_", place + 1), conditions);
  table.set_null(is_null);
  table.add(text(front, "amount_", place + 1), amounts);
  table.set_null(is_null);
}

Batches to_table(const RowReasons& self) {
  BatchBuilder table;
  const std::size_t outputs = self.base.size();
  std::vector<double> column(self.rows);
  for (std::size_t k = 0; k < outputs; ++k) {
    const std::string front = outputs == 1 ? "" : text("score_", k, ".");
    for (std::size_t i = 0; i < self.found.top(); ++i) add_columns(self, k, i, front, table);
    for (std::size_t i = 0; i < self.rows; ++i) column[i] = self.found.rest(i, k);
    table.add(front + "others", column);
    std::ranges::fill(column, self.base[k]);
    table.add(front + "base", column);
  }
  Batch batch = table.finish();
  return {batch.schema, {std::move(batch)}};
}

std::string line_of(const RowReasons& self) {
  return text("<Reasons of ", self.rows, " rows, ", self.found.top(), " each>");
}

std::string line_of(const ReasonView& self) {
  return text(self.condition, " (", self.amount < 0 ? "" : "+", self.amount, ")");
}

void bind_reason(nb::module_& m) {
  nb::class_<ReasonView>(m, "Reason", "One feature's part in a score, and what its value fulfils.")
      .def_ro("feature", &ReasonView::feature, "Its name.")
      .def_ro("condition", &ReasonView::condition,
              "\"income <= 31200\", \"2 < rooms <= 4\", \"country in {DE, FR}\", \"age missing\": "
              "what all trees together ask of the value on the row's way. Of more than twelve "
              "categories only the row's own is named.")
      .def_ro("amount", &ReasonView::amount, "What it adds to the raw score.")
      .def_ro("low", &ReasonView::low, nb::sig("def low(self, /) -> float | None"),
              "The smallest number that fulfils it; None without one.")
      .def_ro("high", &ReasonView::high, nb::sig("def high(self, /) -> float | None"),
              "The largest.")
      .def_ro("categories", &ReasonView::categories,
              nb::sig("def categories(self, /) -> list[str | int] | None"),
              "The categories that fulfil it, by name where they have one.")
      .def_ro("is_outside", &ReasonView::is_outside, "The categories are those that do not.")
      .def_ro("is_missing", &ReasonView::is_missing, "The row has no value, which is the reason.")
      .def_ro("or_missing", &ReasonView::or_missing, "Without a value the score were the same.")
      .def("__repr__", [](const ReasonView& self) { return line_of(self); }, "One line.");
}

}  // namespace

RowReasons find_reasons(const Model& model, nb::handle x, std::size_t top,
                        std::optional<std::string_view> toward, nb::handle background,
                        std::size_t threads) {
  const ReasonAsk ask{std::min(top, model.features()), toward_of(toward)};
  model.conditions();  // refuses a model that has none
  const Against against(model, background);
  RowInput input(model, x);
  const std::size_t width = model.outputs() * model.features();
  if (input.rows() * model.outputs() * ask.top > kMostReasons) {
    throw resource_exhausted("reasons: ", input.rows(), " rows, ", ask.top, " each; ", kMostReasons,
                             " reasons in one call at most");
  }
  RowReasons self{nb::find(model), input.rows(), against.base(model),
                  Reasons(model.conditions(), input.rows(), model.outputs(), ask)};
  std::size_t first = 0;
  std::vector<double> phi;
  input.each([&](const Rows& rows) {
    const nb::gil_scoped_release release;
    constexpr std::size_t kRowsAtOnce = 4096;
    for (std::size_t i = 0; i < rows.count; i += kRowsAtOnce) {
      const Rows part = rows.from(i, std::min(kRowsAtOnce, rows.count - i));
      phi.resize(part.count * width);
      if (against.background() != nullptr) {
        model.explain(*against.background(), part, phi.data(), threads);
      } else {
        model.explain(part, phi.data(), threads);
      }
      model.find_reasons(part, phi.data(), first, self.found, threads);
      first += part.count;
    }
  });
  return self;
}

void bind_reasons(nb::module_& m) {
  bind_reason(m);
  nb::class_<RowReasons>(m, "Reasons",
                         "Why some rows score as they do: of each the largest contributions, and "
                         "the conditions that it meets there. A row's are a list of Reason, or a "
                         "list for each output. Exports Arrow.")
      .def_prop_ro(
          "names",
          [](const RowReasons& self) {
            const std::vector<Feature>& features = model_of(self).bundle().features;
            return texts(self, [&](const Reason& one) { return features[one.feature].name; });
          },
          nb::sig("def names(self, /) -> numpy.typing.NDArray[numpy.object_]"),
          "The features: rows x top, or rows x outputs x top; None where there are fewer.")
      .def_prop_ro(
          "conditions",
          [](const RowReasons& self) {
            return texts(self, [&](const Reason& one) { return condition_of(self, one); });
          },
          nb::sig("def conditions(self, /) -> numpy.typing.NDArray[numpy.object_]"),
          "What is asked of them, as text.")
      .def_prop_ro("amounts", &amounts,
                   nb::sig("def amounts(self, /) -> numpy.typing.NDArray[numpy.float64]"),
                   "What they add to the raw score; 0 where there are fewer.")
      .def_prop_ro("others", &others,
                   nb::sig("def others(self, /) -> numpy.typing.NDArray[numpy.float64]"),
                   "What all other features add: base + amounts + others is the raw score.")
      .def_ro("base", &RowReasons::base, "For each output, the score that they start from.")
      .def("to_table", &to_table,
           "For each row feature_1, reason_1, amount_1 and so on, null where there are fewer, then "
           "others and base; of several outputs with score_0. and so on in front.")
      .def(
          "__arrow_c_stream__",
          [](const RowReasons& self, const nb::object& schema) {
            return nb::cast(to_table(self)).attr("__arrow_c_stream__")(schema);
          },
          "requested_schema"_a = nb::none(), "The columns of to_table as an Arrow C stream.")
      .def("__getitem__", &item, "row"_a,
           nb::sig("def __getitem__(self, row: int, /) -> typing.Any"),
           "The row's reasons, the largest first.")
      .def(
          "__len__", [](const RowReasons& self) { return self.rows; }, "How many rows there are.")
      .def("__repr__", [](const RowReasons& self) { return line_of(self); }, "One line.");
}

}  // namespace kedge
