#include "kedge/serve/request_log.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>

#include "kedge/arrow/build.h"
#include "kedge/arrow/ipc.h"
#include "kedge/base/background.h"
#include "kedge/base/error.h"
#include "kedge/base/random.h"
#include "kedge/serve/json_line.h"
#include "kedge/serve/metric_text.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kPause(100);
constexpr std::size_t kMostWaiting = std::size_t{1} << 24;  // bytes
constexpr std::size_t kFilesOfRoom = 8;                     // how many share what there may be
constexpr std::string_view kBeginning = "requests-";
constexpr std::string_view kEnding = ".arrows";

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string padded(std::uint64_t number, std::size_t digits) {
  std::string out = text(number);
  out.insert(0, digits - std::min(out.size(), digits), '0');
  return out;
}

void add_names(const Feature& feature, const std::vector<double>& places, BatchBuilder& table) {
  std::vector<std::string> names(places.size());
  std::vector<bool> is_null(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    const bool is_one =
        places[i] >= 0 && places[i] < static_cast<double>(feature.categories.size());
    is_null[i] = !is_one;
    if (is_one) names[i] = feature.categories[static_cast<std::size_t>(places[i])];
  }
  table.add(feature.name, std::span<const std::string>(names));
  table.set_null(is_null);
}

bool has_column(const Catalog& catalog, const std::string& name) {
  for (const auto& [model, versions] : catalog.models) {
    for (const auto& [version, served] : versions) {
      const std::vector<Feature>& features = served.model->bundle().features;
      if (std::ranges::find(features, name, &Feature::name) != features.end()) return true;
    }
  }
  return false;
}

}  // namespace

void RequestLogOptions::check(const Catalog& catalog) const {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw invalid_argument("request log: there is no folder \"", folder, "\"");
  }
  if (!(share > 0 && share <= 1)) {
    throw invalid_argument("request log: share = ", share, ", allowed is above 0, to 1");
  }
  constexpr std::uint64_t kLeast = std::uint64_t{1} << 20;
  if (most_bytes < kLeast) {
    throw invalid_argument("request log: most_bytes = ", most_bytes, ", allowed are ", kLeast,
                           " and more");
  }
  for (const std::string& name : redact) {
    if (has_column(catalog, name)) continue;
    throw invalid_argument("request log: redact names \"", name, "\", which no model here has");
  }
}

// One model's, as long as it is what is served.
struct RequestLog::File {
  File(std::string where, std::string whose, const ServedModel& of, const Schema& schema)
      : path(std::move(where)), own(std::move(whose)), model(of.model), stream(schema, bytes) {
    out.open(path, std::ios::binary | std::ios::trunc);
    std::error_code none;  // where there are no such rights, all may read
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, none);
  }
  bool is_of(const ServedModel& served) const noexcept { return model == served.model; }
  void flush() {
    const std::string_view text = as_text(bytes.view());
    out << text;
    out.flush();
    size += bytes.view().size();
    bytes.clear();
    if (!out) throw invalid_argument("request log: ", path, " cannot be written");
  }

  std::string path;
  std::string own;  // name and version
  std::shared_ptr<const Model> model;
  std::ofstream out;
  ByteWriter bytes;
  IpcWriter stream;
  std::uint64_t size = 0;
};

RequestLog::RequestLog(RequestLogOptions options, EventLines& events)
    : options_(std::move(options)), events_(&events), thread_([this] { run(); }) {}

