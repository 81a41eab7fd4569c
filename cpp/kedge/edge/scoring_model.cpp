#include "kedge/edge/scoring_model.h"

#include <algorithm>
#include <utility>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/give_back.h"
#include "kedge/base/hex.h"
#include "kedge/edge/json_text.h"

namespace kedge::edge {

ScoringModel::ScoringModel(const EdgeConfig& config, const Schema& schema, EdgeModel model,
                           std::uint64_t epoch)
    : config_(config),
      model_(std::move(model)),
      epoch_(epoch),
      scorer_(*model_.model, schema, config.input.batch_rows, config.output.raw,
              config.output.reasons),
      live_(*model_.model, model_.profile, scorer_.schema(), config.output.raw) {
  give_back(model_.profile);
  if (config.spool.folder.empty()) return;
  check_scores_fit();
  check_sketch_fits();
}

std::vector<std::byte> ScoringModel::start_record() const {
  std::string json = "{\"device\":";
  append_json_string(json, config_.device);
  json += text(",\"model\":\"", hex_of(model_.sha256), "\",\"epoch\":", epoch_, ",\"scores\":[");
  for (const std::string& name : score_names(*model_.model)) {
    if (json.back() != '[') json += ',';
    append_json_string(json, name);
  }
  json += "]}";
  const auto bytes = as_bytes(json);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> ScoringModel::sketch_record() const {
  ByteWriter out;
  out.reserve(most_sketch_bytes_);  // so that it is never there twice
  out.write(epoch_);
  out.write_bytes(model_.sha256);
  live_.profile().write(out);
  return out.take();
}

void ScoringModel::check_scores_fit() const {
  const std::uint64_t rows = config_.input.batch_rows;
  const std::uint64_t most = rows * model().outputs() * sizeof(double);
  if (most > kMostRecordBytes) {
    throw invalid_argument("input.batch_rows = ", rows, ": the scores of ", model().outputs(),
                           " outputs take ", most, " bytes, a record of the spool has at most ",
                           kMostRecordBytes);
  }
  if (most > config_.spool.most_score_bytes()) {
    throw invalid_argument("spool.buffer_bytes = ", config_.spool.limits.pending_bytes,
                           " is below ", 2 * most,
                           ", twice what the scores of input.batch_rows = ", rows, " take");
  }
}

// Counters of 32 bits take five bytes at most where an empty one takes none or one.
void ScoringModel::check_sketch_fits() {
  most_sketch_bytes_ = sketch_record().size();
  for (const ColumnProfile& column : live_.profile().columns()) {
    most_sketch_bytes_ += 5 * column.slots();
  }
  if (most_sketch_bytes_ > kMostRecordBytes) {
    throw invalid_argument("a sketch may take ", most_sketch_bytes_,
                           " bytes, a record of the spool has at most ", kMostRecordBytes,
                           "; compile the model with fewer cells");
  }
  const std::uint64_t most = most_sketch_bytes_ + kRecordHeader;
  if (most <= config_.spool.limits.pending_bytes) return;
  throw invalid_argument("spool.buffer_bytes = ", config_.spool.limits.pending_bytes,
                         ": a sketch may take ", most,
                         "; compile the model with fewer cells, or give more");
}

void ScoringModel::resume(std::span<const std::byte> sketch_record) {
  if (sketch_record.empty()) return;
  ByteReader in(sketch_record, "sketch record");
  const auto epoch = in.read<std::uint64_t>();
  const auto sha256 = in.read_bytes(kSha256Bytes);
  if (epoch == epoch_ && std::ranges::equal(sha256, model_.sha256)) {
    has_resumed_ = live_.resume(in.read_bytes(in.remaining()));
  }
}

void ScoringModel::leave_out(std::span<const std::byte> sketch_record) {
  if (!std::exchange(has_resumed_, false)) return;
  live_.leave_out(sketch_record.subspan(sizeof epoch_ + kSha256Bytes));
}

}  // namespace kedge::edge
