#include "kedge/edge/row_decoder.h"

#include "kedge/base/error.h"
#include "kedge/edge/batch_part.h"

namespace kedge::edge {

RowDecoder::RowDecoder(const InputConfig& config, Quarantine& quarantine, Use use)
    : config_(config),
      quarantine_(quarantine),
      use_(std::move(use)),
      schema_(std::make_shared<const Schema>(config.columns)),
      lines_(config.line_bytes),
      csv_lines_(config.delimiter, config.line_bytes) {
  if (config.format == RowFormat::kNdjson) json_.emplace(config.columns);
  if (config.format == RowFormat::kCsv) {
    csv_.emplace(config.columns, records::CsvOptions{config.delimiter, {}});
  }
  if (config.format == RowFormat::kArrow) arrow_.emplace();
}

template <class Records>
void RowDecoder::use_rows(Records& records) {
  if (records.columns().rows() == 0) return;
  rows_ += records.columns().rows();
  use_(records.columns().view());
  records.columns().clear();
}

// Around nothing that uses rows: what goes wrong there is no fault of the stream.
template <class Run>
bool RowDecoder::decode(std::string_view line, const Run& run) {
  try {
    run();
    return true;
  } catch (const Error& error) {
    quarantine_.take(line, {}, error.what());
    is_lost_ = true;
    return false;
  }
}

template <class Records>
void RowDecoder::line(Records& records, std::string_view line, bool whole) {
  if (is_lost_ || line.empty() || line == "\r") return;
  if (!whole) {
    quarantine_.take(line, {}, "the line is longer than input.line_bytes");
  } else {
    decode(line, [&] {
      if (records.append(line)) return;
      const records::Refusal& refusal = records.columns().refusal();
      quarantine_.take(line, refusal.field, refusal.reason);
    });
  }
  if (records.columns().rows() >= config_.batch_rows) use_rows(records);
}

void RowDecoder::push_json(std::string_view chunk) {
  lines_.push(chunk, [&](std::string_view text, bool whole) { line(*json_, text, whole); });
  use_rows(*json_);
}

void RowDecoder::push_csv(std::string_view chunk) {
  csv_lines_.push(chunk, [&](std::string_view text, bool whole) { line(*csv_, text, whole); });
  use_rows(*csv_);
}

void RowDecoder::use_arrow(const Batch& batch) {
  for (std::size_t first = 0; first < batch.length; first += config_.batch_rows) {
    const Batch part = rows_part(batch, first, config_.batch_rows);
    rows_ += part.length;
    use_(part);
  }
}

void RowDecoder::push_arrow(std::string_view chunk) {
  if (is_lost_) return;
  decode({}, [&] { arrow_->push(as_bytes(chunk)); });
  std::optional<Batch> batch;
  const auto next = [&] {
    batch = arrow_->next();
    if (batch) batch = columns_part(*batch, *schema_);
  };
  while (decode({}, next) && batch) use_arrow(*batch);
}

void RowDecoder::push(std::string_view chunk) {
  if (json_) return push_json(chunk);
  if (csv_) return push_csv(chunk);
  push_arrow(chunk);
}

void RowDecoder::end_stream() {
  if (json_) {
    lines_.finish([&](std::string_view text, bool whole) { line(*json_, text, whole); });
    use_rows(*json_);
  }
  if (csv_) {
    csv_lines_.finish([&](std::string_view text, bool whole) { line(*csv_, text, whole); });
    use_rows(*csv_);
    csv_->restart();
  }
  if (arrow_) arrow_.emplace();
  is_lost_ = false;
}

}  // namespace kedge::edge
