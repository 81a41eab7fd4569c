#include "kedge/window/emitter.h"

#include <algorithm>

#include "kedge/base/random.h"

namespace kedge {
namespace {

std::vector<Field> fields_of(const Field* time, const std::vector<Field>& keys,
                             const Aggregation& aggregation, bool updates) {
  std::vector<Field> fields;
  if (time != nullptr) {
    fields.push_back({"window_start", time->type, false});
    fields.push_back({"window_end", time->type, false});
  }
  for (const Field& key : keys) fields.push_back({key.name, key_output_type(key.type), true});
  for (const Field& field : aggregation.fields()) fields.push_back(field);
  Type id;
  id.id = TypeId::kUint64;
  fields.push_back({"window_id", id, false});
  if (updates) {
    Type number, word;
    number.id = TypeId::kUint32;
    word.id = TypeId::kLargeUtf8;
    fields.push_back({"window_revision", number, false});
    fields.push_back({"window_update", word, false});
  }
  return fields;
}

std::string_view standing_name(Standing standing) noexcept {
  switch (standing) {
    case Standing::kEarly:
      return "early";
    case Standing::kFinal:
      return "final";
    case Standing::kRetracted:
      break;
  }
  return "retracted";
}
// A line more: columns whole pages apart would all claim the same few lines of the first cache.
constexpr std::size_t kPitch = kOutputBlock * sizeof(std::uint64_t) + kCacheLine;

}  // namespace

Emitter::Emitter(const Field* time, const std::vector<Field>& keys, const Aggregation& aggregation,
                 const WindowSpec& spec)
    : aggregation_(aggregation),
      has_time_(time != nullptr),
      first_key_(has_time_ ? 2 : 0),
      first_answer_(first_key_ + keys.size()),
      definition_(spec.hash()),
      output_(fields_of(time, keys, aggregation, spec.updates)),
      reads_columns_(std::ranges::any_of(aggregation.results(),
                                         [](const auto& r) { return r->reads_columns(); })),
      columns_(Buffer::uninitialized(reads_columns_ ? aggregation.words() * kPitch : 0)),
      values_(kOutputBlock) {}

void Emitter::emit_bounds(std::span<const TimeRange> windows) {
  for (std::size_t i = 0; i < windows.size(); ++i) {
    values_[i] = static_cast<std::uint64_t>(windows[i].begin);
  }
  output_.column(0).append({values_.data(), windows.size()}, nullptr);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    values_[i] = static_cast<std::uint64_t>(windows[i].end);
  }
  output_.column(1).append({values_.data(), windows.size()}, nullptr);
}

void Emitter::emit_revisions(std::size_t column, std::span<const Revision> revisions) {
  for (std::size_t i = 0; i < revisions.size(); ++i) values_[i] = revisions[i].number;
  output_.column(column).append({values_.data(), revisions.size()}, nullptr);
  for (const Revision& revision : revisions) {
    output_.column(column + 1).append_text(standing_name(revision.standing));
  }
}

void Emitter::emit(const Keys& keys, std::span<const std::uint32_t> ids, const Finished& finished,
                   std::span<const Revision> revisions) {
  names_.clear();
  for (const TimeRange& window : finished.windows) {
    names_.push_back(static_cast<std::uint64_t>(window.begin));
  }
  emit(keys, ids, finished, names_, revisions);
}

WordColumns Emitter::columns_of(std::span<const std::byte* const> states) {
  const WordColumns columns{columns_.data(), kPitch};
  for (const ColumnPiece& piece : aggregation_.column_pieces()) {
    for (std::size_t i = 0; i < states.size(); ++i) {
      const auto* const words = reinterpret_cast<const std::uint64_t*>(states[i]);
      for (std::size_t w = piece.word; w < piece.word + piece.words; ++w) {
        columns.word<std::uint64_t>(w)[i] = words[w];
      }
    }
  }
  return columns;
}

void Emitter::emit_names(const Keys& keys, std::span<const std::uint32_t> ids,
                         std::span<const std::uint64_t> names, OutputColumn& to) {
  if (first_answer_ == first_key_) {
    std::fill_n(values_.begin(), ids.size(), mix_bits(definition_));  // one key, its hash is zero
  } else {
    keys.hash(ids, values_.data());
    for (std::size_t i = 0; i < ids.size(); ++i) values_[i] = mix_bits(definition_ ^ values_[i]);
  }
  for (std::size_t i = 0; i < ids.size(); ++i) values_[i] = mix_bits(values_[i] + names[i]);
  to.append({values_.data(), ids.size()}, nullptr);
}

void Emitter::emit(const Keys& keys, std::span<const std::uint32_t> ids, const Finished& finished,
                   std::span<const std::uint64_t> names, std::span<const Revision> revisions) {
  if (has_time_) emit_bounds(finished.windows);
  keys.append(ids, output_, first_key_);
  Finished all = finished;
  if (reads_columns_ && all.columns.first == nullptr) all.columns = columns_of(finished.states);
  std::size_t column = first_answer_;
  for (const auto& result : aggregation_.results()) {
    result->append(all, output_.column(column++));
  }
  emit_names(keys, ids, names, output_.column(column));
  if (!revisions.empty()) emit_revisions(column + 1, revisions);
}

}  // namespace kedge
