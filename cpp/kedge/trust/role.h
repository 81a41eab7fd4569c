// What the metadata of each role say, read and checked once; rules between roles are trusted_set's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/document.h"
#include "kedge/trust/delegation.h"
#include "kedge/trust/file_check.h"
#include "kedge/trust/public_key.h"
#include "kedge/trust/target_file.h"

namespace kedge::trust {

// Times are seconds since 1970.
struct RoleHeader {
  std::int64_t version = 0;
  std::int64_t expires = 0;
  std::int64_t issued = 0;  // "x-kedge-issued"; 0 when it is not said
};

struct Root : RoleHeader {
  bool has_consistent_snapshots = false;  // names of files have versions and hashes before them
  std::vector<PublicKey> keys;
  Signers root, timestamp, snapshot, targets;
};

// A metadata file, as another one has it.
struct MetaFile {
  std::string name;
  std::int64_t version = 0;
  FileFacts facts;
};

struct Timestamp : RoleHeader {
  MetaFile snapshot;
};

struct Snapshot : RoleHeader {
  std::vector<MetaFile> files;  // by name

  const MetaFile* find(std::string_view name) const noexcept;
};

struct Targets : RoleHeader {
  std::vector<TargetFile> targets;
  std::vector<PublicKey> keys;  // of delegations
  std::vector<DelegatedRole> delegations;
  bool has_succinct_roles = false;

  const TargetFile* find(std::string_view path) const noexcept;
};

// Of the signed part. Throw CorruptData with the path of what is missing or wrong.
Root read_root(Value part);
Timestamp read_timestamp(Value part);
Snapshot read_snapshot(Value part);
Targets read_targets(Value part);

}  // namespace kedge::trust
