#include "kedge/serve/repository.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <system_error>

#include "kedge/base/error.h"
#include "kedge/base/file.h"
#include "kedge/base/text.h"
#include "kedge/base/utf8.h"
#include "kedge/serve/status.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".kedge";

// Calls of so many rows are what engines are made for; each is made before it is asked for.
constexpr std::size_t kWarmRows[] = {1, 64, 1024};

void warm(const Model& model) {
  const std::vector<double> row(model.features());
  for (const std::size_t count : kWarmRows) {
    Rows rows = rows_of(row, model.features());
    rows.count = count;
    rows.row_stride = 0;
    std::vector<double> out(count * model.outputs());
    model.score(rows, out.data(), false);
  }
}

bool is_number(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view without_zeros(std::string_view digits) noexcept {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

bool is_bundle(const fs::directory_entry& entry) {
  std::error_code none;
  return entry.path().extension() == kEnding && entry.is_regular_file(none);
}

// Another one when the file is.
std::string stamp_of(const fs::directory_entry& entry) {
  std::error_code none;
  const auto time = entry.last_write_time(none).time_since_epoch().count();
  return text(time, " ", entry.file_size(none));
}

template <class Map>
std::string keys_of(const Map& map) {
  constexpr std::size_t kMostNames = 20;
  std::string out;
  std::size_t count = 0;
  for (const auto& entry : map) {
    if (count++ == kMostNames) return text(out, " and ", map.size() - kMostNames, " more");
    out += text(out.empty() ? "\"" : ", \"", entry.first, "\"");
  }
  return out.empty() ? "nothing" : out;
}

}  // namespace

bool VersionOrder::operator()(std::string_view a, std::string_view b) const noexcept {
  if (is_number(a) != is_number(b)) return is_number(a);
  if (!is_number(a)) return a < b;
  const std::string_view x = without_zeros(a);
  const std::string_view y = without_zeros(b);
  if (x.size() != y.size()) return x.size() < y.size();
  return x == y ? a < b : x < y;
}

const ServedModel& Catalog::find(std::string_view name, std::string_view version) const {
  const auto versions = models.find(name);
  if (versions == models.end()) {
    throw Refusal(StatusCode::kNotFound,
                  text("model \"", name, "\" is not served, there is ", keys_of(models)));
  }
  if (version.empty()) return versions->second.rbegin()->second;
  const auto found = versions->second.find(version);
  if (found == versions->second.end()) {
    throw Refusal(StatusCode::kNotFound,
                  text("model \"", name, "\": version \"", version, "\" is not served, there is ",
                       keys_of(versions->second)));
  }
  return found->second;
}

const ServedModel* Catalog::look_up(std::string_view name, std::string_view version) const {
  const auto versions = models.find(name);
  if (versions == models.end()) return nullptr;
  const auto found = versions->second.find(version);
  return found == versions->second.end() ? nullptr : &found->second;
}

Repository::Repository(std::string folder, const DriftOptions& drift, std::size_t remembered_rows)
    : folder_(std::move(folder)),
      drift_(drift),
      remembered_rows_(remembered_rows),
      catalog_(std::make_unique<const Catalog>()) {
  drift_.check();
  rescan();
}

std::vector<Repository::File> Repository::files() const {
  std::vector<File> out;
  std::error_code error;
  const fs::directory_iterator end;
  for (fs::directory_iterator it(folder_, error); !error && it != end; it.increment(error)) {
    if (is_bundle(*it)) {
      const std::string name = utf8_of(it->path().stem().string());
      out.push_back({name,
                     {},
                     it->path().string(),
                     stamp_of(*it),
                     text("a version lies in the folder of its model: ", name, "/1.kedge")});
    } else {
      add_files(it->path(), out);
    }
  }
  if (error) throw invalid_argument("\"", folder_, "\": ", error.message());
  return out;
}

// What is no folder, goes away meanwhile or is somebody else's has none.
bool has_none(const std::error_code& error) {
  return error == std::errc::not_a_directory || error == std::errc::no_such_file_or_directory ||
         error == std::errc::permission_denied;
}

void Repository::add_files(const fs::path& model, std::vector<File>& out) {
  std::error_code error;
  const fs::directory_iterator end;
  for (fs::directory_iterator it(model, error); !error && it != end; it.increment(error)) {
    if (!is_bundle(*it)) continue;
    const std::string name = model.filename().string();
    const std::string version = it->path().stem().string();
    const bool is_named = is_utf8(name) && is_utf8(version);
    out.push_back({utf8_of(name), utf8_of(version), it->path().string(), stamp_of(*it),
                   is_named ? "" : "the file's name is not UTF-8"});
  }
  if (error && !has_none(error)) {
    throw invalid_argument("\"", model.string(), "\": ", error.message());
  }
}

bool Repository::try_to_load(const File& file, bool is_another, Held& held) {
  try {
    if (!file.fault.empty()) throw invalid_argument(file.fault);
    MappedFile bytes = read_file(file.path);  // a copy over it would take the server down
    held.is_read = true;
    auto model = std::make_shared<const Model>(read_bundle(bytes.bytes, std::move(bytes.owner)));
    warm(*model);
    auto watch = DriftWatch::of(*model, drift_);
    held.form = std::make_shared<const ModelForm>(*model);
    held.drift = std::move(watch);
    held.model = std::move(model);
    held.reason.clear();
    loads_.add({file.name, file.version, LoadOutcome::kLoaded, {}});
  } catch (const std::exception& error) {  // also of memory that is not there
    if (!is_another && held.reason == error.what()) return false;
    held.reason = error.what();
    loads_.add({file.name, file.version, LoadOutcome::kRefused, held.reason});
  }
  return true;
}

bool Repository::take(const std::vector<File>& files, std::string_view anew) {
  std::map<Key, Held> next;
  bool is_changed = false;
  for (const File& file : files) {
    if (unloaded_.contains(file.name)) continue;
    const Key key(file.name, file.version);
    Held& held = next[key];
    if (const auto before = held_.find(key); before != held_.end()) held = before->second;
    const bool is_another = held.stamp != file.stamp || file.name == anew;
    if (!is_another && held.is_read) continue;
    held.stamp = file.stamp;
    held.is_read = false;
    is_changed |= try_to_load(file, is_another, held);
  }
  for (const auto& [key, held] : held_) {
    if (next.contains(key)) continue;
    is_changed = true;
    loads_.add({key.first, key.second, LoadOutcome::kUnloaded, {}});
  }
  held_ = std::move(next);
  return is_changed;
}

RecentPredictions* Repository::recent_of(const std::string& name) {
  if (remembered_rows_ == 0) return nullptr;
  auto& recent = recent_[name];
  if (!recent) recent = std::make_unique<RecentPredictions>(remembered_rows_);
  return recent.get();
}

void Repository::publish() {
  auto catalog = std::make_unique<Catalog>();
  for (const auto& [key, held] : held_) {
    const auto& [name, version] = key;
    catalog->states.push_back({name, version, held.model != nullptr, held.reason});
    if (!held.model) continue;
    auto& metrics = metrics_[key];
    if (!metrics) metrics = std::make_unique<CallMetrics>();
    catalog->models[name][version] = {
        name,          version,    held.model,      held.form,
        metrics.get(), held.drift, recent_of(name), AnswerKind::of(*held.model, *held.form)};
  }
  for (const auto& [key, metrics] : metrics_) {
    catalog->calls.push_back({key.first, key.second, metrics.get()});
  }
  catalog_.publish(std::move(catalog));
}

void Repository::rescan() {
  const std::lock_guard lock(changes_);
  if (take(files(), {})) publish();
}

void Repository::load(std::string_view name) {
  const std::lock_guard lock(changes_);
  const std::vector<File> found = files();
  if (std::ranges::none_of(found, [&](const File& file) { return file.name == name; })) {
    throw Refusal(StatusCode::kNotFound, text("the repository has no model \"", name, "\""));
  }
  if (const auto out = unloaded_.find(name); out != unloaded_.end()) unloaded_.erase(out);
  take(found, name);
  publish();
  std::string reasons;
  for (const auto& [key, held] : held_) {
    if (key.first != name) continue;
    if (held.reason.empty()) return;
    reasons += text("; version \"", key.second, "\": ", held.reason);
  }
  throw Refusal(StatusCode::kFailedPrecondition, text("model \"", name, "\"", reasons));
}

void Repository::unload(std::string_view name) {
  const std::lock_guard lock(changes_);
  const auto is_it = [&](const auto& entry) { return entry.first.first == name; };
  if (std::ranges::none_of(held_, is_it)) {
    throw Refusal(StatusCode::kNotFound, text("model \"", name, "\" is not served"));
  }
  unloaded_.emplace(name);
  std::erase_if(held_, [&](const auto& entry) {
    if (!is_it(entry)) return false;
    loads_.add({entry.first.first, entry.first.second, LoadOutcome::kUnloaded, {}});
    return true;
  });
  publish();
}

}  // namespace kedge
