#include "kedge/trust/metadata_store.h"

#include <algorithm>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/replace_file.h"
#include "kedge/trust/url_path.h"

namespace kedge::trust {
namespace {

constexpr std::string_view kFloor = "floor";
constexpr std::string_view kRotation = "rotation";
constexpr std::size_t kMostName = 200;  // which file systems have room for, with an end added

std::string file_of(std::string_view role) {
  std::string name = percent_encoded(role, false);
  if (name.size() > kMostName) {
    throw resource_exhausted(role, ": the role's name has ", name.size(),
                             " bytes as a file's name, at most ", kMostName, " are possible");
  }
  return name + ".json";
}

}  // namespace

// A floor that cannot be read is none: it rises again with the metadata that are there.
MetadataStore::MetadataStore(Storage& storage) : storage_(storage) {
  if (!has(kFloor)) return;
  const auto bytes = storage_.read(std::string(kFloor));
  floor_ = number_of<std::int64_t>(as_text(bytes)).value_or(0);
}

bool MetadataStore::has(std::string_view name) {
  const auto names = storage_.names();
  return std::ranges::find(names, name) != names.end();
}

std::optional<std::vector<std::byte>> MetadataStore::read(std::string_view role) {
  const std::string name = file_of(role);
  if (!has(name)) return std::nullopt;
  return storage_.read(name);
}

void MetadataStore::replace(std::string_view role, std::span<const std::byte> bytes) {
  replace_file(storage_, file_of(role), bytes);
}

void MetadataStore::begin_rotation(std::int64_t version) {
  replace_file(storage_, std::string(kRotation), as_bytes(text(version)));
}

void MetadataStore::end_rotation() {
  storage_.remove(file_of("snapshot"));
  storage_.remove(file_of("timestamp"));
  storage_.sync_folder();
  storage_.remove(std::string(kRotation));
  storage_.sync_folder();
}

void MetadataStore::resume_rotation(std::int64_t version) {
  if (!has(kRotation)) return;
  const auto bytes = storage_.read(std::string(kRotation));
  if (number_of<std::int64_t>(as_text(bytes)).value_or(0) <= version) return end_rotation();
  storage_.remove(std::string(kRotation));  // the root was not replaced
  storage_.sync_folder();
}

void MetadataStore::raise_floor(std::int64_t time) {
  if (time <= floor_) return;
  replace_file(storage_, std::string(kFloor), as_bytes(text(time)));
  floor_ = time;
}

}  // namespace kedge::trust
