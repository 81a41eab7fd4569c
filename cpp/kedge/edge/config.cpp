#include "kedge/edge/config.h"

#include <algorithm>
#include <initializer_list>

#include "kedge/base/error.h"
#include "kedge/base/file.h"
#include "kedge/base/toml.h"
#include "kedge/edge/board_stream.h"
#include "kedge/records/type_text.h"
#include "kedge/window/toml.h"

namespace kedge::edge {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 40;
constexpr std::uint64_t kMostSlotBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kMostGraceDays = 3660;

// A table of the file, or none: then everything is as it is by default.
class Table {
 public:
  Table(const std::optional<Value>& value, std::string folder,
        std::initializer_list<std::string_view> keys)
      : value_(value), folder_(std::move(folder)) {
    for (std::size_t i = 0; value_ && i < value_->size(); ++i) {
      if (std::ranges::count(keys, value_->name(i)) != 0) continue;
      value_->refuse("there is no \"", value_->name(i), '"');
    }
  }

  std::optional<Value> find(std::string_view name) const {
    return value_ ? value_->find(name) : std::nullopt;
  }
  void read(std::string_view name, std::string& out) const {
    if (const auto found = find(name)) out = found->text();
  }
  void read(std::string_view name, bool& out) const {
    if (const auto found = find(name)) out = found->boolean();
  }
  void read(std::string_view name, std::uint64_t& out, std::uint64_t least,
            std::uint64_t most = kMostBytes) const {
    const auto found = find(name);
    if (!found) return;
    const std::int64_t number = found->integer();
    if (number < static_cast<std::int64_t>(least) || static_cast<std::uint64_t>(number) > most) {
      found->refuse(number, " is not from ", least, " to ", most);
    }
    out = static_cast<std::uint64_t>(number);
  }
  void read(std::string_view name, std::vector<std::string>& out) const {
    const auto found = find(name);
    for (std::size_t i = 0; found && i < found->size(); ++i) {
      out.emplace_back((*found)[i].text());
    }
  }
  void read_time(std::string_view name, std::int64_t& nanos, std::int64_t least) const {
    const auto found = find(name);
    if (!found) return;
    named(*found, [&] {
      const Duration duration = parse_duration(found->text());
      if (duration.months != 0 || duration.days != 0 || duration.nanos < least) {
        throw invalid_argument("\"", found->text(), "\" is not from ", least / 1'000'000,
                               " ms to 24 h");
      }
      nanos = duration.nanos;
    });
  }
  void read_place(std::string_view name, Endpoint& out) const {
    const auto found = find(name);
    if (!found) return;
    named(*found, [&] {
      out = endpoint_of(found->text());
      if (!out.path.empty()) out.path = path_of(out.path);
      check_length(out);
    });
  }
  void read_path(std::string_view name, std::string& out) const {
    if (const auto found = find(name)) out = path_of(found->text());
  }
  void read_format(RowFormat& out) const {
    const auto found = find("format");
    if (!found) return;
    if (found->text() == "csv") {
      out = RowFormat::kCsv;
    } else if (found->text() == "arrow") {
      out = RowFormat::kArrow;
    } else if (found->text() != "ndjson") {
      found->refuse("expected \"ndjson\", \"csv\" or \"arrow\", got \"", found->text(), '"');
    }
  }
  std::string path_of(std::string_view path) const {
    return path.starts_with('/') ? std::string(path) : text(folder_, '/', path);
  }

 private:
  template <class Run>
  static void named(const Value& value, const Run& run) {
    try {
      run();
    } catch (const Error& error) {
      throw Error(error.code(), text(value.path(), ": ", error.what()));
    }
  }

  std::optional<Value> value_;
  std::string folder_;
};

void read_input(const Value& root, const std::string& folder, InputConfig& out) {
  const Table table(root.at("input"), folder,
                    {"from", "format", "delimiter", "line_bytes", "batch_rows", "columns"});
  out.from.kind = EndpointKind::kStandard;
  table.read_place("from", out.from);
  table.read_format(out.format);
  std::string delimiter(1, out.delimiter);
  table.read("delimiter", delimiter);
  if (delimiter.size() != 1) table.find("delimiter")->refuse("expected one character");
  out.delimiter = delimiter[0];
  table.read("line_bytes", out.line_bytes, 64, 16 << 20);
  table.read("batch_rows", out.batch_rows, 1, 4096);
  const auto columns = root.at("input").at("columns");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    out.columns.push_back(records::field_of_text(std::string(columns.name(i)), columns[i].text()));
  }
}

void read_output(const Value& root, const std::string& folder, OutputConfig& out) {
  const Table table(root.find("output"), folder, {"to", "format", "keep", "reasons", "raw"});
  out.to.kind = EndpointKind::kStandard;
  table.read_place("to", out.to);
  table.read_format(out.format);
  table.read("keep", out.keep);
  table.read("reasons", out.reasons, 0, 64);
  table.read("raw", out.raw);
}

