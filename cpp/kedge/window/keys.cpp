#include "kedge/window/keys.h"

#include <algorithm>
#include <array>

#include "kedge/base/error.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

constexpr std::uint32_t left_of(std::uint64_t pair) noexcept {
  return static_cast<std::uint32_t>(pair >> 32);
}
constexpr std::uint32_t right_of(std::uint64_t pair) noexcept {
  return static_cast<std::uint32_t>(pair);
}
constexpr std::uint64_t pair_of(std::uint32_t left, std::uint32_t right) noexcept {
  return std::uint64_t{left} << 32 | right;
}

// Where each id stands in the order.
std::vector<std::uint32_t> places_of(std::span<const std::uint32_t> order) {
  std::vector<std::uint32_t> places(order.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) places[order[i]] = i;
  return places;
}

// The new number of each id that is kept.
std::vector<std::uint32_t> new_ids(std::span<const std::uint8_t> kept) {
  std::vector<std::uint32_t> out(kept.size());
  std::uint32_t next = 0;
  for (std::size_t id = 0; id < kept.size(); ++id) out[id] = kept[id] != 0 ? next++ : 0;
  return out;
}

constexpr std::array<std::uint32_t, 1> kOnlyKey{0};

}  // namespace

Keys::Keys(const std::vector<Field>& fields) {
  for (const Field& field : fields) columns_.push_back(make_key_column(field));
  if (fields.size() > 1) pairs_.resize(fields.size() - 1);
}

std::uint32_t Keys::size() const noexcept {
  if (columns_.empty()) return 1;
  return pairs_.empty() ? columns_.front()->size() : pairs_.back().size();
}

void Keys::encode(std::span<const Column* const> columns, std::span<std::uint32_t> ids) {
  if (columns_.empty()) {
    std::ranges::fill(ids, 0u);
    return;
  }
  columns_.front()->encode(*columns[0], ids.data());
  if (pairs_.empty()) return;
  std::vector<std::uint32_t> right(ids.size());
  std::vector<std::uint64_t> pairs(ids.size());
  for (std::size_t c = 0; c < pairs_.size(); ++c) {
    columns_[c + 1]->encode(*columns[c + 1], right.data());
    for (std::size_t i = 0; i < ids.size(); ++i) pairs[i] = pair_of(ids[i], right[i]);
    pairs_[c].insert_all(pairs.data(), pairs.size(), ids.data());
  }
}

std::span<const std::uint32_t> Keys::order() {
  if (columns_.empty()) return kOnlyKey;
  if (pairs_.empty()) return columns_.front()->order();
  if (ordered_ == size()) return order_;
  const auto first = columns_.front()->order();
  order_.assign(first.begin(), first.end());
  for (std::size_t c = 0; c < pairs_.size(); ++c) {
    const auto left = places_of(order_);
    const auto right = places_of(columns_[c + 1]->order());
    std::vector<RankedId> ranked;
    for (std::uint32_t id = 0; id < pairs_[c].size(); ++id) {
      const std::uint64_t pair = pairs_[c].number(id);
      ranked.push_back({pair_of(left[left_of(pair)], right[right_of(pair)]), id});
    }
    sort_by_rank(ranked);
    order_.resize(ranked.size());
    std::ranges::transform(ranked, order_.begin(), &RankedId::id);
  }
  ordered_ = size();
  return order_;
}

bool Keys::before(std::uint32_t a, std::uint32_t b) const noexcept {
  if (columns_.empty()) return false;
  // From right to left: the leftmost column that differs decides.
  bool decided = false;
  for (std::size_t p = pairs_.size(); p-- > 0;) {
    const std::uint64_t x = pairs_[p].number(a), y = pairs_[p].number(b);
    if (right_of(x) != right_of(y)) {
      decided = columns_[p + 1]->before(right_of(x), right_of(y));
    }
    a = left_of(x);
    b = left_of(y);
  }
  return a != b ? columns_.front()->before(a, b) : decided;
}

