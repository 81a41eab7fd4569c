// Where the contents come from that a request has in shared memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "kedge/base/error.h"
#include "kedge/serve/region_place.h"

namespace kedge {

class RegionSource {
 public:
  // Throws unless there is such a place, and one request may take it beside what it took so far.
  virtual void check(const RegionPlace& place, std::size_t taken) const = 0;
  // Copies all of a place that was checked, or throws: it may be gone by then.
  virtual void read(const RegionPlace& place, std::span<std::byte> out) = 0;

 protected:
  RegionSource() = default;
  RegionSource(const RegionSource&) = default;
  RegionSource& operator=(const RegionSource&) = default;
  ~RegionSource() = default;
};

// What a request took when it was first read, for who reads it again: the regions may say something
// else by then.
class FetchedContents final : public RegionSource {
 public:
  explicit FetchedContents(std::span<const std::byte> bytes) : left_(bytes), all_(bytes.size()) {}

  void check(const RegionPlace& place, std::size_t taken) const override {
    if (place.bytes > all_ - taken) {
      throw invalid_argument("region \"", place.region, "\": ", all_, " bytes were fetched");
    }
  }
  void read(const RegionPlace&, std::span<std::byte> out) override {
    std::ranges::copy(left_.first(out.size()), out.begin());
    left_ = left_.subspan(out.size());
  }

 private:
  std::span<const std::byte> left_;
  std::size_t all_;
};

}  // namespace kedge
