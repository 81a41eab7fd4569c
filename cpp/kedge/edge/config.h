// All that a board is told: one TOML file, checked as a whole before anything runs.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "kedge/arrow/type.h"
#include "kedge/edge/device_key.h"
#include "kedge/edge/endpoint.h"
#include "kedge/edge/spool.h"
#include "kedge/window/spec.h"

namespace kedge::edge {

enum class RowFormat { kNdjson, kCsv, kArrow };

struct InputConfig {
  Endpoint from;
  RowFormat format = RowFormat::kNdjson;
  char delimiter = ',';
  std::uint64_t line_bytes = 64 << 10;
  std::uint64_t batch_rows = 256;
  Schema columns;
};

struct OutputConfig {
  Endpoint to;
  RowFormat format = RowFormat::kNdjson;
  std::vector<std::string> keep;  // columns of the rows that stand beside the scores
  std::uint64_t reasons = 0;      // of each row, at most
  bool raw = false;
};

struct QuarantineConfig {
  std::string path;  // none when empty
  std::uint64_t bytes = 64 << 10;
};

struct SpoolConfig {
  std::string folder;  // none when empty
  SpoolLimits limits;
  std::int64_t flush_nanos = 1'000'000'000;
  std::int64_t sketch_nanos = 60'000'000'000;
  Endpoint upload;
  std::optional<DeviceKey> key;

  // Scores that are held until they are written: one record, beside one that is being written.
  std::uint64_t most_score_bytes() const noexcept {
    return std::min<std::uint64_t>(limits.pending_bytes / 2, kMostRecordBytes);
  }
};

// Where windows are kept over a restart.
struct StateConfig {
  std::string folder;  // none when empty
  std::int64_t every_nanos = 10'000'000'000;
};

struct UpdateConfig {
  std::string folder;
  std::string model;  // its name among those that are offered
  std::string root;   // the root of trust, a file
  Endpoint http;      // a server, and what its paths begin with
  std::string prefix;
  std::string package;  // instead of a server: a file that may be there or not
  std::string group;
  std::int64_t poll_nanos = 60'000'000'000;
  bool has_clock = true;         // that is right
  std::uint64_t grace_days = 0;  // for which a package that has expired is taken without one
  std::uint64_t slot_bytes = std::uint64_t{16} << 20;
};

struct EdgeConfig {
  std::string device;
  std::string model;
  std::uint64_t epoch = 1;
  std::optional<WindowSpec> window;
  InputConfig input;
  OutputConfig output;
  QuarantineConfig quarantine;
  Endpoint metrics;
  SpoolConfig spool;
  StateConfig state;
  std::optional<UpdateConfig> update;
};

// Paths in it are seen from the file's folder. Throws Error that names the file, and the key or
// the line.
EdgeConfig read_config(const std::string& path);

}  // namespace kedge::edge