std::vector<std::uint32_t> Keys::column_ids(std::span<const std::uint32_t> ids,
                                            std::size_t c) const {
  std::vector<std::uint32_t> out(ids.begin(), ids.end());
  for (std::size_t p = pairs_.size(); p-- > 0;) {
    const bool is_right = p + 1 == c;
    for (std::uint32_t& id : out) {
      const std::uint64_t pair = pairs_[p].number(id);
      id = is_right ? right_of(pair) : left_of(pair);
    }
    if (is_right) break;
  }
  return out;
}

void Keys::hash(std::span<const std::uint32_t> ids, std::uint64_t* hashes) const {
  std::fill_n(hashes, ids.size(), std::uint64_t{0});
  if (columns_.empty()) return;
  std::vector<std::uint32_t> left(ids.begin(), ids.end()), right(ids.size());
  for (std::size_t p = pairs_.size(); p-- > 0;) {
    for (std::size_t i = 0; i < left.size(); ++i) {
      const std::uint64_t pair = pairs_[p].number(left[i]);
      left[i] = left_of(pair);
      right[i] = right_of(pair);
    }
    columns_[p + 1]->hash_with(right, hashes);
    for (std::size_t i = 0; i < left.size(); ++i) hashes[i] = mix_bits(hashes[i]);
  }
  columns_.front()->hash_with(left, hashes);
}

void Keys::append(std::span<const std::uint32_t> ids, Output& out, std::size_t first) const {
  if (columns_.size() == 1) return columns_.front()->append(ids, out.column(first));
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    columns_[c]->append(column_ids(ids, c), out.column(first + c));
  }
}

void Keys::keep(std::span<const std::uint8_t> kept) {
  if (columns_.empty()) return;
  ordered_ = 0;
  std::vector<std::uint8_t> left(kept.begin(), kept.end());
  for (std::size_t p = pairs_.size(); p-- > 0;) {
    const std::size_t left_size = p == 0 ? columns_.front()->size() : pairs_[p - 1].size();
    std::vector<std::uint8_t> before(left_size), right(columns_[p + 1]->size());
    std::vector<std::uint64_t> rest;
    for (std::uint32_t id = 0; id < pairs_[p].size(); ++id) {
      if (left[id] == 0) continue;
      const std::uint64_t pair = pairs_[p].number(id);
      rest.push_back(pair);
      before[left_of(pair)] = 1;
      right[right_of(pair)] = 1;
    }
    const auto new_left = new_ids(before), new_right = new_ids(right);
    for (std::uint64_t& pair : rest) {
      pair = pair_of(new_left[left_of(pair)], new_right[right_of(pair)]);
    }
    pairs_[p].assign(std::move(rest), SIZE_MAX);
    columns_[p + 1]->keep(right);
    left = std::move(before);
  }
  columns_.front()->keep(left);
}

std::size_t Keys::bytes() const noexcept {
  std::size_t total = 0;
  for (const auto& column : columns_) total += column->bytes();
  for (const NumberTable& table : pairs_) total += table.bytes();
  return total;
}

void Keys::write(ByteWriter& out) const {
  for (const auto& column : columns_) column->write(out);
  for (const NumberTable& table : pairs_) {
    out.write(std::uint64_t{table.size()});
    out.write_bytes(std::as_bytes(table.numbers()));
  }
}

void Keys::read(ByteReader& in) {
  for (const auto& column : columns_) column->read(in);
  for (std::size_t p = 0; p < pairs_.size(); ++p) {
    const auto count = in.read<std::uint64_t>();
    const std::uint32_t left = p == 0 ? columns_.front()->size() : pairs_[p - 1].size();
    const std::uint32_t right = columns_[p + 1]->size();
    NumberTable table;
    for (std::uint64_t id = 0; id < count; ++id) {
      const auto pair = in.read<std::uint64_t>();
      if (left_of(pair) >= left || right_of(pair) >= right) {
        throw corrupt_data(in.section(), ": pair ", id, " of keys points outside");
      }
      if (table.insert(pair) != id) throw corrupt_data(in.section(), ": key ", id, " comes twice");
    }
    pairs_[p] = std::move(table);
  }
  ordered_ = 0;
}

}  // namespace kedge
