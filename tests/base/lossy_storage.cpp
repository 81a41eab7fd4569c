#include "base/lossy_storage.h"

#include <algorithm>
#include <set>

#include "kedge/base/error.h"

namespace kedge::test {
namespace {

constexpr std::uint32_t kAnywhere = 0;

}  // namespace

LossyStorage::LossyStorage(std::uint64_t seed)
    : choose_(
          [random = Random(seed)](std::uint32_t options) mutable { return random.below(options); }),
      pieces_(kAnywhere) {}

bool LossyStorage::dies() {
  ++calls_;
  if (left_ == UINT64_MAX) return false;
  return left_-- == 0;
}

void LossyStorage::put(std::vector<std::byte>& bytes, const Write& write) {
  const std::size_t end = write.offset + write.bytes.size();
  if (bytes.size() < end) bytes.resize(end);
  std::ranges::copy(write.bytes, bytes.begin() + static_cast<std::ptrdiff_t>(write.offset));
}

void LossyStorage::make(Folder& folder, const Change& change) {
  if (!change.gone.empty()) folder.erase(change.gone);
  if (change.file) folder[change.name] = change.file;
}

void LossyStorage::change(const Change& change) {
  make(there_, change);
  loose_.push_back(change);
}

void LossyStorage::lose_writes(File& file) {
  for (Write& write : file.loose) {
    const auto size = static_cast<std::uint32_t>(write.bytes.size());
    const std::uint32_t kept =
        pieces_ == kAnywhere ? choose_(size + 1) : size * choose_(pieces_ + 1) / pieces_;
    write.bytes.resize(kept);
    // A page that was never written may hold anything.
    if (pieces_ == kAnywhere && kept > 0 && choose_(4) == 0) write.bytes.back() ^= std::byte{0x55};
    if (kept > 0) put(file.on_disk, write);
  }
  file.loose.clear();
  file.bytes = file.on_disk;
}

void LossyStorage::restart(bool power_cut, bool in_order) {
  left_ = UINT64_MAX;
  if (!power_cut) return;
  std::size_t first_lost = loose_.size();
  if (in_order) first_lost = choose_(static_cast<std::uint32_t>(loose_.size()) + 1);
  for (std::size_t i = 0; i < loose_.size(); ++i) {
    if (in_order ? i < first_lost : choose_(2) == 0) make(on_disk_, loose_[i]);
  }
  loose_.clear();
  there_ = on_disk_;
  std::set<File*> seen;
  for (const auto& [name, file] : there_) {
    if (seen.insert(file.get()).second) lose_writes(*file);
  }
}

std::vector<std::string> LossyStorage::names() {
  if (dies()) throw Died();
  std::vector<std::string> names;
  for (const auto& [name, file] : there_) names.push_back(name);
  return names;
}

std::vector<std::byte> LossyStorage::read(const std::string& name) {
  if (dies()) throw Died();
  const auto found = there_.find(name);
  if (found == there_.end()) throw invalid_argument(name, ": not there");
  return found->second->bytes;
}

MappedFile LossyStorage::map(const std::string& name) {
  const auto bytes = std::make_shared<std::vector<std::byte>>(read(name));
  return {*bytes, bytes};
}

LossyStorage::File& LossyStorage::file_of(const std::string& name) {
  if (!there_.contains(name)) change({name, std::make_shared<File>(), {}});
  return *there_[name];
}

void LossyStorage::append(const std::string& name, std::span<const std::byte> bytes) {
  const auto found = there_.find(name);
  write(name, found == there_.end() ? 0 : found->second->bytes.size(), bytes);
}

void LossyStorage::write(const std::string& name, std::uint64_t offset,
                         std::span<const std::byte> bytes) {
  const bool last = dies();
  if (last && pieces_ != kAnywhere) throw Died();
  File& file = file_of(name);
  if (last) bytes = bytes.first(choose_(static_cast<std::uint32_t>(bytes.size()) + 1));
  if (!bytes.empty()) {
    file.loose.push_back({offset, {bytes.begin(), bytes.end()}});
    put(file.bytes, file.loose.back());
  }
  if (last) throw Died();
}

void LossyStorage::sync(const std::string& name) {
  const bool last = dies();
  if (last && (pieces_ != kAnywhere || choose_(2) != 0)) throw Died();
  File& file = file_of(name);
  file.on_disk = file.bytes;
  file.loose.clear();
  if (last) throw Died();
}

void LossyStorage::rename(const std::string& from, const std::string& to) {
  const bool last = dies();
  if (!there_.contains(from)) throw invalid_argument(from, ": not there");
  if (!last || (pieces_ == kAnywhere && choose_(2) == 0)) change({to, there_[from], from});
  if (last) throw Died();
}

void LossyStorage::remove(const std::string& name) {
  const bool last = dies();
  const bool is_done = !last || (pieces_ == kAnywhere && choose_(2) == 0);
  if (is_done && there_.contains(name)) change({{}, nullptr, name});
  if (last) throw Died();
}

void LossyStorage::sync_folder() {
  const bool last = dies();
  if (!last || (pieces_ == kAnywhere && choose_(2) == 0)) {
    on_disk_ = there_;
    loose_.clear();
  }
  if (last) throw Died();
}

}  // namespace kedge::test
