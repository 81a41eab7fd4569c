// The metadata that are trusted, as files of their own on a disk that may lose power: each is the
// old one or the new one. Its names end in .json and .new; and there are `floor` and `rotation`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/storage.h"

namespace kedge::trust {

class MetadataStore {
 public:
  explicit MetadataStore(Storage& storage);

  std::optional<std::vector<std::byte>> read(std::string_view role);
  // Once this returns a power cut leaves the new file.
  void replace(std::string_view role, std::span<const std::byte> bytes);
  // Around the replacement of a root by one of this version that makes the timestamp and the
  // snapshot void: they are removed, also by a start behind a cut between the two.
  void begin_rotation(std::int64_t version);
  void end_rotation();
  // At a start, with the version of the root that is trusted.
  void resume_rotation(std::int64_t version);

  // The latest time that was signed as past; 0 when none was kept.
  std::int64_t floor() const noexcept { return floor_; }
  // Kept before it is believed; does nothing when it is not above the floor.
  void raise_floor(std::int64_t time);

 private:
  bool has(std::string_view name);

  Storage& storage_;
  std::int64_t floor_ = 0;
};

}  // namespace kedge::trust
