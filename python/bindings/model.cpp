#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include "arrow_input.h"
#include "bindings.h"
#include "explain.h"
#include "foreign.h"
#include "kedge/arrow/build.h"
#include "kedge/arrow/check.h"
#include "kedge/base/buffer.h"
#include "kedge/base/error.h"
#include "kedge/base/file.h"
#include "kedge/model/golden.h"
#include "kedge/model/onnx_net.h"
#include "kedge/score/choose_rows.h"
#include "kedge/score/graph_golden.h"
#include "kedge/score/link.h"
#include "kedge/score/model.h"
#include "kedge/score/table_rows.h"
#include "model_info.h"
#include "numpy_matrix.h"
#include "predict.h"
#include "reasons.h"
#include "row_input.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

// Python bytes, a map of a file or anything else with a buffer, for as long as a model points into
// it.
class Held {
 public:
  explicit Held(nb::handle object) {
    if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_SIMPLE) != 0) throw nb::python_error();
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    nb::gil_scoped_acquire gil;
    PyBuffer_Release(&view_);
  }
  std::span<const std::byte> bytes() const noexcept {
    return {static_cast<const std::byte*>(view_.buf), static_cast<std::size_t>(view_.len)};
  }

 private:
  Py_buffer view_{};
};

using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

Bundle bundle_in(nb::handle data) {
  auto held = std::make_shared<const Held>(data);
  std::span<const std::byte> bytes = held->bytes();
  std::shared_ptr<const void> owner = held;
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(std::uint64_t) != 0) {
    const auto copy = std::make_shared<Buffer>(bytes.size() + 1);
    std::memcpy(copy->data(), bytes.data(), bytes.size());
    bytes = {copy->data(), bytes.size()};
    owner = copy;
  }
  return read_bundle(bytes, std::move(owner));
}

std::unique_ptr<Model> from_bytes(nb::handle data) { return model_of(bundle_in(data)); }

std::unique_ptr<Model> load(const std::string& path) {
  MappedFile file = map_file(path);
  try {
    return model_of(read_bundle(file.bytes, std::move(file.owner)));
  } catch (const Error& error) {
    throw Error(error.code(), text("\"", path, "\": ", error.what()));
  }
}

nb::bytes to_bytes(const Model& model) { return python_bytes(write_bundle(model.bundle())); }

void compile(Model* self, const Forest& forest, std::map<std::string, std::string> metadata) {
  Bundle bundle;
  bundle.origin = forest.origin;
  bundle.features = forest.features;
  bundle.forest = quantize(forest);
  bundle.golden = make_golden(forest);
  bundle.metadata = std::move(metadata);
  new (self) Model(std::move(bundle));
}

void compile_net(Model* self, const Net& net, std::map<std::string, std::string> metadata) {
  Bundle bundle;
  bundle.origin = net.origin;
  bundle.features = net.features;
  bundle.forest.features = static_cast<std::uint32_t>(net.features.size());
  if (net.forest) bundle.forest = quantize(*net.forest);
  bundle.graph = net.graph;
  check_trees(net.graph, bundle.forest);
  bundle.golden = graph_golden(net.graph, net.features, bundle.forest);
  bundle.metadata = std::move(metadata);
  new (self) Model(std::move(bundle));
}

// Golden rows are what the runtime says of them.
void compile_foreign(Model* self, const ForeignNet& net, const nb::bytes& graph, const Matrix& rows,
                     const Matrix& scores, std::map<std::string, std::string> metadata) {
  Bundle bundle;
  bundle.origin = net.origin;
  bundle.features = net.features;
  bundle.forest.features = static_cast<std::uint32_t>(net.features.size());
  const std::span<const std::byte> bytes = bytes_of(graph);
  bundle.foreign = Foreign{std::string(kOnnxRuntime),
                           static_cast<std::uint32_t>(scores.shape(1)),
                           net.reasons,
                           {bytes.begin(), bytes.end()}};
  bundle.golden.rows.assign(rows.data(), rows.data() + rows.size());
  bundle.golden.raw.assign(scores.data(), scores.data() + scores.size());
  bundle.metadata = std::move(metadata);
  make_model(self, std::move(bundle));
}

std::unique_ptr<Model> with_parity(const Model& model, Parity parity) {
  Bundle bundle = model.bundle();
  bundle.parity = parity;
  return model_of(std::move(bundle));
}

