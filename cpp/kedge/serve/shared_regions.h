// Parts of POSIX shared memory that clients have registered by a name, to have contents read from
// there and outputs written there.
//
// An object is never mapped: its bytes are copied by pread and pwrite, so that an owner who makes
// it smaller, or changes it meanwhile, gets an error or other scores and nothing worse.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "kedge/serve/published.h"
#include "kedge/serve/region_source.h"

namespace kedge {

struct SharedMemoryOptions {
  std::string prefix;               // of objects' names; empty for no shared memory
  std::uint64_t most_regions = 64;  // at a time
  std::uint64_t most_bytes = std::uint64_t{256} << 20;  // of them all, and of a request's contents

  // Throws InvalidArgument for a prefix that no object's name can begin with, and for no room.
  void check() const;
};

// An object that stays open as long as this is there.
struct SharedRegion {
  std::string key;  // the object's name, as it was given
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  int file = -1;

  SharedRegion() = default;
  SharedRegion(const SharedRegion&) = delete;
  SharedRegion& operator=(const SharedRegion&) = delete;
  ~SharedRegion();
};

// Any number of threads. Who reads or writes contents waits for nobody; who registers waits for
// those that read just then.
class SharedRegions final : public RegionSource {
 public:
  using Regions = std::map<std::string, std::shared_ptr<const SharedRegion>, std::less<>>;
  static constexpr std::size_t kLongestName = 256;

  // Throws as SharedMemoryOptions::check does.
  explicit SharedRegions(SharedMemoryOptions options);

  // Bytes [offset, offset + bytes) of the object `key`, which has the prefix behind at most one
  // slash and is of letters, digits, '.', '_' and '-'. Throws InvalidArgument that names the region
  // for a name that is taken or too long, another key, an object that ends before;
  // Refusal(kNotFound) when there is none; ResourceExhausted beyond a limit.
  void add(std::string_view name, std::string_view key, std::uint64_t offset, std::uint64_t bytes);
  // One that is not there is not missed. All when there is no name.
  void remove(std::string_view name);
  Published<Regions>::Pin list() const { return Published<Regions>::Pin(regions_); }

  // Refusal(kNotFound) that names the region when there is none; InvalidArgument that names it, the
  // value and the bound for a place outside of it, or outside of an object that was made smaller;
  // ResourceExhausted when a request takes more than it may, or the system has no memory for what
  // is written.
  void check(const RegionPlace& place, std::size_t taken) const override;
  void read(const RegionPlace& place, std::span<std::byte> out) override;
  void write(const RegionPlace& place, std::span<const std::byte> data);

  // As Prometheus scrapes it.
  void expose(std::string& out) const;

 private:
  static const SharedRegion& find(const Regions& regions, const RegionPlace& place);
  std::shared_ptr<const SharedRegion> open(std::string_view key, std::uint64_t offset,
                                           std::uint64_t bytes) const;
  void check_room(const Regions& regions, std::uint64_t bytes) const;

  SharedMemoryOptions options_;
  std::mutex changes_;
  Published<Regions> regions_;
  std::atomic<std::uint64_t> read_bytes_ = 0;
  std::atomic<std::uint64_t> written_bytes_ = 0;
};

}  // namespace kedge
