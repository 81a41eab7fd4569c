#include "kedge/serve/recent_predictions.h"

#include <algorithm>

#include "kedge/base/hash.h"

namespace kedge {
namespace {

// A request without any rows takes memory too.
std::size_t size_of(const Prediction& prediction) noexcept {
  return std::max<std::size_t>(1, prediction.rows.size());
}

}  // namespace

RecentPredictions::Shard& RecentPredictions::shard_of(std::string_view id) noexcept {
  return shards_[hash_bytes(id) % kShards];
}

RecentPredictions::Kept* RecentPredictions::find(Shard& shard, std::string_view id) {
  const auto place = shard.places.find(std::string(id));
  return place == shard.places.end() ? nullptr : &shard.kept[place->second - shard.first];
}

void RecentPredictions::add(Shard& shard, Kept kept) const {
  if (Kept* const before = find(shard, kept.id)) before->is_gone = true;
  shard.places[kept.id] = shard.first + shard.kept.size();
  shard.rows += size_of(kept.prediction);
  shard.kept.push_back(std::move(kept));
  while (shard.rows > most_rows_ && shard.kept.size() > 1) {
    Kept& oldest = shard.kept.front();
    if (!oldest.is_gone) shard.places.erase(oldest.id);
    shard.rows -= size_of(oldest.prediction);
    shard.kept.pop_front();
    ++shard.first;
  }
}

void RecentPredictions::remember(std::string_view id, std::string_view version, AnswerKind kind,
                                 std::span<const double> rows) {
  if (id.empty() || id.size() > kMostIdBytes || rows.size() > most_rows_) return;
  Kept kept;
  kept.id = id;
  kept.prediction.kind = kind;
  kept.prediction.version = version;
  kept.prediction.rows.assign(rows.begin(), rows.end());
  Shard& shard = shard_of(id);
  const std::lock_guard guard(shard.lock);
  add(shard, std::move(kept));
}

void RecentPredictions::compare(std::string_view id, std::string_view candidate,
                                std::span<const double> rows) {
  Shard& shard = shard_of(id);
  const std::lock_guard guard(shard.lock);
  Kept* const kept = find(shard, id);
  if (kept == nullptr || kept->is_labelled || kept->prediction.rows.size() != rows.size()) return;
  kept->prediction.candidate = candidate;
  kept->prediction.candidate_rows.assign(rows.begin(), rows.end());
}

RecentPredictions::Claim RecentPredictions::claim(std::string_view id) {
  Shard& shard = shard_of(id);
  const std::lock_guard guard(shard.lock);
  Kept* const kept = find(shard, id);
  if (kept == nullptr) return {};
  if (kept->is_labelled) return {Found::kLabelled, {}};
  Claim claim{Found::kNew, kept->prediction};
  kept->is_labelled = true;
  return claim;
}

void RecentPredictions::give_back(std::string_view id) {
  Shard& shard = shard_of(id);
  const std::lock_guard guard(shard.lock);
  if (Kept* const kept = find(shard, id)) kept->is_labelled = false;
}

void RecentPredictions::restore_labelled(std::string_view id) {
  Kept kept;
  kept.id = id;
  kept.is_labelled = true;
  Shard& shard = shard_of(id);
  const std::lock_guard guard(shard.lock);
  const Kept* const before = find(shard, id);
  if (before == nullptr || !before->is_labelled) add(shard, std::move(kept));
}

std::vector<std::string> RecentPredictions::labelled() {
  std::vector<std::string> out;
  for (Shard& shard : shards_) {
    const std::lock_guard guard(shard.lock);
    for (const Kept& kept : shard.kept) {
      if (kept.is_labelled && !kept.is_gone) out.push_back(kept.id);
    }
  }
  return out;
}

}  // namespace kedge