// The sample's rows that are to be kept, chosen by their raw scores.
std::unique_ptr<Model> with_background(const Model& model, nb::handle sample, std::size_t keep) {
  if (keep == 0 || keep > kMostSampleRows) {
    throw invalid_argument("background: keep = ", keep, " rows; 1 to ", kMostSampleRows);
  }
  RowInput input(model, sample);
  const std::size_t features = model.features();
  const std::size_t outputs = model.outputs();
  if (input.rows() == 0) throw invalid_argument("background: there are no rows to keep");
  std::vector<double> values;
  std::vector<double> scores;
  std::vector<float> narrow;
  values.reserve(input.rows() * features);
  input.each([&](const Rows& rows) {
    for (std::size_t i = 0; i < rows.count; ++i) {
      for (std::size_t j = 0; j < features; ++j) values.push_back(rows.value(i, j));
    }
    const std::size_t before = scores.size();
    scores.resize(before + rows.count * outputs);
    if (!model.gives_float32()) return model.score(rows, scores.data() + before, true);
    narrow.resize(rows.count * outputs);
    model.score(rows, narrow.data(), true);
    std::copy(narrow.begin(), narrow.end(), scores.data() + before);
  });
  Bundle bundle = model.bundle();
  bundle.sample.clear();
  for (const std::size_t row : choose_rows(scores, outputs, keep)) {
    bundle.sample.insert(bundle.sample.end(), values.data() + row * features,
                         values.data() + (row + 1) * features);
  }
  return model_of(std::move(bundle));
}

nb::object background_rows(const Model& model) {
  const auto& rows = model.bundle().sample;
  if (rows.empty()) return nb::none();
  void* out = nullptr;
  nb::object matrix = new_matrix(rows.size() / model.features(), model.features(), &out);
  std::ranges::copy(rows, static_cast<double*>(out));
  return matrix;
}

std::unique_ptr<Model> with_profile(const Model& model, const Profile& profile) {
  check_reference(model, profile);
  Bundle bundle = model.bundle();
  bundle.profile = profile.to_bytes();
  return model_of(std::move(bundle));
}

// A table's rows as the model reads them: float64, categories by their place.
nb::object matrix_of(const Model& model, nb::handle data) {
  const Batches table = batches_from(data);
  const TableRows reader(model.bundle().features, model.category_places(), *table.schema);
  void* out = nullptr;
  nb::object matrix = new_matrix(row_count(table), model.features(), &out);
  auto* to = static_cast<double*>(out);
  std::vector<double> values;
  for (const Batch& batch : table.batches) {
    check_values(batch);
    const Rows rows = reader.read(batch, 0, batch.length, values);
    for (std::size_t i = 0; i < rows.count; ++i) {
      for (std::size_t j = 0; j < model.features(); ++j) *to++ = rows.value(i, j);
    }
  }
  return matrix;
}

nb::object golden_rows(const Model& model) {
  const auto& rows = model.bundle().golden.rows;
  void* out = nullptr;
  nb::object matrix = new_matrix(rows.size() / model.features(), model.features(), &out);
  std::ranges::copy(rows, static_cast<double*>(out));
  return matrix;
}

std::optional<nb::bytes> profile_of(const Model& model) {
  if (model.bundle().profile.empty()) return std::nullopt;
  return python_bytes(model.bundle().profile);
}

std::string parity_line(const Parity& parity) {
  return text("Parity(rows=", parity.rows, ", rows_off=", parity.rows_off,
              ", largest_difference=", parity.largest_difference, ")");
}

}  // namespace

