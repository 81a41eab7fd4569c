// Scored rows as text or Arrow: the columns that are kept, the scores, and their reasons.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "kedge/arrow/ipc.h"
#include "kedge/edge/config.h"

namespace kedge::edge {

class RowWriter {
 public:
  // Throws InvalidArgument for a column that is not there, Unsupported for one of a type that has
  // no text.
  RowWriter(const OutputConfig& config, const Schema& rows, std::vector<std::string> scores);

  // What stands before the first row of a stream.
  void begin();
  void add(const Batch& rows, std::span<const double> scores, std::span<const std::string> reasons);
  // What stands behind the last one.
  void end();
  // What was written since clear().
  std::span<const char> bytes() const noexcept;
  void clear() noexcept;

 private:
  void add_json(const Batch& rows, std::size_t row, std::span<const double> scores);
  void add_csv(const Batch& rows, std::size_t row, std::span<const double> scores);
  void add_arrow(const Batch& rows, std::span<const double> scores,
                 std::span<const std::string> reasons);

  const OutputConfig& config_;
  std::vector<std::size_t> kept_;
  std::vector<std::string> scores_;
  Schema schema_;  // of what goes out
  std::string text_;
  ByteWriter arrow_;
  std::optional<IpcWriter> ipc_;
  std::vector<std::vector<double>> score_columns_;
  std::vector<std::int32_t> reason_ends_;
  std::string reason_text_;
};

}  // namespace kedge::edge
