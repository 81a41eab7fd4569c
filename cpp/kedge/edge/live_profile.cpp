#include "kedge/edge/live_profile.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/edge/row_scorer.h"

namespace kedge::edge {
namespace {

constexpr std::uint32_t kCells = 4096;

CellMap cells_of(ValueRange range) {
  return CellMap::affine(kCells, range, range.low, kCells / (range.high - range.low));
}

}  // namespace

ValueRange expected_scores(const Model& model, bool raw) {
  const Rows rows = rows_of(model.bundle().golden.rows, model.features());
  std::vector<double> scores(rows.count * model.outputs());
  std::vector<float> narrow(scores.size());
  void* const out = model.gives_float32() ? static_cast<void*>(narrow.data()) : scores.data();
  if (rows.count > 0) model.score(rows, out, raw);
  if (model.gives_float32()) std::ranges::copy(narrow, scores.begin());
  std::erase_if(scores, [](double score) { return !std::isfinite(score); });
  if (scores.empty()) return {-1, 1};
  const auto [low, high] = std::ranges::minmax(scores);
  if (low >= 0 && high <= 1) return {0, 1};
  const double margin = std::max(high - low, std::fabs(high) * 0x1p-10);
  return {low - margin, high + margin};
}

LiveProfile::LiveProfile(const Model& model, std::span<const std::byte> reference,
                         const Schema& schema, bool raw)
    : scores_(model.outputs()), score_columns_(model.outputs()) {
  if (!reference.empty()) {
    const Profile counted = Profile::from_bytes(reference);
    for (const ColumnProfile& column : counted.columns()) {
      const auto field = std::ranges::find(schema, column.name, &Field::name);
      if (field == schema.end()) continue;
      column.check_takes(field->type);
      profile_.add_column(column.like());
      places_.push_back(static_cast<std::size_t>(field - schema.begin()));
    }
  }
  const auto map = std::make_shared<const CellMap>(cells_of(expected_scores(model, raw)));
  for (const std::string& name : score_names(model)) {
    profile_.add_column({name, "double", 0, Histogram(map)});
  }
  counted_.resize(places_.size());
  for (const Column& column : score_columns_) counted_.push_back(&column);
}

void LiveProfile::count(std::span<const Column* const> features, std::span<const double> scores) {
  const std::size_t rows = scores.size() / scores_.size();
  for (std::size_t i = 0; i < places_.size(); ++i) counted_[i] = features[places_[i]];
  for (std::size_t k = 0; k < scores_.size(); ++k) {
    scores_[k].resize(rows);
    for (std::size_t i = 0; i < rows; ++i) scores_[k][i] = scores[i * scores_.size() + k];
    score_columns_[k].length = rows;
    score_columns_[k].values = scores_[k].data();
  }
  profile_.update(counted_, rows);
}

bool LiveProfile::resume(std::span<const std::byte> stored) {
  Profile before = Profile::from_bytes(stored);
  try {
    before.merge(profile_);
  } catch (const Error&) {
    return false;
  }
  profile_ = std::move(before);
  return true;
}

}  // namespace kedge::edge