RequestLog::~RequestLog() {
  {
    const std::lock_guard guard(lock_);
    is_over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void RequestLog::offer(const ServedModel& served, const Rows& rows, const Rows& scores,
                       std::string_view id) noexcept {
  const std::uint64_t number = asked_.fetch_add(1, std::memory_order_relaxed);
  if (static_cast<double>(mix_bits(number) >> 11) * 0x1p-53 >= options_.share) return;
  try {
    add(served, rows, scores, id);
  } catch (const std::exception&) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
  }
}

void RequestLog::add(const ServedModel& served, const Rows& rows, const Rows& scores,
                     std::string_view id) {
  if (rows.count == 0) return;
  const std::string_view kept =
      id.size() > RecentPredictions::kMostIdBytes ? std::string_view() : id;
  Entry entry{served, std::string(kept), now_ms(), {}, {}, 0};
  append_values(rows, served.model->features(), entry.values);
  if (scores.count == rows.count) append_values(scores, served.model->outputs(), entry.scores);
  const std::size_t row = sizeof entry.time_ms + kept.size();
  entry.bytes = rows.count * row + (entry.values.size() + entry.scores.size()) * sizeof(double);
  const std::lock_guard guard(lock_);
  if (entry.bytes > kMostWaiting - waiting_bytes_ || entry.bytes > most_bytes_of_batch()) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  waiting_bytes_ += entry.bytes;
  waiting_.push_back(std::move(entry));
}

// Of a batch, so that files are about as long as they may be.
std::size_t RequestLog::most_bytes_of_batch() const noexcept {
  return options_.most_bytes / kFilesOfRoom;
}

// Nobody is woken for a request: what came within a pause makes one batch.
void RequestLog::run() {
  run_in_background();
  make_room();  // what was left there counts as well
  std::unique_lock guard(lock_);
  while (true) {
    const bool is_end = changed_.wait_for(guard, kPause, [this] { return is_over_; });
    std::vector<Entry> entries;
    entries.swap(waiting_);
    waiting_bytes_ = 0;
    guard.unlock();
    write(entries);
    if (is_end) return;
    guard.lock();
  }
}

void RequestLog::write(const std::vector<Entry>& entries) {
  const Entry* const end = entries.data() + entries.size();
  for (const Entry* first = entries.data(); first != end;) {
    const Entry* last = first;
    std::size_t bytes = 0;
    while (last != end && last->served.model == first->served.model) {
      bytes += last->bytes;
      if (last != first && bytes > most_bytes_of_batch()) break;
      ++last;
    }
    try {
      write(first, last);
      said_.clear();
    } catch (const std::exception& error) {
      forget(first->served);
      dropped_.fetch_add(static_cast<std::uint64_t>(last - first), std::memory_order_relaxed);
      if (said_ != error.what()) {
        JsonLine line("request log failed");
        line.add("reason", error.what());
        events_->add(std::move(line).take());
      }
      said_ = error.what();
    }
    first = last;
  }
}

// The next batch begins a new file, for which there may be room by then.
void RequestLog::forget(const ServedModel& served) {
  std::erase_if(open_, [&](const auto& file) { return file->is_of(served); });
  make_room();
}

void RequestLog::write(const Entry* first, const Entry* last) {
  const Batch batch = batch_of(first, last);
  File& file = file_for(first->served, batch);
  const std::uint64_t before = file.size;
  file.stream.write(batch);
  file.flush();
  rows_.fetch_add(batch.length, std::memory_order_relaxed);
  written_ += file.size - before;
  if (file.size >= most_bytes_of_batch()) {
    std::erase_if(open_, [&](const auto& one) { return one.get() == &file; });
  }
  if (written_ >= most_bytes_of_batch()) make_room();
}

Batch RequestLog::batch_of(const Entry* first, const Entry* last) const {
  const Model& model = *first->served.model;
  const std::size_t width = model.features();
  BatchBuilder table;
  std::vector<std::int64_t> times;
  std::vector<std::string> ids;
  for (const Entry* one = first; one != last; ++one) {
    const std::size_t rows = width == 0 ? 0 : one->values.size() / width;
    times.insert(times.end(), rows, one->time_ms);
    ids.insert(ids.end(), rows, one->id);
  }
  table.add("time_ms", std::span<const std::int64_t>(times));
  table.add("request", std::span<const std::string>(ids));
  for (std::size_t j = 0; j < width; ++j) {
    const Feature& feature = model.bundle().features[j];
    if (std::ranges::find(options_.redact, feature.name) != options_.redact.end()) continue;
    std::vector<double> values;
    values.reserve(times.size());
    for (const Entry* one = first; one != last; ++one) {
      for (std::size_t i = j; i < one->values.size(); i += width) values.push_back(one->values[i]);
    }
    if (!feature.categories.empty()) {
      add_names(feature, values, table);
    } else {
      table.add(feature.name, std::span<const double>(values));
    }
  }
  add_scores(first, last, times.size(), table);
  return table.finish();
}

void RequestLog::add_scores(const Entry* first, const Entry* last, std::size_t rows,
                            BatchBuilder& table) {
  const Model& model = *first->served.model;
  const std::size_t outputs = model.outputs();
  for (std::size_t k = 0; k < outputs; ++k) {
    std::vector<double> scores;
    std::vector<bool> is_null;
    scores.reserve(rows);
    for (const Entry* one = first; one != last; ++one) {
      for (std::size_t i = k; i < one->scores.size(); i += outputs) {
        scores.push_back(one->scores[i]);
      }
      is_null.resize(scores.size(), false);
      const std::size_t own = one->values.size() / model.features();
      if (one->scores.empty()) scores.resize(scores.size() + own);
      is_null.resize(scores.size(), true);
    }
    table.add(outputs == 1 ? "score" : text("score_", k), std::span<const double>(scores));
    table.set_null(is_null);
  }
}

RequestLog::File& RequestLog::file_for(const ServedModel& served, const Batch& batch) {
  for (const auto& file : open_) {
    if (file->is_of(served)) return *file;
  }
  // A version that was loaded anew has another model.
  const std::string own = text(served.name, "-", served.version);
  std::erase_if(open_, [&](const auto& file) { return file->own == own; });
  const std::string name = text(kBeginning, padded(static_cast<std::uint64_t>(now_ms()), 14), "-",
                                padded(files_++, 6), "-", own, kEnding);
  open_.push_back(std::make_unique<File>((fs::path(options_.folder) / name).string(), own, served,
                                         *batch.schema));
  return *open_.back();
}

void RequestLog::make_room() {
  written_ = 0;
  std::vector<std::pair<std::string, std::uint64_t>> files;
  std::uint64_t sum = 0;
  std::error_code error;
  const fs::directory_iterator end;
  for (fs::directory_iterator it(options_.folder, error); !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(kBeginning) || !name.ends_with(kEnding)) continue;
    std::error_code gone;
    const std::uint64_t size = it->file_size(gone);
    if (gone) continue;
    files.emplace_back(name, size);
    sum += size;
  }
  std::ranges::sort(files);  // by time
  for (const auto& [name, size] : files) {
    if (sum <= options_.most_bytes) return;
    const fs::path path = fs::path(options_.folder) / name;
    std::erase_if(open_, [&](const auto& file) { return file->path == path.string(); });
    fs::remove(path, error);
    sum -= size;
  }
}

void RequestLog::expose(std::string& out) const {
  const auto add = [&](std::string_view name, std::string_view help, std::uint64_t count) {
    add_family(name, "counter", help, out);
    out += text(name, " ", count, "\n");
  };
  add("kedge_request_log_rows_total", "Rows that the request log has written.",
      rows_.load(std::memory_order_relaxed));
  add("kedge_request_log_dropped_total",
      "Sampled requests that were not written: too many at once, or no room on the disk.",
      dropped_.load(std::memory_order_relaxed));
}

}  // namespace kedge
