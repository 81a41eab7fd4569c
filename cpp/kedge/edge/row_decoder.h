// Bytes into rows: lines that are none are set aside, and the stream goes on.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <variant>

#include "kedge/arrow/ipc.h"
#include "kedge/edge/config.h"
#include "kedge/edge/quarantine.h"
#include "kedge/records/csv_lines.h"
#include "kedge/records/csv_records.h"
#include "kedge/records/json_records.h"

namespace kedge::edge {

class RowDecoder {
 public:
  using Use = std::function<void(const Batch&)>;

  // `use` is given rows of the configured columns, batch_rows of them at most but for Arrow; they
  // are valid until it returns. Throws as the decoders' constructors.
  RowDecoder(const InputConfig& config, Quarantine& quarantine, Use use);

  // All rows that are complete with these bytes have been used when it returns.
  void push(std::string_view chunk);
  // The sender has gone: what is incomplete is a line of its own, and the next one begins anew.
  void end_stream();

  std::uint64_t rows() const noexcept { return rows_; }

 private:
  void push_json(std::string_view chunk);
  void push_csv(std::string_view chunk);
  void push_arrow(std::string_view chunk);
  template <class Run>
  bool decode(std::string_view line, const Run& run);
  template <class Records>
  void line(Records& records, std::string_view line, bool whole);
  template <class Records>
  void use_rows(Records& records);
  void use_arrow(const Batch& batch);

  const InputConfig& config_;
  Quarantine& quarantine_;
  Use use_;
  std::shared_ptr<const Schema> schema_;
  std::optional<records::JsonRecords> json_;
  std::optional<records::CsvRecords> csv_;
  std::optional<IpcReader> arrow_;
  records::Lines lines_;
  records::CsvLines csv_lines_;
  bool is_lost_ = false;  // nothing more can be read of this stream
  std::uint64_t rows_ = 0;
};

}  // namespace kedge::edge
