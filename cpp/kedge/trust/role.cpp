#include "kedge/trust/role.h"

#include <algorithm>

#include "kedge/base/sort.h"
#include "kedge/trust/canonical_json.h"
#include "kedge/trust/utc_time.h"

namespace kedge::trust {
namespace {

std::int64_t read_version(Value object) {
  const Value version = object.at("version");
  if (version.integer() < 1) version.refuse(version.integer(), " is below 1");
  return version.integer();
}

std::int64_t read_time(Value time) {
  const auto seconds = read_utc(time.text());
  if (!seconds) time.refuse('"', time.text(), "\" is no time as 2030-01-31T23:59:59Z is");
  return *seconds;
}

void read_header(Value part, std::string_view type, RoleHeader& header) {
  const Value given = part.at("_type");
  if (given.text() != type) given.refuse("expected \"", type, "\", got \"", given.text(), '"');
  const Value spec = part.at("spec_version");
  if (!spec.text().starts_with("1.")) spec.refuse("\"", spec.text(), "\", 1 is supported");
  header.version = read_version(part);
  header.expires = read_time(part.at("expires"));
  const auto issued = part.find("x-kedge-issued");
  if (!issued) return;
  header.issued = read_time(*issued);
  if (header.issued >= header.expires) issued->refuse("not before it expires");
}

MetaFile read_meta_file(std::string_view name, Value file) {
  return {std::string(name), read_version(file), read_file_facts(file)};
}

TargetFile read_target(std::string_view path, Value target) {
  TargetFile out;
  out.path = path;
  out.facts = read_file_facts(target);
  static_cast<void>(target.at("length"));
  static_cast<void>(target.at("hashes"));
  if (const auto custom = target.find("custom")) out.custom = canonical_json(*custom);
  return out;
}

void read_delegations(Value delegations, Targets& out) {
  out.keys = read_public_keys(delegations.at("keys"));
  out.has_succinct_roles = delegations.find("succinct_roles").has_value();
  const auto roles = delegations.find("roles");
  if (roles.has_value() == out.has_succinct_roles) {
    delegations.refuse("expected either \"roles\" or \"succinct_roles\"");
  }
  for (std::size_t i = 0; roles && i < roles->size(); ++i) {
    DelegatedRole role = read_delegated_role((*roles)[i]);
    if (std::ranges::find(out.delegations, role.name, &DelegatedRole::name) !=
        out.delegations.end()) {
      (*roles)[i].refuse("a second role \"", role.name, '"');
    }
    out.delegations.push_back(std::move(role));
  }
}

}  // namespace

const MetaFile* Snapshot::find(std::string_view name) const noexcept {
  const auto found = std::ranges::lower_bound(files, name, {}, &MetaFile::name);
  return found == files.end() || found->name != name ? nullptr : &*found;
}

const TargetFile* Targets::find(std::string_view path) const noexcept {
  const auto found = std::ranges::find(targets, path, &TargetFile::path);
  return found == targets.end() ? nullptr : &*found;
}

Root read_root(Value part) {
  Root root;
  read_header(part, "root", root);
  if (const auto consistent = part.find("consistent_snapshot")) {
    root.has_consistent_snapshots = consistent->boolean();
  }
  root.keys = read_public_keys(part.at("keys"));
  const Value roles = part.at("roles");
  root.root = read_signers(roles.at("root"));
  root.timestamp = read_signers(roles.at("timestamp"));
  root.snapshot = read_signers(roles.at("snapshot"));
  root.targets = read_signers(roles.at("targets"));
  return root;
}

Timestamp read_timestamp(Value part) {
  Timestamp timestamp;
  read_header(part, "timestamp", timestamp);
  timestamp.snapshot = read_meta_file("snapshot.json", part.at("meta").at("snapshot.json"));
  return timestamp;
}

Snapshot read_snapshot(Value part) {
  Snapshot snapshot;
  read_header(part, "snapshot", snapshot);
  const Value meta = part.at("meta");
  for (std::size_t i = 0; i < meta.size(); ++i) {
    snapshot.files.push_back(read_meta_file(meta.name(i), meta[i]));
  }
  sort_few(snapshot.files, {}, &MetaFile::name);
  return snapshot;
}

Targets read_targets(Value part) {
  Targets out;
  read_header(part, "targets", out);
  const Value targets = part.at("targets");
  for (std::size_t i = 0; i < targets.size(); ++i) {
    out.targets.push_back(read_target(targets.name(i), targets[i]));
  }
  if (const auto delegations = part.find("delegations")) read_delegations(*delegations, out);
  return out;
}

}  // namespace kedge::trust
