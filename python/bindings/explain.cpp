#include "explain.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "bindings.h"
#include "kedge/arrow/build.h"
#include "kedge/base/error.h"
#include "numpy_matrix.h"
#include "row_input.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

// The largest contributions of each row and output, and whose they are.
struct Top {
  nb::object names;
  nb::object values;
  nb::object places;
};

struct ExplainArguments {
  const Background* background = nullptr;
  bool interactions = false;
  std::size_t threads = 1;
};

class Explaining {
 public:
  Explaining(const Model& model, std::size_t rows, const ExplainArguments& given)
      : model_(model), background_(given.background), threads_(given.threads) {
    const std::size_t features = model.features();
    for (const Feature& feature : model.bundle().features) done_.names.push_back(feature.name);
    done_.rows = rows;
    done_.outputs = model.outputs();
    void* data = nullptr;
    nb::object matrix = new_matrix(rows * done_.outputs, features, &data);
    next_ = static_cast<double*>(data);
    done_.data = next_;
    done_.values = shaped(std::move(matrix), rows, done_.outputs, features);
    const std::vector<double>& base =
        background_ != nullptr ? background_->base() : model.explainer().base();
    void* base_data = nullptr;
    done_.base = new_matrix(1, base.size(), &base_data).attr("reshape")(base.size());
    std::ranges::copy(base, static_cast<double*>(base_data));
    done_.base_data = static_cast<const double*>(base_data);
    if (given.interactions) add_interactions();
  }

  void add(const Rows& rows) {
    {
      nb::gil_scoped_release release;
      if (background_ != nullptr) {
        model_.explain(*background_, rows, next_, threads_);
      } else {
        model_.explain(rows, next_, threads_);
      }
      if (next_pair_ != nullptr) model_.explain_pairs(rows, next_pair_, threads_);
    }
    const std::size_t width = model_.outputs() * model_.features();
    next_ += rows.count * width;
    if (next_pair_ != nullptr) next_pair_ += rows.count * width * model_.features();
  }

  Explanation finish() { return std::move(done_); }

 private:
  void add_interactions() {
    const std::size_t features = model_.features();
    void* data = nullptr;
    const nb::object matrix = new_matrix(done_.rows * done_.outputs * features, features, &data);
    next_pair_ = static_cast<double*>(data);
    const nb::object shape = done_.outputs == 1
                                 ? nb::make_tuple(done_.rows, features, features)
                                 : nb::make_tuple(done_.rows, done_.outputs, features, features);
    done_.interactions = matrix.attr("reshape")(shape);
  }

  const Model& model_;
  const Background* background_;
  std::size_t threads_;
  Explanation done_;
  double* next_ = nullptr;
  double* next_pair_ = nullptr;
};

// A column for each feature, then the base; of several outputs with the output's name in front, as
// predict calls it.
Batches to_table(const Explanation& self) {
  const std::size_t features = self.names.size();
  BatchBuilder table;
  std::vector<double> column(self.rows);
  for (std::size_t k = 0; k < self.outputs; ++k) {
    const std::string front = self.outputs == 1 ? "" : text("score_", k, ".");
    for (std::size_t j = 0; j < features; ++j) {
      for (std::size_t i = 0; i < self.rows; ++i) {
        column[i] = self.data[(i * self.outputs + k) * features + j];
      }
      table.add(front + self.names[j], column);
    }
    std::ranges::fill(column, self.base_data[k]);
    table.add(front + "base", column);
  }
  Batch batch = table.finish();
  return {batch.schema, {std::move(batch)}};
}

Top top(const Explanation& self, std::size_t k) {
  const std::size_t features = self.names.size();
  const std::size_t kept = std::min(k, features);
  const std::size_t rows = self.rows * self.outputs;
  std::int64_t* places = nullptr;
  void* out = nullptr;
  nb::object place_array = new_places(rows, kept, &places);
  nb::object value_array = new_matrix(rows, kept, &out);
  auto* values = static_cast<double*>(out);
  std::vector<std::int64_t> order(features);
  for (std::size_t i = 0; i < rows; ++i) {
    const double* row = self.data + i * features;
    const auto is_before = [&](std::int64_t a, std::int64_t b) {
      const double x = std::fabs(row[a]);
      const double y = std::fabs(row[b]);
      return x != y ? x > y : a < b;
    };
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(),
                      is_before);
    for (std::size_t j = 0; j < kept; ++j) {
      places[i * kept + j] = order[j];
      values[i * kept + j] = row[order[j]];
    }
  }
  const nb::object names =
      nb::module_::import_("numpy").attr("array")(nb::cast(self.names), "dtype"_a = "object");
  const auto shape = [&](nb::object array) {
    return shaped(std::move(array), self.rows, self.outputs, kept);
  };
  nb::object picked = names.attr("take")(place_array);
  return {shape(std::move(picked)), shape(std::move(value_array)), shape(std::move(place_array))};
}

// Python draws: the pages of the library share their parts there.
nb::object drawn(nb::handle self, const nb::args& args, const nb::kwargs& options) {
  return nb::module_::import_("kedge.model.picture").attr("draw")(self, *args, **options);
}

Explanation explain_any(const Model& model, nb::handle x, const ExplainArguments& given) {
  RowInput input(model, x);
  Explaining explaining(model, input.rows(), given);
  input.each([&](const Rows& rows) { explaining.add(rows); });
  return explaining.finish();
}

