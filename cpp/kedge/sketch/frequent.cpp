#include "kedge/sketch/frequent.h"

#include <algorithm>
#include <numeric>

#include "kedge/base/error.h"
#include "kedge/sketch/novel_names.h"

namespace kedge {

Frequent::Frequent(std::uint32_t capacity) : capacity_(capacity) {
  if (capacity < 2) throw invalid_argument("capacity is ", capacity, ", at least 2");
}

void Frequent::update(const Column& column) {
  NameReader names(column);
  rows_ += names.null_count();
  nulls_ += names.null_count();
  while (names.next()) add(names.keys(), names.weights());
}

void Frequent::add(std::span<const NameKey> keys, const std::uint64_t* weights) {
  std::uint32_t ids[NameReader::kBlock];
  table_.find_all(keys, ids);
  // A drop numbers the names anew, so the rest of the block is looked up again.
  const std::uint64_t error = error_;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::uint64_t count = weights == nullptr ? 1 : weights[i];
    rows_ += count;
    if (ids[i] != StringTable::kAbsent && error == error_) {
      counters_[ids[i]].count += count;
    } else if (keys[i].length <= kMostNameBytes) {
      add(keys[i], count);
    } else {
      add(name_key(shortened_name(keys[i].name())), count);
    }
  }
}

void Frequent::add(const NameKey& key, std::uint64_t count) {
  std::uint32_t id = table_.find(key);
  if (id == StringTable::kAbsent) {
    if (table_.size() == capacity_) drop_rarer_half();
    id = table_.insert(key);
    counters_.push_back({error_, error_});
  }
  counters_[id].count += count;
}

void Frequent::drop_rarer_half() {
  std::vector<std::uint64_t> counts;
  counts.reserve(counters_.size());
  for (const Counter& counter : counters_) counts.push_back(counter.count);
  const auto middle = counts.begin() + capacity_ / 2;
  std::nth_element(counts.begin(), middle, counts.end(), std::greater<>());
  error_ = *middle;
  StringTable kept;
  std::vector<Counter> kept_counters;
  for (std::uint32_t id = 0; id < table_.size(); ++id) {
    if (counters_[id].count <= error_) continue;
    kept.insert(table_.name(id));
    kept_counters.push_back(counters_[id]);
  }
  table_ = std::move(kept);
  counters_ = std::move(kept_counters);
}

std::vector<FrequentName> Frequent::top(std::size_t most) const {
  std::vector<std::uint32_t> ids(counters_.size());
  std::iota(ids.begin(), ids.end(), 0u);
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    if (counters_[a].count != counters_[b].count) return counters_[a].count > counters_[b].count;
    return table_.name(a) < table_.name(b);
  };
  most = std::min(most, ids.size());
  const auto end = ids.begin() + static_cast<std::ptrdiff_t>(most);
  std::partial_sort(ids.begin(), end, ids.end(), before);
  std::vector<FrequentName> out;
  for (auto id = ids.begin(); id != end; ++id) {
    out.push_back({std::string(table_.name(*id)), counters_[*id].count, counters_[*id].error});
  }
  return out;
}

}  // namespace kedge
