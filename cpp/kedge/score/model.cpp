#include "kedge/score/model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <thread>

#include "kedge/base/error.h"
#include "kedge/kernels/rank.h"
#include "kedge/score/link.h"

namespace kedge {
namespace {

// Below this a thread costs more than it brings.
constexpr std::size_t kLeastThreadRows = 4096;
constexpr std::size_t kLeastThreadExplained = 256;

// Calls work(first, rows) for parts of the rows, whole blocks but for the last, one a thread.
template <class Work>
void in_threads(const Rows& rows, std::size_t threads, std::size_t least_rows, const Work& work) {
  const std::size_t parts =
      std::clamp<std::size_t>(rows.count / least_rows, 1, std::max<std::size_t>(threads, 1));
  if (parts == 1) return work(0, rows);
  const std::size_t blocks = (rows.count + kBlockRows - 1) / kBlockRows;
  const std::size_t each = (blocks + parts - 1) / parts * kBlockRows;
  std::vector<std::jthread> workers;
  for (std::size_t first = each; first < rows.count; first += each) {
    const Rows part = rows.from(first, std::min(each, rows.count - first));
    workers.emplace_back([=, &work] { work(first, part); });
  }
  work(0, rows.from(0, std::min(each, rows.count)));
}

// Multiplications and what else a graph does for a row; a tree's walk takes as long as some dozens.
std::size_t work_of(const Graph& graph) {
  constexpr std::size_t kWalk = 64;
  std::size_t work = 0;
  for (const GraphStep& step : graph.steps) {
    work += step.width;
    for (std::size_t i = 0; i < step.tensors; ++i) work += graph.tensor_count(step, i);
  }
  return work / kWalk + 1;
}

// A call costs as much as many trees.
constexpr std::size_t kForeignWork = 1024;
// Sums of float32 in another order stay far below.
constexpr double kMostForeignOff = 1e-4;

bool is_near(double a, double b) {
  return std::fabs(a - b) <= kMostForeignOff * std::max(1.0, std::fabs(b));
}

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

}  // namespace

Model::Model(Bundle bundle, std::shared_ptr<const ForeignRuntime> runtime)
    : bundle_(std::move(bundle)), runtime_(std::move(runtime)) {
  if (bundle_.foreign) {
    if (!runtime_) {
      const std::vector<std::string>& reasons = bundle_.foreign->reasons;
      throw unsupported("the model runs in ", bundle_.foreign->runtime,
                        ", which this program does not have", reasons.empty() ? "" : ": ",
                        reasons.empty() ? "" : reasons.front());
    }
    row_work_ = kForeignWork;
    check_golden();
    return;
  }
  row_work_ = trees();
  if (bundle_.graph) {
    plan_ = std::make_shared<const Plan>(*bundle_.graph, bundle_.forest);
    row_work_ += work_of(*bundle_.graph);
    check_golden();
    return;
  }
  for (const EngineRow& row : engines()) {
    if (!row.can_serve(bundle_.forest)) continue;
    places_.push_back(std::make_unique<Place>());
    places_.back()->row = &row;
  }
  check_golden();
}

const Model::Place& Model::place(std::size_t rows) const noexcept {
  const Place* chosen = places_.front().get();
  for (const auto& place : places_) {
    if (rows >= place->row->least_rows) chosen = place.get();
  }
  return *chosen;
}

const Engine& Model::engine(std::size_t rows) const {
  const Place& chosen = place(rows);
  std::call_once(chosen.once, [&] { chosen.engine = chosen.row->make(bundle_.forest); });
  return *chosen.engine;
}

void Model::check_golden() const {
  const Golden& golden = bundle_.golden;
  const Rows rows = rows_of(golden.rows, features());
  if (golden.rows.size() != rows.count * features() ||
      golden.raw.size() != rows.count * outputs()) {
    throw corrupt_data("section \"golden\": ", golden.rows.size(), " values and ",
                       golden.raw.size(), " scores do not fit ", features(), " features and ",
                       outputs(), " outputs");
  }
  std::vector<double> wide(outputs());
  std::vector<float> narrow(outputs());
  for (std::size_t i = 0; i < rows.count; ++i) {
    score(rows.from(i, 1), gives_float32() ? static_cast<void*>(narrow.data()) : wide.data(), true);
    if (gives_float32()) std::ranges::copy(narrow, wide.begin());
    for (std::size_t k = 0; k < outputs(); ++k) {
      const double wanted = golden.raw[i * outputs() + k];
      if (!same_bits(wide[k], wanted) && !(bundle_.foreign && is_near(wide[k], wanted))) {
        throw corrupt_data("section \"golden\": row ", i, " scores ", wide[k], ", it must score ",
                           wanted);
      }
    }
  }
}

void Model::score_part(const Engine* engine, const Rows& rows, void* out, bool raw) const noexcept {
  if (plan_) return plan_->score(rows, out, raw);
  engine->score(rows, out);
  if (raw) return;
  if (gives_float32()) {
    apply_link(bundle_.forest, rows.count, static_cast<float*>(out));
  } else {
    apply_link(bundle_.forest, rows.count, static_cast<double*>(out));
  }
}

void Model::score(const Rows& rows, void* out, bool raw, std::size_t threads) const {
  if (bundle_.foreign) return runtime_->score(rows, static_cast<double*>(out));
  const Engine* chosen = plan_ ? nullptr : &engine(rows.count);
  const std::size_t row_bytes = outputs() * (gives_float32() ? sizeof(float) : sizeof(double));
  in_threads(rows, threads, kLeastThreadRows, [&](std::size_t first, const Rows& part) {
    score_part(chosen, part, static_cast<std::byte*>(out) + first * row_bytes, raw);
  });
}

std::span<const CategoryPlaces> Model::category_places() const {
  std::call_once(placed_, [&] {
    category_places_.reserve(features());
    for (const Feature& feature : bundle_.features) category_places_.emplace_back(feature);
  });
  return category_places_;
}

void Model::check_ours(std::string_view what) const {
  if (bundle_.foreign) {
    throw unsupported(what, ": the model runs in ", bundle_.foreign->runtime,
                      ", of which scores are all that is known");
  }
}

const Explainer& Model::explainer() const {
  check_ours("explain");
  if (plan_) {
    throw unsupported(
        "explain: the model is a graph of steps, which is explained against a background only; "
        "trees alone know their training rows' ways");
  }
  std::call_once(explained_,
                 [&] { explainer_ = std::make_unique<const Explainer>(bundle_.forest); });
  return *explainer_;
}

void Model::explain(const Rows& rows, double* out, std::size_t threads) const {
  const Explainer& chosen = explainer();
  in_threads(rows, threads, kLeastThreadExplained, [&](std::size_t first, const Rows& part) {
    chosen.explain(part, out + first * outputs() * features());
  });
}

void Model::explain(const Background& background, const Rows& rows, double* out,
                    std::size_t threads) const {
  in_threads(rows, threads, kLeastThreadExplained, [&](std::size_t first, const Rows& part) {
    background.explain(part, out + first * outputs() * features());
  });
}

void Model::explain(const SampledBackground& background, const Sampling& sampling, const Rows& rows,
                    double* out, double* errors, std::size_t threads) const {
  in_threads(rows, threads, kBlockRows, [&](std::size_t first, const Rows& part) {
    const std::size_t at = first * outputs() * features();
    background.explain(part, sampling, out + at, errors + at);
  });
}

void Model::explain(const SampledBackground& background, const Gradients& gradients,
                    std::size_t points, const Rows& rows, double* out, double* errors,
                    std::size_t threads) const {
  in_threads(rows, threads, kBlockRows, [&](std::size_t first, const Rows& part) {
    const std::size_t at = first * outputs() * features();
    gradients.explain(part, background.sample(), background.base(), points, out + at, errors + at);
  });
}

Rows Model::reference_rows() const {
  check_ours("background");
  if (bundle_.sample.empty()) {
    throw invalid_argument(
        "background: the model keeps no rows of its reference; compile it with background=100, or "
        "give rows");
  }
  return rows_of(bundle_.sample, features());
}

const Background& Model::reference_background() const {
  const Rows rows = reference_rows();
  std::call_once(compared_,
                 [&] { background_ = std::make_unique<const Background>(bundle_.forest, rows); });
  return *background_;
}

const SampledBackground& Model::sampled_reference() const {
  const Rows rows = reference_rows();
  std::call_once(compared_,
                 [&] { sampled_ = std::make_unique<const SampledBackground>(plan_, rows); });
  return *sampled_;
}

void Model::explain_pairs(const Rows& rows, double* out, std::size_t threads) const {
  std::call_once(paired_,
                 [&] { interactions_ = std::make_unique<const Interactions>(explainer()); });
  in_threads(rows, threads, kLeastThreadExplained, [&](std::size_t first, const Rows& part) {
    interactions_->explain(part, out + first * outputs() * features() * features());
  });
}

const Conditions& Model::conditions() const {
  check_ours("reasons");
  if (plan_)
    throw unsupported("reasons: the model is a graph of steps; trees alone ask conditions");
  std::call_once(asked_, [&] { conditions_ = std::make_unique<const Conditions>(bundle_.forest); });
  return *conditions_;
}

void Model::find_reasons(const Rows& rows, const double* phi, std::size_t first, Reasons& out,
                         std::size_t threads) const {
  const Conditions& chosen = conditions();
  in_threads(rows, threads, kLeastThreadExplained, [&](std::size_t begin, const Rows& part) {
    out.find(chosen, part, first + begin, phi + begin * outputs() * features());
  });
}

}  // namespace kedge
