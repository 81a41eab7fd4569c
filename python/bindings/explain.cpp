#include "explain.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
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
  const Against& against;
  Sampling sampling;
  std::optional<Gradients> gradients;
  bool interactions = false;
  std::size_t threads = 1;
};

class Explaining {
 public:
  Explaining(const Model& model, std::size_t rows, const ExplainArguments& given)
      : model_(model), given_(given) {
    const std::size_t features = model.features();
    for (const Feature& feature : model.bundle().features) done_.names.push_back(feature.name);
    done_.rows = rows;
    done_.outputs = model.outputs();
    void* data = nullptr;
    nb::object matrix = new_matrix(rows * done_.outputs, features, &data);
    next_ = static_cast<double*>(data);
    done_.data = next_;
    done_.values = shaped(std::move(matrix), rows, done_.outputs, features);
    const std::vector<double>& base = given.against.base(model);
    void* base_data = nullptr;
    done_.base = new_matrix(1, base.size(), &base_data).attr("reshape")(base.size());
    std::ranges::copy(base, static_cast<double*>(base_data));
    done_.base_data = static_cast<const double*>(base_data);
    if (given.interactions) add_interactions();
    if (given.against.sampled() != nullptr) add_errors();
  }

  void add(const Rows& rows) {
    const std::size_t width = model_.outputs() * model_.features();
    {
      nb::gil_scoped_release release;
      explain(rows);
      if (next_pair_ != nullptr) model_.explain_pairs(rows, next_pair_, given_.threads);
    }
    next_ += rows.count * width;
    if (next_error_ != nullptr) next_error_ += rows.count * width;
    if (next_pair_ != nullptr) next_pair_ += rows.count * width * model_.features();
  }

  Explanation finish() { return std::move(done_); }

 private:
  void explain(const Rows& rows) {
    const auto* sampled = given_.against.sampled();
    if (given_.gradients) {
      model_.explain(*sampled, *given_.gradients, given_.sampling.rounds, rows, next_, next_error_,
                     given_.threads);
    } else if (sampled != nullptr) {
      model_.explain(*sampled, given_.sampling, rows, next_, next_error_, given_.threads);
    } else if (const auto* background = given_.against.background()) {
      model_.explain(*background, rows, next_, given_.threads);
    } else {
      model_.explain(rows, next_, given_.threads);
    }
  }

  void add_errors() {
    void* data = nullptr;
    nb::object matrix = new_matrix(done_.rows * done_.outputs, model_.features(), &data);
    next_error_ = static_cast<double*>(data);
    done_.errors = shaped(std::move(matrix), done_.rows, done_.outputs, model_.features());
  }

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
  const ExplainArguments& given_;
  Explanation done_;
  double* next_ = nullptr;
  double* next_error_ = nullptr;
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

Sampling sampling_of(std::size_t rounds, std::optional<double> deadline_ms) {
  if (rounds < Sampling::kLeastRounds || rounds > Sampling::kMostRounds) {
    throw invalid_argument("explain: rounds = ", rounds, "; ", Sampling::kLeastRounds, " to ",
                           Sampling::kMostRounds);
  }
  Sampling sampling;
  sampling.rounds = rounds;
  if (!deadline_ms) return sampling;
  constexpr double kMostMs = 1e9;
  if (!(*deadline_ms > 0 && *deadline_ms <= kMostMs)) {
    throw invalid_argument("explain: deadline_ms = ", *deadline_ms, "; above 0, ", kMostMs,
                           " at most");
  }
  sampling.deadline = std::chrono::steady_clock::now() +
                      std::chrono::nanoseconds(static_cast<std::int64_t>(*deadline_ms * 1e6));
  return sampling;
}

void check_gradients(const Against& against, const Sampling& sampling) {
  if (against.sampled() == nullptr) {
    throw unsupported("explain: trees have no gradients, and are explained exactly without");
  }
  if (sampling.deadline) throw invalid_argument("explain: deadline_ms is of method=\"orders\"");
  if (sampling.rounds > Gradients::kMostPoints) {
    throw invalid_argument("explain: rounds = ", sampling.rounds, "; gradients take ",
                           Gradients::kMostPoints, " points at most");
  }
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

nb::object background_of(const Model& model, nb::handle sample) {
  model.check_ours("background");
  nb::object keep;
  nb::object matrix = nb::borrow(sample);
  if (is_row_list(sample)) {
    matrix = array_of(sample);
  } else if (!is_numpy(sample)) {
    matrix = nb::find(model).attr("matrix")(sample);
  }
  const Rows rows = numpy_rows(matrix, model.features(), keep);
  if (model.plan()) return nb::cast(SampledBackground(model.plan(), rows));
  std::unique_ptr<Background> made;
  {
    nb::gil_scoped_release release;
    made = std::make_unique<Background>(model.bundle().forest, rows);
  }
  return nb::cast(std::move(made));
}

Against::Against(const Model& model, nb::handle background) {
  if (background.is_none()) return;
  model.check_ours("background");
  if (!nb::isinstance<nb::str>(background)) {
    choose(model, background);
    return;
  }
  const auto name = nb::cast<std::string>(background);
  if (name != "reference") {
    throw invalid_argument("background: expected \"reference\" or rows, got \"", name, "\"");
  }
  if (model.plan()) {
    sampled_ = &model.sampled_reference();
  } else {
    chosen_ = &model.reference_background();
  }
}

void Against::choose(const Model& model, nb::handle background) {
  const bool is_made =
      nb::isinstance<Background>(background) || nb::isinstance<SampledBackground>(background);
  made_ = is_made ? nb::borrow(background) : background_of(model, background);
  bool is_ours = false;
  if (nb::isinstance<Background>(made_)) {
    chosen_ = &nb::cast<const Background&>(made_);
    is_ours = !model.plan() && chosen_->is_of(model.bundle().forest);
  } else {
    sampled_ = &nb::cast<const SampledBackground&>(made_);
    is_ours = sampled_->is_of(model.plan().get());
  }
  if (!is_ours) throw invalid_argument("explain: the background was made by another model");
}

Explanation explain(const Model& model, nb::handle x, nb::handle background, bool interactions,
                    std::string_view method, std::size_t rounds, std::optional<double> deadline_ms,
                    std::size_t threads) {
  const Sampling sampling = sampling_of(rounds, deadline_ms);
  const Against against(model, background);
  if (interactions && !background.is_none()) {
    throw invalid_argument("explain: interactions are not known against a background");
  }
  ExplainArguments given{against, sampling, std::nullopt, interactions, threads};
  if (method == "gradients") {
    check_gradients(against, given.sampling);
    given.gradients.emplace(*model.bundle().graph);
  } else if (method != "orders") {
    throw invalid_argument("explain: method = \"", method, "\", expected \"orders\" or ",
                           "\"gradients\"");
  }
  return explain_any(model, x, given);
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
  nb::class_<SampledBackground>(m, "SampledBackground",
                                "A sample that the rows of a model that is a graph of steps are "
                                "explained against: see Model.background.")
      .def("__len__", &SampledBackground::rows, "How many rows there are.")
      .def(
          "__repr__",
          [](const SampledBackground& self) {
            return text("<SampledBackground of ", self.rows(), " rows>");
          },
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
      .def_ro("errors", &Explanation::errors,
              nb::sig("def errors(self, /) -> numpy.typing.NDArray[numpy.float64] | None"),
              "Of each value that was estimated, its standard error over the orders that were "
              "drawn; None where all are exact.")
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
