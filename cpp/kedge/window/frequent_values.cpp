#include "kedge/window/frequent_values.h"

#include <algorithm>
#include <numeric>

#include "kedge/base/error.h"
#include "kedge/base/sort.h"

namespace kedge {
namespace {

void write_value(std::uint64_t value, ByteWriter& out) { out.write(value); }
void write_value(const std::string& value, ByteWriter& out) { out.write_string(value); }

void read_value(ByteReader& in, std::uint64_t& value) { value = in.read<std::uint64_t>(); }
void read_value(ByteReader& in, std::string& value) { value = in.read_string(); }

std::vector<std::uint32_t> all_places(std::size_t count) {
  std::vector<std::uint32_t> places(count);
  std::iota(places.begin(), places.end(), 0u);
  return places;
}

}  // namespace

template <class Value>
void FrequentValues<Value>::put(Entry entry, std::size_t slot) {
  text_bytes_ += bytes_of(entry.value);
  entries_.push_back(std::move(entry));
  index_[slot] = static_cast<std::uint16_t>(entries_.size());
  if (2 * entries_.size() >= index_.size()) make_index(2 * index_.size());
}

template <class Value>
void FrequentValues<Value>::make_index(std::size_t slots) {
  index_.assign(slots, 0);
  for (std::size_t place = 0; place < entries_.size(); ++place) {
    std::size_t slot = static_cast<std::size_t>(entries_[place].hash) & (slots - 1);
    while (index_[slot] != 0) slot = (slot + 1) & (slots - 1);
    index_[slot] = static_cast<std::uint16_t>(place + 1);
  }
}

template <class Value>
bool FrequentValues<Value>::is_ahead(std::uint32_t a, std::uint32_t b) const noexcept {
  const Entry& mine = entries_[a];
  const Entry& other = entries_[b];
  return mine.count != other.count ? mine.count > other.count : mine.value < other.value;
}

template <class Value>
std::vector<std::uint32_t> FrequentValues<Value>::top(std::size_t most) const {
  std::vector<std::uint32_t> places = all_places(entries_.size());
  const auto end = places.begin() + static_cast<std::ptrdiff_t>(std::min(most, places.size()));
  std::partial_sort(places.begin(), end, places.end(),
                    [this](std::uint32_t a, std::uint32_t b) { return is_ahead(a, b); });
  places.erase(end, places.end());
  return places;
}

template <class Value>
void FrequentValues<Value>::drop_rarer() {
  std::vector<std::uint32_t> places = all_places(entries_.size());
  const auto first_dropped = places.begin() + kKept;
  std::nth_element(places.begin(), first_dropped, places.end(),
                   [this](std::uint32_t a, std::uint32_t b) { return is_ahead(a, b); });
  error_ = entries_[*first_dropped].count;
  std::vector<Entry> kept;
  kept.reserve(kMost + 1);
  text_bytes_ = 0;
  for (auto place = places.begin(); place != first_dropped; ++place) {
    text_bytes_ += bytes_of(entries_[*place].value);
    kept.push_back(std::move(entries_[*place]));
  }
  entries_ = std::move(kept);
  make_index(index_.size());
}

// A value that one side does not have may have come there as often as its error says.
template <class Value>
void FrequentValues<Value>::merge(const FrequentValues& other) {
  for (Entry& entry : entries_) entry.count += other.error_;
  for (const Entry& theirs : other.entries_) {
    const std::size_t slot = slot_of(theirs.value, theirs.hash);
    if (index_[slot] != 0) {
      entries_[index_[slot] - 1u].count += theirs.count - other.error_;
    } else {
      put({theirs.value, theirs.hash, theirs.count + error_}, slot);
    }
  }
  error_ += other.error_;
  if (entries_.size() > kMost) drop_rarer();
}

template <class Value>
void FrequentValues<Value>::write(ByteWriter& out) const {
  std::vector<std::uint32_t> places = all_places(entries_.size());
  sort_few(places, {},
           [this](std::uint32_t place) -> const Value& { return entries_[place].value; });
  out.write_varint(error_);
  out.write_varint(places.size());
  for (const std::uint32_t place : places) {
    write_value(entries_[place].value, out);
    out.write_varint(entries_[place].count);
  }
}

template <class Value>
void FrequentValues<Value>::read(ByteReader& in) {
  error_ = in.read_varint();
  const std::uint64_t count = in.read_varint();
  if (count > kMost) throw corrupt_data(in.section(), ": ", count, " frequent values");
  for (std::uint64_t i = 0; i < count; ++i) {
    Entry entry{};
    read_value(in, entry.value);
    entry.count = in.read_varint();
    entry.hash = hash_of(entry.value);
    if (!entries_.empty() && !(entries_.back().value < entry.value)) {
      throw corrupt_data(in.section(), ": frequent values do not rise");
    }
    if (entry.count == 0 || entry.count < error_) {
      throw corrupt_data(in.section(), ": a value came ", entry.count, " times, by an error of ",
                         error_);
    }
    const std::size_t slot = slot_of(entry.value, entry.hash);
    put(std::move(entry), slot);
  }
}

template class FrequentValues<std::uint64_t>;
template class FrequentValues<std::string>;

}  // namespace kedge
