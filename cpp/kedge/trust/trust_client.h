// A client of The Update Framework (specification 1.0, section 5): from a root of trust and a
// repository that nobody needs to trust to files that the right keys have signed, are not older
// than those before, and fit together.
//
// Ed25519 only: signatures of other keys do not count. docs/formats.md, "Update repository".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "kedge/base/storage.h"
#include "kedge/trust/fetch.h"
#include "kedge/trust/metadata_store.h"
#include "kedge/trust/target_file.h"
#include "kedge/trust/trusted_set.h"

namespace kedge::trust {

struct TrustLimits {
  std::size_t root_bytes = 256 << 10;
  std::size_t timestamp_bytes = 16 << 10;
  std::size_t snapshot_bytes = 1 << 20;
  std::size_t targets_bytes = 2 << 20;
  std::size_t root_rotations = 256;  // in one refresh
  std::size_t delegations = 32;      // that one search looks at
};

// What time expiry is held against.
struct UpdateTime {
  std::optional<std::int64_t> now;  // seconds since 1970; none on a board without a clock
  std::int64_t grace = 0;           // seconds for which what has expired is taken: from a package
};

// Thread safety: one thread. What it keeps is on `storage` before it is believed, and is verified
// again at the next start; a power cut leaves the old file or the new one.
class TrustClient {
 public:
  // `shipped_root` is what the board came with: where trust begins, begins anew when what is stored
  // is damaged, and goes on when it is newer. Throws CorruptData when it has not signed itself.
  TrustClient(Storage& storage, std::span<const std::byte> shipped_root, TrustLimits limits = {});

  // All of the repository's metadata, from the root on. Throws Error that names the role, the
  // value and the bound; what was verified before the error is kept on disk, as the specification
  // has it, but targets() are those of the last refresh that went through no more.
  void refresh(Fetch& from, const UpdateTime& time);

  // Those that the top-level role signs, in the metadata's order, until the next refresh; none
  // before the first one.
  std::span<const TargetFile> targets() const noexcept;

  // Also among delegated roles, whose metadata are fetched as needed. Needs a refresh.
  std::optional<TargetFile> find_target(Fetch& from, std::string_view path, const UpdateTime& time);

  // Gives the file to `sink` while it is checked: only once this returns have those pieces been the
  // file. Throws CorruptData when they are not, InvalidArgument when the repository has none.
  void download(Fetch& from, const TargetFile& target, const Fetch::Sink& sink) const;

  // The latest time that an offline key has signed as past, in seconds since 1970; 0 for none. Time
  // is not taken to be before it.
  std::int64_t floor() const noexcept { return store_.floor(); }
  std::int64_t root_version() const noexcept { return set_.root().version; }

 private:
  std::int64_t checked_time(const UpdateTime& time) const noexcept;
  void keep_root(Root next, std::span<const std::byte> bytes);
  void update_root(Fetch& from);
  void update_timestamp(Fetch& from, const UpdateTime& time);
  void update_snapshot(Fetch& from, const UpdateTime& time);
  void update_targets(Fetch& from, const UpdateTime& time);
  Targets delegated(Fetch& from, const DelegatedRole& role, const Targets& delegator,
                    const UpdateTime& time);
  template <class Read>
  auto stored(std::string_view role, const Read& read)
      -> std::optional<decltype(read(std::span<const std::byte>()))>;
  std::vector<std::byte> fetch_metadata(Fetch& from, std::string_view role,
                                        std::string_view version, std::size_t most) const;
  std::vector<std::byte> fetch_metadata(Fetch& from, std::string_view role, const MetaFile& file,
                                        std::size_t most) const;

  TrustLimits limits_;
  MetadataStore store_;
  TrustedSet set_;
  bool is_fresh_ = false;  // the last refresh went through
};

}  // namespace kedge::trust