std::string line_of(const Explanation& self) {
  return text("<Explanation of ", self.rows, " rows, ", self.names.size(), " features, ",
              self.outputs, self.outputs == 1 ? " output>" : " outputs>");
}

}  // namespace

nb::object shaped(nb::object matrix, std::size_t rows, std::size_t outputs, std::size_t columns) {
  if (outputs == 1) return matrix;
  return matrix.attr("reshape")(nb::make_tuple(rows, outputs, columns));
}

std::unique_ptr<Background> background_of(const Model& model, nb::handle sample) {
  nb::object keep;
  nb::object matrix = nb::borrow(sample);
  if (is_row_list(sample)) {
    matrix = array_of(sample);
  } else if (!is_numpy(sample)) {
    matrix = nb::find(model).attr("matrix")(sample);
  }
  model.expect_trees();
  const Rows rows = numpy_rows(matrix, model.features(), keep);
  nb::gil_scoped_release release;
  return std::make_unique<Background>(model.bundle().forest, rows);
}

Against::Against(const Model& model, nb::handle background) {
  if (background.is_none()) return;
  if (nb::isinstance<nb::str>(background)) {
    const auto name = nb::cast<std::string>(background);
    if (name != "reference") {
      throw invalid_argument("background: expected \"reference\" or rows, got \"", name, "\"");
    }
    chosen_ = &model.reference_background();
    return;
  }
  if (!nb::isinstance<Background>(background)) {
    made_ = background_of(model, background);
    chosen_ = made_.get();
    return;
  }
  chosen_ = &nb::cast<const Background&>(background);
  if (!chosen_->is_of(model.bundle().forest)) {
    throw invalid_argument("explain: the background was made by another model");
  }
}

Explanation explain(const Model& model, nb::handle x, nb::handle background, bool interactions,
                    std::size_t threads) {
  model.expect_trees();
  const Against against(model, background);
  if (interactions && against.background() != nullptr) {
    throw invalid_argument("explain: interactions are not known against a background");
  }
  return explain_any(model, x, {against.background(), interactions, threads});
}

void bind_explain(nb::module_& m) {
  nb::class_<Top>(m, "Top", "The largest contributions of each row, the largest first.")
      .def_ro("names", &Top::names,
              nb::sig("def names(self, /) -> numpy.typing.NDArray[numpy.object_]"),
              "Whose they are.")
      .def_ro("values", &Top::values,
              nb::sig("def values(self, /) -> numpy.typing.NDArray[numpy.float64]"),
              "What they add to the raw score.")
      .def_ro("places", &Top::places,
              nb::sig("def places(self, /) -> numpy.typing.NDArray[numpy.int64]"),
              "The features' places.");
  nb::class_<Background>(m, "Background",
                         "A sample that a model's rows are explained against: see "
                         "Model.background.")
      .def("__len__", &Background::rows, "How many rows there are.")
      .def(
          "__repr__",
          [](const Background& self) { return text("<Background of ", self.rows(), " rows>"); },
          "One line.");
  nb::class_<Explanation>(m, "Explanation",
                          "What each feature adds to the raw scores of some rows. Exports Arrow: a "
                          "column for each feature, and the base.")
      .def_ro("values", &Explanation::values,
              nb::sig("def values(self, /) -> numpy.typing.NDArray[numpy.float64]"),
              "Rows x features, or rows x outputs x features: base + their sum is the raw score.")
      .def_ro("base", &Explanation::base,
              nb::sig("def base(self, /) -> numpy.typing.NDArray[numpy.float64]"),
              "For each output, the raw score of the average training row, or the mean one of the "
              "background.")
      .def_ro(
          "interactions", &Explanation::interactions,
          nb::sig("def interactions(self, /) -> numpy.typing.NDArray[numpy.float64] | None"),
          "Rows x features x features, or rows x outputs x features x features, where they were "
          "asked for: each pair's half of what it adds together, on the diagonal what a feature "
          "adds by itself; a row's sum is the feature's value.")
      .def_ro("feature_names", &Explanation::names, "Of the features, in order.")
      .def("top", &top, "k"_a,
           "The k contributions of each row that are largest by their amount, or as many as there "
           "are.")
      .def("to_table", &to_table, "The values and the base as columns.")
      .def("plot", &drawn,
           nb::sig("def plot(self, rows: object | None = None, *, row: int | None = None, output: "
                   "int | None = None, most: int = 12) -> kedge.model.picture.Picture"),
           "A picture, in notebooks too: a waterfall of one row, or of many rows bars of the mean "
           "amounts and a swarm of all contributions. `rows` is what was explained, for the "
           "features' values; `row` and `output` choose one; `most` features are shown, the others "
           "summed up.")
      .def(
          "to_html",
          [](nb::handle self, const nb::args& args, const nb::kwargs& options) {
            return drawn(self, args, options).attr("to_html")();
          },
          nb::sig("def to_html(self, rows: object | None = None, *, row: int | None = None, "
                  "output: int | None = None, most: int = 12) -> str"),
          "What plot draws as one page, complete without network, fonts or scripts.")
      .def(
          "__arrow_c_stream__",
          [](const Explanation& self, const nb::object& schema) {
            return nb::cast(to_table(self)).attr("__arrow_c_stream__")(schema);
          },
          "requested_schema"_a = nb::none(), "The columns of to_table as an Arrow C stream.")
      .def(
          "__len__", [](const Explanation& self) { return self.rows; }, "How many rows there are.")
      .def("__repr__", &line_of, "One line.");
}

}  // namespace kedge
