#include "kedge/serve/drift_cells.h"

#include <algorithm>
#include <cmath>
#include <exception>

#include "kedge/base/bits.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr std::size_t kTogether = 256;  // rows: what counting takes then is no call's p99
constexpr std::string_view kScore = "score";
constexpr std::size_t kWords = kTogether / 8;  // bytes of a column's validity

Type type_of(bool is_name, bool is_whole) {
  Type type;
  if (is_name || is_whole) type.id = TypeId::kInt64;
  if (!is_name) return type;
  Type names;
  names.id = TypeId::kUtf8;
  type.dictionary = std::make_shared<const Type>(names);
  return type;
}

bool takes(const ColumnProfile& column, const Type& type) {
  try {
    column.check_takes(type);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

DriftCells::DriftCells(const Model& model) {
  auto schema = std::make_shared<Schema>();
  if (!model.bundle().profile.empty()) {
    const Profile whole = Profile::from_bytes(model.bundle().profile);
    for (const ColumnProfile& column : whole.columns()) add_column(model, column, *schema);
  }
  schema_ = std::move(schema);
}

std::shared_ptr<const Column> DriftCells::dictionary_of(const Feature& feature) {
  auto offsets = std::make_unique<std::vector<std::int32_t>>(1, 0);
  auto texts = std::make_unique<std::string>();
  for (const std::string& name : feature.categories) {
    *texts += name;
    offsets->push_back(static_cast<std::int32_t>(texts->size()));
  }
  auto column = std::make_shared<Column>();
  column->type = TypeId::kUtf8;
  column->length = feature.categories.size();
  column->values = offsets->data();
  column->text = texts->data();
  offsets_.push_back(std::move(offsets));
  texts_.push_back(std::move(texts));
  return column;
}

void DriftCells::add_column(const Model& model, const ColumnProfile& column, Schema& schema) {
  const std::vector<Feature>& features = model.bundle().features;
  const auto found = std::ranges::find(features, column.name, &Feature::name);
  const bool is_score = found == features.end();
  if (is_score && (column.name != kScore || model.outputs() != 1)) return;
  Source source;
  source.is_score = is_score;
  if (!is_score) {
    source.column = static_cast<std::size_t>(found - features.begin());
    const bool has_names = !found->categories.empty();
    if (has_names) source.dictionary = dictionary_of(*found);
    if (column.kind() != "number") source.form = has_names ? Form::kName : Form::kWhole;
    source.names = found->categories.size();
  }
  const Type type = type_of(source.form == Form::kName, source.form == Form::kWhole);
  if (!takes(column, type)) return;
  reference_.add_column(column);
  schema.push_back({column.name, type, true});
  sources_.push_back(std::move(source));
  has_scores_ = has_scores_ || is_score;
}

void DriftCells::add(const Rows& rows, const Rows& scores) noexcept {
  if (sources_.empty() || rows.count == 0) return;
  if (!has_scores_ || scores.count == rows.count) {
    const std::size_t first = thread_place();
    for (std::size_t i = 0; i < kThreadPlaces; ++i) {
      Place& place = places_[(first + i) % kThreadPlaces];
      const std::unique_lock taken(place.lock, std::try_to_lock);
      if (!taken) continue;
      try {
        return add(place, rows, scores);
      } catch (const std::exception&) {
        place.filled = 0;  // what there is no memory for
        break;
      }
    }
  }
  missed_.fetch_add(rows.count, std::memory_order_relaxed);
}

void DriftCells::add(Place& place, const Rows& rows, const Rows& scores) {
  if (place.values.empty()) {
    place.values.resize(sources_.size() * kTogether);
    place.places.resize(sources_.size() * kTogether);
    place.valid.resize(sources_.size() * kWords);
  }
  for (std::size_t first = 0; first < rows.count;) {
    const std::size_t many = std::min(rows.count - first, kTogether - place.filled);
    double* to = place.values.data() + place.filled;
    for (const Source& source : sources_) {
      const Rows& from = source.is_score ? scores : rows;
      for (std::size_t i = 0; i < many; ++i) to[i] = from.value(first + i, source.column);
      to += kTogether;
    }
    first += many;
    place.filled += many;
    if (place.filled == kTogether) count(place);
  }
}

Column DriftCells::column_of(Place& place, std::size_t i) const {
  const Source& source = sources_[i];
  const double* const values = place.values.data() + i * kTogether;
  Column out;
  out.length = place.filled;
  out.values = values;
  if (source.form == Form::kNumber) return out;
  constexpr double kMost = 0x1p62;
  const double most = source.form == Form::kName ? static_cast<double>(source.names) - 1 : kMost;
  const double least = source.form == Form::kName ? 0 : -kMost;
  std::int64_t* const whole = place.places.data() + i * kTogether;
  std::uint8_t* const valid = place.valid.data() + i * kWords;
  std::fill_n(valid, kWords, std::uint8_t{0});
  for (std::size_t k = 0; k < place.filled; ++k) {
    const bool is_one =
        values[k] >= least && values[k] <= most && std::floor(values[k]) == values[k];
    whole[k] = is_one ? static_cast<std::int64_t>(values[k]) : 0;
    valid[k / 8] = static_cast<std::uint8_t>(valid[k / 8] | (is_one ? 1U << (k % 8) : 0U));
  }
  out.type = TypeId::kInt64;
  out.values = whole;
  out.validity = valid;
  out.dictionary = source.form == Form::kName ? source.dictionary : nullptr;
  return out;
}

void DriftCells::count(Place& place) const {
  if (!place.counted) place.counted = std::make_unique<Profile>(reference_.like());
  Batch batch;
  batch.schema = schema_;
  batch.length = place.filled;
  batch.columns.reserve(sources_.size());
  for (std::size_t i = 0; i < sources_.size(); ++i) batch.columns.push_back(column_of(place, i));
  place.counted->update(batch);
  place.filled = 0;
}

Profile DriftCells::take() {
  Profile sum = reference_.like();
  for (Place& place : places_) {
    std::unique_lock guard(place.lock);
    const bool is_empty = !place.counted || place.counted->row_count() == 0;
    if (is_empty && place.filled == 0) continue;
    guard.unlock();
    // Made here, so that no call has to.
    auto counted = std::make_unique<Profile>(reference_.like());
    guard.lock();
    if (place.filled != 0) count(place);
    counted.swap(place.counted);
    guard.unlock();
    sum.merge(*counted);
  }
  return sum;
}

}  // namespace kedge
