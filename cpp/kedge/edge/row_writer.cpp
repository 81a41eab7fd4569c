#include "kedge/edge/row_writer.h"

#include "kedge/base/error.h"
#include "kedge/edge/json_text.h"
#include "kedge/edge/value_text.h"

namespace kedge::edge {

RowWriter::RowWriter(const OutputConfig& config, const Schema& rows,
                     std::vector<std::string> scores)
    : config_(config), scores_(std::move(scores)), score_columns_(scores_.size()) {
  for (const std::string& name : config.keep) {
    kept_.push_back(find_column(rows, name));
    const Field& field = rows[kept_.back()];
    if (!has_text(field.type)) {
      throw unsupported("output.keep: column \"", name, "\" is ", type_name(field.type),
                        ", which has no text");
    }
    schema_.push_back(field);
  }
  for (const std::string& name : scores_) schema_.push_back({name, {}});
  if (config.reasons > 0) {
    Type text;
    text.id = TypeId::kUtf8;
    schema_.push_back({"reasons", text});
  }
}

void RowWriter::begin() {
  if (config_.format == RowFormat::kArrow) {
    ipc_.emplace(schema_, arrow_);
  } else if (config_.format == RowFormat::kCsv) {
    for (const Field& field : schema_) {
      if (&field != &schema_.front()) text_ += ',';
      append_csv_text(text_, field.name);
    }
    text_ += '\n';
  }
}

void RowWriter::end() {
  if (ipc_) ipc_->finish();
}

std::span<const char> RowWriter::bytes() const noexcept {
  if (config_.format != RowFormat::kArrow) return text_;
  return as_text(arrow_.view());
}

void RowWriter::clear() noexcept {
  text_.clear();
  arrow_.clear();
}

void RowWriter::add_json(const Batch& rows, std::size_t row, std::span<const double> scores) {
  text_ += '{';
  for (const std::size_t place : kept_) {
    append_json_string(text_, rows.field(place).name);
    text_ += ':';
    append_json_value(text_, rows.columns[place], row);
    text_ += ',';
  }
  for (std::size_t k = 0; k < scores_.size(); ++k) {
    if (k > 0) text_ += ',';
    append_json_string(text_, scores_[k]);
    text_ += ':';
    append_json_number(text_, scores[row * scores_.size() + k]);
  }
}

void RowWriter::add_csv(const Batch& rows, std::size_t row, std::span<const double> scores) {
  for (const std::size_t place : kept_) {
    append_csv_value(text_, rows.columns[place], row);
    text_ += ',';
  }
  for (std::size_t k = 0; k < scores_.size(); ++k) {
    if (k > 0) text_ += ',';
    append_text(text_, scores[row * scores_.size() + k]);
  }
}

void RowWriter::add_arrow(const Batch& rows, std::span<const double> scores,
                          std::span<const std::string> reasons) {
  Batch out;
  out.length = rows.length;
  out.schema = std::make_shared<const Schema>(schema_);
  for (const std::size_t place : kept_) out.columns.push_back(rows.columns[place]);
  for (std::size_t k = 0; k < scores_.size(); ++k) {
    score_columns_[k].resize(rows.length);
    for (std::size_t i = 0; i < rows.length; ++i) {
      score_columns_[k][i] = scores[i * scores_.size() + k];
    }
    Column column;
    column.length = rows.length;
    column.values = score_columns_[k].data();
    out.columns.push_back(column);
  }
  if (config_.reasons > 0) {
    reason_text_.clear();
    reason_ends_.assign(1, 0);
    for (const std::string& reason : reasons) {
      reason_text_ += reason;
      reason_ends_.push_back(static_cast<std::int32_t>(reason_text_.size()));
    }
    Column column;
    column.type = TypeId::kUtf8;
    column.length = rows.length;
    column.values = reason_ends_.data();
    column.text = reason_text_.data();
    out.columns.push_back(column);
  }
  ipc_->write(out);
}

void RowWriter::add(const Batch& rows, std::span<const double> scores,
                    std::span<const std::string> reasons) {
  if (config_.format == RowFormat::kArrow) return add_arrow(rows, scores, reasons);
  const bool is_json = config_.format == RowFormat::kNdjson;
  for (std::size_t i = 0; i < rows.length; ++i) {
    is_json ? add_json(rows, i, scores) : add_csv(rows, i, scores);
    if (config_.reasons > 0) {
      text_ += is_json ? ",\"reasons\":" : ",";
      is_json ? append_json_string(text_, reasons[i]) : append_csv_text(text_, reasons[i]);
    }
    text_ += is_json ? "}\n" : "\n";
  }
}

}  // namespace kedge::edge
