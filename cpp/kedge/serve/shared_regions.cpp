#include "kedge/serve/shared_regions.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "kedge/base/error.h"
#include "kedge/base/system_error.h"
#include "kedge/serve/metric_text.h"

namespace kedge {
namespace {

constexpr std::size_t kLongestPrefix = 64;
constexpr std::size_t kLongestKey = 255;  // NAME_MAX, without the slash
constexpr std::uint64_t kMostRegions = 4096;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 40;

// What names of objects are made of on any system.
bool is_portable(std::string_view name) noexcept {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return name.find_first_not_of(kAllowed) == name.npos;
}

std::uint64_t size_of(int file) {
  struct stat about{};
  if (::fstat(file, &about) != 0) refuse_system("the object");
  if (!S_ISREG(about.st_mode)) throw invalid_argument("is no object of shared memory");
  return static_cast<std::uint64_t>(about.st_size);
}

void check_size(const SharedRegion& region, std::uint64_t end) {
  const std::uint64_t size = size_of(region.file);
  if (end > size) {
    throw invalid_argument("object \"", region.key, "\" has ", size, " bytes, the part ends at ",
                           end);
  }
}

template <class Run>
void in_region(std::string_view name, const Run& run) {
  in_tensor("region", name, run);
}

// Moves all of `bytes`, or says what the system says. `move` is pread or pwrite.
template <class Bytes, class Move>
void move_all(const SharedRegion& region, std::uint64_t at, Bytes bytes, const Move& move) {
  while (!bytes.empty()) {
    const ssize_t moved = move(region.file, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0 && errno == ENOSPC) {
      throw resource_exhausted("object \"", region.key, "\": the system has no memory for ",
                               bytes.size(), " bytes at ", at);
    }
    if (moved < 0) refuse_system(text("object \"", region.key, "\""));
    if (moved == 0) check_size(region, at + bytes.size());
    bytes = bytes.subspan(static_cast<std::size_t>(moved));
    at += static_cast<std::uint64_t>(moved);
  }
}

std::uint64_t bytes_of(const SharedRegions::Regions& regions) {
  std::uint64_t sum = 0;
  for (const auto& [name, region] : regions) sum += region->bytes;
  return sum;
}

}  // namespace

void SharedMemoryOptions::check() const {
  if (prefix.empty() || prefix.size() > kLongestPrefix || !is_portable(prefix)) {
    throw invalid_argument("prefix = \"", prefix, "\": expected 1 to ", kLongestPrefix,
                           " letters, digits, '.', '_' and '-'");
  }
  if (most_regions == 0 || most_regions > kMostRegions) {
    throw invalid_argument("most_regions = ", most_regions, ": allowed are 1 to ", kMostRegions);
  }
  if (most_bytes == 0 || most_bytes > kMostBytes) {
    throw invalid_argument("most_bytes = ", most_bytes, ": allowed are 1 to ", kMostBytes);
  }
}

SharedRegion::~SharedRegion() {
  if (file >= 0) ::close(file);
}

SharedRegions::SharedRegions(SharedMemoryOptions options)
    : options_(std::move(options)), regions_(std::make_unique<const Regions>()) {
  options_.check();
}

std::shared_ptr<const SharedRegion> SharedRegions::open(std::string_view key, std::uint64_t offset,
                                                        std::uint64_t bytes) const {
  const std::string name(key.starts_with('/') ? key.substr(1) : key);
  if (!name.starts_with(options_.prefix) || name.size() > kLongestKey || !is_portable(name)) {
    throw invalid_argument("key \"", key, "\": expected one that begins with \"", options_.prefix,
                           "\" and is of up to ", kLongestKey,
                           " letters, digits, '.', '_' and '-'");
  }
  if (bytes == 0 || bytes > options_.most_bytes || offset > kMostBytes) {
    throw invalid_argument("byte_size = ", bytes, " at offset ", offset, ": allowed are 1 to ",
                           options_.most_bytes, " at up to ", kMostBytes);
  }
  auto region = std::make_shared<SharedRegion>();
  region->key = key;
  region->offset = offset;
  region->bytes = bytes;
  region->file = ::shm_open(("/" + name).c_str(), O_RDWR, 0);
  if (region->file < 0 && errno == ENOENT) {
    throw Refusal(StatusCode::kNotFound, text("there is no object \"", key, "\""));
  }
  if (region->file < 0) refuse_system(text("object \"", key, "\""));
  check_size(*region, offset + bytes);
  return region;
}

void SharedRegions::check_room(const Regions& regions, std::uint64_t bytes) const {
  if (regions.size() >= options_.most_regions) {
    throw resource_exhausted(regions.size(), " regions are registered, the most there may be");
  }
  const std::uint64_t used = bytes_of(regions);
  if (bytes > options_.most_bytes - used) {
    throw resource_exhausted(bytes, " bytes beside ", used, " in other regions, all may have ",
                             options_.most_bytes);
  }
}

void SharedRegions::add(std::string_view name, std::string_view key, std::uint64_t offset,
                        std::uint64_t bytes) {
  if (name.empty() || name.size() > kLongestName) {
    throw invalid_argument("the name of a region has ", name.size(), " bytes: allowed are 1 to ",
                           kLongestName);
  }
  in_region(name, [&] {
    const std::lock_guard guard(changes_);
    auto next = std::make_unique<Regions>(*list());
    if (next->contains(name)) throw invalid_argument("is registered already");
    auto region = open(key, offset, bytes);
    check_room(*next, bytes);
    next->emplace(name, std::move(region));
    regions_.publish(std::move(next));
  });
}

void SharedRegions::remove(std::string_view name) {
  const std::lock_guard guard(changes_);
  auto next = std::make_unique<Regions>();
  if (!name.empty()) *next = *list();
  if (const auto found = next->find(name); found != next->end()) next->erase(found);
  regions_.publish(std::move(next));
}

const SharedRegion& SharedRegions::find(const Regions& regions, const RegionPlace& place) {
  const auto found = regions.find(place.region);
  if (found == regions.end()) throw Refusal(StatusCode::kNotFound, "is not registered");
  const SharedRegion& region = *found->second;
  if (place.offset > region.bytes || place.bytes > region.bytes - place.offset) {
    throw invalid_argument(kRegionOffset, " = ", place.offset, " and ", kRegionBytes, " = ",
                           place.bytes, " end behind its ", region.bytes, " bytes");
  }
  return region;
}

void SharedRegions::check(const RegionPlace& place, std::size_t taken) const {
  in_region(place.region, [&] {
    const auto regions = list();
    find(*regions, place);
    if (place.bytes > options_.most_bytes - taken) {
      throw resource_exhausted(place.bytes, " bytes beside ", taken,
                               " that the request takes from shared memory, all may be ",
                               options_.most_bytes);
    }
  });
}

void SharedRegions::read(const RegionPlace& place, std::span<std::byte> out) {
  in_region(place.region, [&] {
    const auto regions = list();
    const SharedRegion& region = find(*regions, place);
    move_all(region, region.offset + place.offset, out, ::pread);
  });
  read_bytes_.fetch_add(out.size(), std::memory_order_relaxed);
}

// Behind the end of an object pwrite would make it larger: who made it smaller wants no output.
void SharedRegions::write(const RegionPlace& place, std::span<const std::byte> data) {
  in_region(place.region, [&] {
    const auto regions = list();
    const SharedRegion& region = find(*regions, place);
    if (data.size() > place.bytes) {
      throw invalid_argument(kRegionBytes, " = ", place.bytes, ", the output has ", data.size(),
                             " bytes");
    }
    const std::uint64_t at = region.offset + place.offset;
    check_size(region, at + data.size());
    move_all(region, at, data, ::pwrite);
  });
  written_bytes_.fetch_add(data.size(), std::memory_order_relaxed);
}

void SharedRegions::expose(std::string& out) const {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  {
    const auto regions = list();
    count = regions->size();
    bytes = bytes_of(*regions);
  }
  add_family("kedge_shared_memory_regions", "gauge", "Regions that are registered.", out);
  out += text("kedge_shared_memory_regions ", count, "\n");
  add_family("kedge_shared_memory_region_bytes", "gauge", "Their bytes.", out);
  out += text("kedge_shared_memory_region_bytes ", bytes, "\n");
  constexpr std::string_view kMoved = "kedge_shared_memory_bytes_total";
  add_family(kMoved, "counter", "Bytes of contents read from regions, of outputs written there.",
             out);
  out += text(kMoved, "{direction=\"read\"} ", read_bytes_.load(), "\n");
  out += text(kMoved, "{direction=\"written\"} ", written_bytes_.load(), "\n");
}

}  // namespace kedge
