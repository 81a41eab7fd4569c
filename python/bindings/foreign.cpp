#include "foreign.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/model/foreign.h"
#include "numpy_matrix.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

// A Python function from rows of float64 to scores of float64.
class PythonRuntime : public ForeignRuntime {
 public:
  explicit PythonRuntime(const Bundle& bundle)
      : features_(bundle.features.size()), outputs_(bundle.foreign->outputs) {
    const nb::module_ runtime = nb::module_::import_("kedge.model.onnx_runtime");
    score_ =
        runtime.attr("scorer_of")(python_bytes(bundle.foreign->graph), nb::cast(bundle.features));
  }
  PythonRuntime(const PythonRuntime&) = delete;
  PythonRuntime& operator=(const PythonRuntime&) = delete;
  ~PythonRuntime() override {
    nb::gil_scoped_acquire gil;
    score_.reset();
  }

  void score(const Rows& rows, double* out) const override {
    nb::gil_scoped_acquire gil;
    void* data = nullptr;
    const nb::object matrix = new_matrix(rows.count, features_, &data);
    auto* to = static_cast<double*>(data);
    for (std::size_t i = 0; i < rows.count; ++i) {
      for (std::size_t j = 0; j < features_; ++j) *to++ = rows.value(i, j);
    }
    const nb::object given = score_(matrix);
    nb::object keep;
    const Rows scores = numpy_rows(given, outputs_, keep);
    if (scores.count != rows.count) {
      throw corrupt_data("the runtime gave scores of ", scores.count, " rows, there are ",
                         rows.count);
    }
    for (std::size_t i = 0; i < scores.count; ++i) {
      for (std::size_t k = 0; k < outputs_; ++k) *out++ = scores.value(i, k);
    }
  }

 private:
  std::size_t features_;
  std::size_t outputs_;
  nb::object score_;
};

std::shared_ptr<const ForeignRuntime> runtime_of(const Bundle& bundle) {
  if (!bundle.foreign) return nullptr;
  if (bundle.foreign->runtime != kOnnxRuntime) {
    throw unsupported("the model runs in \"", bundle.foreign->runtime, "\", which is not known");
  }
  return std::make_shared<const PythonRuntime>(bundle);
}

}  // namespace

std::unique_ptr<Model> model_of(Bundle bundle) {
  auto runtime = runtime_of(bundle);
  return std::make_unique<Model>(std::move(bundle), std::move(runtime));
}

void make_model(Model* self, Bundle bundle) {
  auto runtime = runtime_of(bundle);
  new (self) Model(std::move(bundle), std::move(runtime));
}

void bind_foreign(nb::module_& m) {
  nb::class_<ForeignNet>(m, "ForeignNet", "An ONNX graph that is not compiled: its inputs.")
      .def_static(
          "from_onnx", [](const nb::bytes& data) { return read_foreign_onnx(bytes_of(data)); },
          "data"_a, "What rows look like that it takes, and why it is not compiled.")
      .def_ro("origin", &ForeignNet::origin, "What made it.")
      .def_ro("features", &ForeignNet::features, "The columns of a row, in order.")
      .def_ro("reasons", &ForeignNet::reasons, "The nodes that have no step, and why.");
}

}  // namespace kedge