void read_spool(const Value& root, const std::string& folder, SpoolConfig& out) {
  const Table table(root.find("spool"), folder,
                    {"folder", "bytes", "segment_bytes", "buffer_bytes", "flush_every",
                     "sketch_every", "upload", "key"});
  constexpr std::int64_t kSecond = 1'000'000'000;
  table.read_path("folder", out.folder);
  table.read("bytes", out.limits.bytes, 0);
  table.read("segment_bytes", out.limits.segment_bytes, 0);
  table.read("buffer_bytes", out.limits.pending_bytes, 0);
  table.read_time("flush_every", out.flush_nanos, kSecond);
  table.read_time("sketch_every", out.sketch_nanos, kSecond);
  table.read_place("upload", out.upload);
  if (out.upload.kind != EndpointKind::kNone && !out.upload.is_socket()) {
    table.find("upload")->refuse("expected a socket");
  }
  std::string key;
  table.read_path("key", key);
  if (!key.empty()) out.key = read_device_key(key);
  if (!out.folder.empty()) out.limits.check();
}

// "127.0.0.1:8080/churn": a server, and what its paths begin with.
void read_server(const Value& value, UpdateConfig& out) {
  const std::string_view address = value.text();
  const std::size_t slash = std::min(address.find('/'), address.size());
  out.prefix = address.substr(slash);
  if (!out.prefix.ends_with('/')) out.prefix += '/';
  try {
    out.http = endpoint_of(text("tcp:", address.substr(0, slash)));
  } catch (const Error& error) {
    value.refuse(error.what());
  }
}

void read_update(const Value& root, const std::string& folder, EdgeConfig& out) {
  const auto found = root.find("update");
  if (!found) return;
  const Table table(found, folder,
                    {"folder", "model", "root", "http", "package", "group", "poll_every", "clock",
                     "grace_days", "slot_bytes"});
  UpdateConfig& update = out.update.emplace();
  update.model = found->at("model").text();
  update.folder = table.path_of(found->at("folder").text());
  update.root = table.path_of(found->at("root").text());
  if (const auto http = table.find("http")) read_server(*http, update);
  table.read_path("package", update.package);
  if ((update.http.kind == EndpointKind::kNone) == update.package.empty()) {
    found->refuse("expected either http or package");
  }
  table.read("group", update.group);
  table.read_time("poll_every", update.poll_nanos, 1'000'000'000);
  table.read("grace_days", update.grace_days, 0, kMostGraceDays);
  table.read("slot_bytes", update.slot_bytes, 1, kMostSlotBytes);
  const auto clock = table.find("clock");
  if (!clock || clock->text() == "trusted") return;
  if (clock->text() != "none") clock->refuse("expected \"trusted\" or \"none\"");
  update.has_clock = false;
}

void read_window(const Value& root, const std::string& folder, const std::string& path,
                 EdgeConfig& out) {
  const auto own = root.find("window");
  if (own && !path.empty()) root.refuse("definition and [window] both define windows");
  if (own) out.window = window_of(*own, folder);
  if (path.empty()) return;
  const MappedFile file = read_file(path);
  const Document document = read_toml(as_text(file.bytes));
  const std::size_t slash = path.rfind('/');
  out.window = window_of(document.root().at("window"), path.substr(0, slash));
}

void read_state(const Value& root, const std::string& folder, EdgeConfig& out) {
  const auto found = root.find("state");
  if (!found) return;
  if (!out.window) found->refuse("it keeps windows, and there are none");
  const Table table(found, folder, {"folder", "every"});
  out.state.folder = table.path_of(found->at("folder").text());
  table.read_time("every", out.state.every_nanos, 1'000'000'000);
}

void read_device(const Value& value, std::string& out) {
  out = value.text();
  if (!out.empty() && out.size() <= kMostDeviceName) return;
  value.refuse("a device's name of ", out.size(), " bytes, 1 to ", kMostDeviceName);
}

EdgeConfig config_of(const Value& root, const std::string& folder) {
  const Table table(root, folder,
                    {"device", "model", "epoch", "definition", "input", "output", "quarantine",
                     "metrics", "spool", "state", "update", "window"});
  EdgeConfig out;
  read_device(root.at("device"), out.device);
  out.model = table.path_of(root.at("model").text());
  table.read("epoch", out.epoch, 1, INT64_MAX);
  read_input(root, folder, out.input);
  read_output(root, folder, out.output);
  const Table quarantine(root.find("quarantine"), folder, {"path", "bytes"});
  quarantine.read_path("path", out.quarantine.path);
  quarantine.read("bytes", out.quarantine.bytes, 1);
  const Table metrics(root.find("metrics"), folder, {"to"});
  metrics.read_place("to", out.metrics);
  read_spool(root, folder, out.spool);
  read_update(root, folder, out);
  std::string definition;
  table.read_path("definition", definition);
  read_window(root, folder, definition, out);
  read_state(root, folder, out);
  return out;
}

}  // namespace

EdgeConfig read_config(const std::string& path) {
  const MappedFile file = read_file(path);
  const std::size_t slash = path.rfind('/');
  try {
    const Document document = read_toml(as_text(file.bytes));
    return config_of(document.root(), slash == std::string::npos ? "." : path.substr(0, slash));
  } catch (const Error& error) {
    throw Error(error.code(), text(path, ": ", error.what()));
  }
}

}  // namespace kedge::edge
