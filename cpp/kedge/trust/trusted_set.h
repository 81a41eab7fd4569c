// The metadata that are trusted, and the rules by which others may take their place (TUF's
// specification, section 5). In memory: who calls keeps what was allowed, then has it held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kedge/trust/role.h"

namespace kedge::trust {

class TrustedSet {
 public:
  // A root that is trusted as it is. Throws CorruptData when it has not signed itself.
  explicit TrustedSet(std::span<const std::byte> root);

  const Root& root() const noexcept { return root_; }
  // None until they are held; the targets also not behind a new snapshot.
  const std::optional<Timestamp>& timestamp() const noexcept { return timestamp_; }
  const std::optional<Snapshot>& snapshot() const noexcept { return snapshot_; }
  const std::optional<Targets>& targets() const noexcept { return targets_; }

  // What bytes from a repository say, once all rules but that of time allow it. Throw CorruptData
  // that names the role, the value and the bound.
  //
  // Signed by enough keys of the root that is held and by enough of its own; the very next version.
  Root next_root(std::span<const std::byte> bytes) const;
  // None when its version is that of the one that is held, which then stays.
  std::optional<Timestamp> next_timestamp(std::span<const std::byte> bytes) const;
  // The file that the timestamp names; no file in it is older than in the one that is held, or
  // gone.
  Snapshot next_snapshot(std::span<const std::byte> bytes) const;
  // The file that the snapshot names.
  Targets next_targets(std::span<const std::byte> bytes) const;
  Targets delegated_targets(std::span<const std::byte> bytes, const DelegatedRole& role,
                            const Targets& delegator) const;

  // What was kept, for others to be held against: only its signatures are looked at.
  Timestamp stored_timestamp(std::span<const std::byte> bytes) const;
  Snapshot stored_snapshot(std::span<const std::byte> bytes) const;

  // What the snapshot says of a role's file. Throws CorruptData when it does not name it.
  const MetaFile& file_of(std::string_view role) const;

  // Whether a key that signs timestamps or snapshots is none in the next root: then those that are
  // held are void, so that a repository recovers from versions that a thief has signed.
  bool is_rotated_by(const Root& next) const;

  // The root: nothing else is trusted any more.
  void hold(Root root);
  void hold(Timestamp timestamp) { timestamp_ = std::move(timestamp); }
  void hold(Snapshot snapshot);
  void hold(Targets targets) { targets_ = std::move(targets); }

 private:
  Root root_;
  std::optional<Timestamp> timestamp_;
  std::optional<Snapshot> snapshot_;
  std::optional<Targets> targets_;
};

// Throws CorruptData unless the metadata expire after `time`.
void check_time(std::string_view role, const RoleHeader& header, std::int64_t time);

}  // namespace kedge::trust