void bind_model(nb::module_& m) {
  load_numpy();
  nb::class_<Parity>(m, "Parity", "How a model compared with its trainer when it was compiled.")
      .def(nb::init<std::uint64_t, std::uint64_t, double>(), "rows"_a, "rows_off"_a,
           "largest_difference"_a, "What was found.")
      .def_ro("rows", &Parity::rows, "Rows compared; 0 when the trainer was not there.")
      .def_ro("rows_off", &Parity::rows_off, "Rows whose raw scores are not equal to the bit.")
      .def_ro("largest_difference", &Parity::largest_difference, "Of the raw scores.")
      .def("__repr__", &parity_line, "One line.");
  nb::class_<Model>(m, "Model", predict_slots(),
                    "A compiled model. Immutable: any number of threads may share it.")
      .def("__init__", &compile, "forest"_a, "metadata"_a = std::map<std::string, std::string>(),
           "From a forest; golden rows are drawn and must score as the forest says.")
      .def("__init__", &compile_net, "net"_a, "metadata"_a = std::map<std::string, std::string>(),
           "From a net; golden rows are drawn and must score alike on every machine.")
      .def("__init__", &compile_foreign, "net"_a, "graph"_a, "rows"_a, "scores"_a,
           "metadata"_a = std::map<std::string, std::string>(),
           "Of a graph that onnxruntime runs, with golden rows that it has scored.")
      .def_static("from_bytes", &from_bytes, "data"_a,
                  "Read a model in place; `data` may be a map of a file.")
      .def_static("load", &load, "path"_a, "Map a .kedge file.")
      .def(
          "save",
          [](const Model& self, nb::handle path) {
            const nb::object name = nb::module_::import_("os").attr("fspath")(path);
            write_file(nb::cast<std::string>(name), write_bundle(self.bundle()));
          },
          "path"_a, "Write a .kedge file, whole or not at all.")
      .def("to_bytes", &to_bytes, "The bytes of a .kedge file, the same on every machine.")
      .def("__getstate__", &to_bytes, "Pickled and copied as its bytes.")
      .def(
          "__setstate__",
          [](Model& self, const nb::bytes& data) { make_model(&self, bundle_in(data)); }, "data"_a,
          "Read them back.")
      .def("explain", &explain, "x"_a, nb::kw_only(), "background"_a = nb::none(),
           "interactions"_a = false, "method"_a = "orders", "rounds"_a = 16,
           "deadline_ms"_a = nb::none(), "threads"_a = 1,
           "What each feature adds to the raw scores: exact Shapley values. A feature that is not "
           "known is averaged over by the training rows that went either way; with a background, "
           "rows, what `background` made of them, or \"reference\", the rows that the model keeps, "
           "it has their values, one row's after the other's. Models that are not trees alone are "
           "explained so only, and by estimates, see `Explanation.errors`: from at most so many "
           "`rounds`, each an order of the features and its opposite for every row of the "
           "background, and none that would end behind the deadline, but 2 in any case. Where "
           "features add up or meet in pairs, they are exact. With method "
           "\"gradients\", a net's are integrated gradients, the slope's mean along the straight "
           "way from each row of the background at `rounds` points; errors are then what an "
           "output's sum is short of. Reads what predict reads.")
      .def("reasons", &find_reasons, "x"_a, nb::kw_only(), "top"_a = 3, "toward"_a = nb::none(),
           "background"_a = nb::none(), "threads"_a = 1,
           nb::sig("def reasons(self, x: object, *, top: int = 3, toward: typing.Literal['up', "
                   "'down'] | None = None, background: object | None = None, threads: int = 1) -> "
                   "Reasons"),
           "The conditions that decided: for each row the `top` features with the largest "
           "contributions, as `explain` gives them, and what the row's ways through all trees ask "
           "of each: \"income <= 31200\". With any other value that fulfils a condition, the rest "
           "as it is, the raw score is the same. A feature of which nothing is asked is no reason, "
           "nor is one that adds nothing, or with `toward` one that adds the other way.")
      .def("background", &background_of, "sample"_a,
           nb::sig("def background(self, sample: object) -> Background | SampledBackground"),
           "A sample made ready for many calls of `explain`: 1 to 10 000 rows, as predict reads "
           "them. Takes time and memory for every leaf and row of the sample; then a row to be "
           "explained takes time for each leaf and each set of features that tells rows of the "
           "sample from its path: fewer than rows, in small trees far fewer.")
      .def("matrix", &matrix_of, "table"_a,
           nb::sig("def matrix(self, table: object) -> numpy.typing.NDArray[numpy.float64]"),
           "A table's rows as float64, as the model reads them.")
      .def("with_parity", &with_parity, "parity"_a, "The same model with another parity report.")
      .def("with_profile", &with_profile, "profile"_a,
           "The same model with another reference: the profile of data that has its features.")
      .def("with_background", &with_background, "rows"_a, nb::kw_only(), "keep"_a = 100,
           "The same model with rows of its reference, for `explain(x, background=\"reference\")`: "
           "at most so many, one drawn from each of as many equal parts of them in the order of "
           "their raw scores, always the same. They go into the file as they are: ask for it only "
           "where whoever gets the file may see them.")
      .def("info", &info_of, nb::sig("def info(self) -> dict[str, typing.Any]"),
           "What `kedge inspect` prints, as plain data: JSON takes it as it is.")
      .def("__repr__", &line_of, "One line.")
      .def_prop_ro(
          "features", [](const Model& self) { return self.bundle().features; },
          "What it reads, in order.")
      .def_prop_ro("golden_rows", &golden_rows,
                   nb::sig("def golden_rows(self) -> numpy.typing.NDArray[numpy.float64]"),
                   "Rows that every load scores anew.")
      .def_prop_ro(
          "background_rows", &background_rows,
          nb::sig("def background_rows(self) -> numpy.typing.NDArray[numpy.float64] | None"),
          "The rows of its reference that it keeps; None without.")
      .def_prop_ro(
          "parity", [](const Model& self) { return self.bundle().parity; },
          "How it compared with its trainer.")
      .def_prop_ro(
          "metadata", [](const Model& self) { return self.bundle().metadata; },
          "What was said of it when it was compiled.")
      .def_prop_ro(
          "origin", [](const Model& self) { return self.bundle().origin; }, "What trained it.")
      .def_prop_ro("outputs", &Model::outputs, "Scores for each row.")
      .def_prop_ro("trees", &Model::trees, "How many trees there are.")
      .def_prop_ro("profile_bytes", &profile_of, "The reference profile's bytes, or None.")
      .def_prop_ro("profile", &reference_of,
                   "The reference: what the rows looked like that it was trained on. None without.")
      .def_prop_ro("feature_uses", &uses_of, "How many nodes ask for each feature.")
      .def_prop_ro(
          "nodes", [](const Model& self) { return self.bundle().forest.nodes.size(); },
          "How many nodes ask anything.")
      .def_prop_ro(
          "link", [](const Model& self) { return link_name(self.bundle().forest.link); },
          "How raw scores become predictions.")
      .def(
          "engine", [](const Model& self, std::size_t rows) { return self.engine_name(rows); },
          "rows"_a = 1, "Which engine scores calls of so many rows on this machine.");
}

}  // namespace kedge
