#include "kedge/trust/trusted_set.h"

#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/trust/envelope.h"
#include "kedge/trust/utc_time.h"

namespace kedge::trust {
namespace {

// Errors of what is read come out with the role's name before them.
template <class Read>
auto in_role(std::string_view role, const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    const std::string_view what = error.what();
    if (what.starts_with(role)) throw;
    throw Error(error.code(), text(role, ": ", what));
  }
}

void check_file(std::span<const std::byte> bytes, const MetaFile& file, std::string_view role) {
  FileCheck check(file.facts, std::string(role));
  check.add(bytes);
  check.finish();
}

void check_version(std::string_view role, std::int64_t got, std::int64_t wanted,
                   std::string_view who) {
  if (got == wanted) return;
  throw corrupt_data(role, ": version ", got, ", ", who, " has ", wanted);
}

void check_not_below(std::string_view role, std::int64_t got, std::int64_t trusted) {
  if (got >= trusted) return;
  throw corrupt_data(role, ": version ", got, " is below ", trusted, ", which is trusted");
}

bool has_lost_key(const Root& before, const Signers& old, const Root& after, const Signers& now) {
  return !std::ranges::all_of(old.ids, [&](const std::string& id) {
    const PublicKey* a = find_key(before.keys, id);
    const PublicKey* b = find_key(after.keys, id);
    const bool is_named = std::ranges::find(now.ids, id) != now.ids.end();
    return a == nullptr || (is_named && b != nullptr && a->ed25519 == b->ed25519);
  });
}

}  // namespace

void check_time(std::string_view role, const RoleHeader& header, std::int64_t time) {
  if (header.expires > time) return;
  throw corrupt_data(role, ": version ", header.version, " expired at ", utc_text(header.expires),
                     ", the time is ", utc_text(time));
}

TrustedSet::TrustedSet(std::span<const std::byte> root) {
  in_role("root", [&] {
    const Envelope envelope(root);
    root_ = read_root(envelope.signed_part());
    envelope.check_signatures(root_.keys, root_.root, "root");
  });
}

Root TrustedSet::next_root(std::span<const std::byte> bytes) const {
  return in_role("root", [&] {
    const Envelope envelope(bytes);
    envelope.check_signatures(root_.keys, root_.root, "root, by the keys before it");
    Root next = read_root(envelope.signed_part());
    envelope.check_signatures(next.keys, next.root, "root, by its own keys");
    if (next.version != root_.version + 1) {
      throw corrupt_data("root: version ", next.version, ", ", root_.version + 1, " comes next");
    }
    return next;
  });
}

Timestamp TrustedSet::stored_timestamp(std::span<const std::byte> bytes) const {
  return in_role("timestamp", [&] {
    const Envelope envelope(bytes);
    envelope.check_signatures(root_.keys, root_.timestamp, "timestamp");
    return read_timestamp(envelope.signed_part());
  });
}

std::optional<Timestamp> TrustedSet::next_timestamp(std::span<const std::byte> bytes) const {
  Timestamp next = stored_timestamp(bytes);
  if (!timestamp_) return next;
  check_not_below("timestamp", next.version, timestamp_->version);
  if (next.version == timestamp_->version) return std::nullopt;
  check_not_below("timestamp: snapshot", next.snapshot.version, timestamp_->snapshot.version);
  return next;
}

Snapshot TrustedSet::stored_snapshot(std::span<const std::byte> bytes) const {
  return in_role("snapshot", [&] {
    const Envelope envelope(bytes);
    envelope.check_signatures(root_.keys, root_.snapshot, "snapshot");
    return read_snapshot(envelope.signed_part());
  });
}

Snapshot TrustedSet::next_snapshot(std::span<const std::byte> bytes) const {
  check_file(bytes, timestamp_->snapshot, "snapshot");
  Snapshot next = stored_snapshot(bytes);
  check_version("snapshot", next.version, timestamp_->snapshot.version, "the timestamp");
  if (!snapshot_) return next;
  for (const MetaFile& trusted : snapshot_->files) {
    const MetaFile* file = next.find(trusted.name);
    if (file == nullptr) {
      throw corrupt_data("snapshot: \"", trusted.name, "\" is gone, version ", trusted.version,
                         " is trusted");
    }
    check_not_below(text("snapshot: \"", trusted.name, '"'), file->version, trusted.version);
  }
  return next;
}

const MetaFile& TrustedSet::file_of(std::string_view role) const {
  const MetaFile* file = snapshot_->find(text(role, ".json"));
  if (file == nullptr) throw corrupt_data(role, ": the snapshot does not name it");
  return *file;
}

Targets TrustedSet::next_targets(std::span<const std::byte> bytes) const {
  DelegatedRole role;
  role.name = "targets";
  role.signers = root_.targets;
  Targets delegator;
  delegator.keys = root_.keys;
  return delegated_targets(bytes, role, delegator);
}

Targets TrustedSet::delegated_targets(std::span<const std::byte> bytes, const DelegatedRole& role,
                                      const Targets& delegator) const {
  const MetaFile& file = file_of(role.name);
  return in_role(role.name, [&] {
    check_file(bytes, file, role.name);
    const Envelope envelope(bytes);
    envelope.check_signatures(delegator.keys, role.signers, role.name);
    Targets next = read_targets(envelope.signed_part());
    check_version(role.name, next.version, file.version, "the snapshot");
    return next;
  });
}

bool TrustedSet::is_rotated_by(const Root& next) const {
  return has_lost_key(root_, root_.timestamp, next, next.timestamp) ||
         has_lost_key(root_, root_.snapshot, next, next.snapshot);
}

void TrustedSet::hold(Root root) {
  root_ = std::move(root);
  timestamp_.reset();
  snapshot_.reset();
  targets_.reset();
}

void TrustedSet::hold(Snapshot snapshot) {
  snapshot_ = std::move(snapshot);
  targets_.reset();
}

}  // namespace kedge::trust
