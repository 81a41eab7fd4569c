#include "kedge/trust/trust_client.h"

#include <algorithm>
#include <memory>

#include "kedge/base/error.h"
#include "kedge/base/hex.h"
#include "kedge/trust/url_path.h"

namespace kedge::trust {
namespace {

std::string target_path(const TargetFile& target, bool has_hash) {
  std::string_view name = target.path;
  std::string path = "targets/";
  if (has_hash) {
    const std::size_t start = name.rfind('/') + 1;  // 0 when there is no slash
    path += percent_encoded(name.substr(0, start), true);
    path += target.facts.sha256 ? hex_of(*target.facts.sha256) : hex_of(*target.facts.sha512);
    path += '.';
    name.remove_prefix(start);
  }
  return path + percent_encoded(name, true);
}

struct Delegation {
  std::shared_ptr<const Targets> delegator;
  const DelegatedRole* role = nullptr;
};

// Those of the role that cover the path, the first one last. A terminating one ends what its
// delegator and those before it have left open.
void open_delegations(const std::shared_ptr<const Targets>& delegator, std::string_view path,
                      std::vector<Delegation>& open) {
  if (delegator->has_succinct_roles) {
    throw unsupported("succinct roles are not supported, \"", path, "\" may be in one");
  }
  std::vector<Delegation> covering;
  for (const DelegatedRole& role : delegator->delegations) {
    if (!role.covers(path)) continue;
    covering.push_back({delegator, &role});
    if (!role.is_terminating) continue;
    open.clear();
    break;
  }
  open.insert(open.end(), covering.rbegin(), covering.rend());
}

}  // namespace

// What was kept and is no longer good is fetched anew.
template <class Read>
auto TrustClient::stored(std::string_view role, const Read& read)
    -> std::optional<decltype(read(std::span<const std::byte>()))> {
  const auto bytes = store_.read(role);
  if (!bytes) return std::nullopt;
  try {
    return read(std::span<const std::byte>(*bytes));
  } catch (const Error&) {
    return std::nullopt;
  }
}

TrustClient::TrustClient(Storage& storage, std::span<const std::byte> shipped_root,
                         TrustLimits limits)
    : limits_(limits), store_(storage), set_(shipped_root) {
  const auto bytes = store_.read("root");
  const bool is_same = bytes && std::ranges::equal(*bytes, shipped_root);
  auto kept = is_same ? std::nullopt : stored("root", [](auto given) { return TrustedSet(given); });
  if (kept) {
    std::swap(*kept, set_);
    const Root& shipped = kept->root();
    if (shipped.version > set_.root().version) keep_root(shipped, shipped_root);
  } else if (!is_same) {
    store_.replace("root", shipped_root);  // for the root of a later image to be held against
  }
  store_.resume_rotation(set_.root().version);
}

void TrustClient::keep_root(Root next, std::span<const std::byte> bytes) {
  const bool is_rotated = set_.is_rotated_by(next);
  if (is_rotated) store_.begin_rotation(next.version);
  store_.replace("root", bytes);
  if (is_rotated) store_.end_rotation();
  set_.hold(std::move(next));
}

std::int64_t TrustClient::checked_time(const UpdateTime& time) const noexcept {
  return std::max(time.now.value_or(0), store_.floor()) - time.grace;
}

std::vector<std::byte> TrustClient::fetch_metadata(Fetch& from, std::string_view role,
                                                   std::string_view version,
                                                   std::size_t most) const {
  const std::string path = text("metadata/", version, percent_encoded(role, false), ".json");
  auto bytes = from.fetch_whole(path, most);
  if (!bytes) throw invalid_argument(role, ": the repository has no \"", path, '"');
  return std::move(*bytes);
}

std::vector<std::byte> TrustClient::fetch_metadata(Fetch& from, std::string_view role,
                                                   const MetaFile& file, std::size_t most) const {
  const bool has_version = set_.root().has_consistent_snapshots;
  if (file.facts.length) most = std::min<std::uint64_t>(most, *file.facts.length);
  return fetch_metadata(from, role, has_version ? text(file.version, '.') : "", most);
}

void TrustClient::refresh(Fetch& from, const UpdateTime& time) {
  is_fresh_ = false;
  update_root(from);
  store_.raise_floor(set_.root().issued);
  check_time("root", set_.root(), checked_time(time));
  update_timestamp(from, time);
  update_snapshot(from, time);
  update_targets(from, time);
  is_fresh_ = true;
}

// Expiry of those on the way does not matter: only the last one counts.
void TrustClient::update_root(Fetch& from) {
  for (std::size_t i = 0; i < limits_.root_rotations; ++i) {
    const std::string path = text("metadata/", set_.root().version + 1, ".root.json");
    const auto bytes = from.fetch_whole(path, limits_.root_bytes);
    if (!bytes) return;
    keep_root(set_.next_root(*bytes), *bytes);
  }
}

void TrustClient::update_timestamp(Fetch& from, const UpdateTime& time) {
  if (!set_.timestamp()) {
    auto kept = stored("timestamp", [&](auto bytes) { return set_.stored_timestamp(bytes); });
    if (kept) set_.hold(std::move(*kept));
  }
  const auto bytes = fetch_metadata(from, "timestamp", "", limits_.timestamp_bytes);
  const bool is_same = set_.timestamp() && store_.read("timestamp") == bytes;
  auto next = is_same ? std::nullopt : set_.next_timestamp(bytes);
  check_time("timestamp", next ? *next : *set_.timestamp(), checked_time(time));
  if (!next) return;
  store_.replace("timestamp", bytes);
  set_.hold(std::move(*next));
}

void TrustClient::update_snapshot(Fetch& from, const UpdateTime& time) {
  if (!set_.snapshot()) {
    auto kept = stored("snapshot", [&](auto bytes) { return set_.stored_snapshot(bytes); });
    if (kept) set_.hold(std::move(*kept));
  }
  const MetaFile& file = set_.timestamp()->snapshot;
  if (set_.snapshot() && set_.snapshot()->version == file.version) {
    return check_time("snapshot", *set_.snapshot(), checked_time(time));
  }
  const auto bytes = fetch_metadata(from, "snapshot", file, limits_.snapshot_bytes);
  Snapshot next = set_.next_snapshot(bytes);
  check_time("snapshot", next, checked_time(time));
  store_.replace("snapshot", bytes);
  set_.hold(std::move(next));
}

void TrustClient::update_targets(Fetch& from, const UpdateTime& time) {
  if (!set_.targets()) {
    auto kept = stored("targets", [&](auto bytes) { return set_.next_targets(bytes); });
    if (kept) set_.hold(std::move(*kept));
  }
  if (set_.targets()) {
    check_time("targets", *set_.targets(), checked_time(time));
  } else {
    const auto bytes =
        fetch_metadata(from, "targets", set_.file_of("targets"), limits_.targets_bytes);
    Targets next = set_.next_targets(bytes);
    check_time("targets", next, checked_time(time));
    store_.replace("targets", bytes);
    set_.hold(std::move(next));
  }
  store_.raise_floor(set_.targets()->issued);
}

// One that was kept is held against this delegator: another one may have other keys for it.
Targets TrustClient::delegated(Fetch& from, const DelegatedRole& role, const Targets& delegator,
                               const UpdateTime& time) {
  const auto read = [&](std::span<const std::byte> bytes) {
    return set_.delegated_targets(bytes, role, delegator);
  };
  auto kept = stored(role.name, read);
  if (kept) {
    check_time(role.name, *kept, checked_time(time));
    return std::move(*kept);
  }
  const auto bytes =
      fetch_metadata(from, role.name, set_.file_of(role.name), limits_.targets_bytes);
  Targets next = read(bytes);
  check_time(role.name, next, checked_time(time));
  store_.replace(role.name, bytes);
  return next;
}

std::span<const TargetFile> TrustClient::targets() const noexcept {
  if (!is_fresh_) return {};
  return set_.targets()->targets;
}

// Depth first, in the order in which delegators name their roles.
std::optional<TargetFile> TrustClient::find_target(Fetch& from, std::string_view path,
                                                   const UpdateTime& time) {
  if (!is_fresh_) throw invalid_argument("a target is asked for, and no refresh has gone through");
  std::vector<Delegation> open;
  std::vector<std::string> seen;
  std::shared_ptr<const Targets> targets(std::shared_ptr<const void>(), &*set_.targets());
  while (true) {
    if (const TargetFile* found = targets->find(path)) return *found;
    open_delegations(targets, path, open);
    Delegation next;
    do {
      if (open.empty()) return std::nullopt;
      next = std::move(open.back());
      open.pop_back();
    } while (std::ranges::find(seen, next.role->name) != seen.end());
    if (seen.size() == limits_.delegations) {
      throw resource_exhausted('"', path, "\" is not in ", seen.size(),
                               " delegated roles, more are not looked at");
    }
    seen.push_back(next.role->name);
    targets = std::make_shared<const Targets>(delegated(from, *next.role, *next.delegator, time));
  }
}

void TrustClient::download(Fetch& from, const TargetFile& target, const Fetch::Sink& sink) const {
  FileCheck check(target.facts, text("target \"", target.path, '"'));
  const std::string path = target_path(target, set_.root().has_consistent_snapshots);
  const std::size_t most = std::min<std::uint64_t>(*target.facts.length, SIZE_MAX);
  const bool is_there = from.fetch(path, most, [&](auto piece) {
    check.add(piece);
    sink(piece);
  });
  if (!is_there) throw invalid_argument("the repository has no \"", path, '"');
  check.finish();
}

}  // namespace kedge::trust
