#include "kedge/window/frequent_values.h"

#include <numeric>

#include "kedge/base/error.h"

namespace kedge {
namespace {

void write_value(std::uint64_t value, ByteWriter& out) { out.write(value); }
void write_value(const std::string& value, ByteWriter& out) { out.write_string(value); }

void read_value(ByteReader& in, std::uint64_t& value) { value = in.read<std::uint64_t>(); }
void read_value(ByteReader& in, std::string& value) { value = in.read_string(); }

}  // namespace

template <class Value>
std::vector<std::uint32_t> FrequentValues<Value>::top(std::size_t most) const {
  std::vector<std::uint32_t> places(entries_.size());
  std::iota(places.begin(), places.end(), 0u);
  const auto is_ahead = [this](std::uint32_t a, std::uint32_t b) {
    return entries_[a].count != entries_[b].count ? entries_[a].count > entries_[b].count : a < b;
  };
  const auto end = places.begin() + static_cast<std::ptrdiff_t>(std::min(most, places.size()));
  std::partial_sort(places.begin(), end, places.end(), is_ahead);
  places.erase(end, places.end());
  return places;
}

template <class Value>
void FrequentValues<Value>::drop_rarer() {
  std::vector<std::uint32_t> places = top(kKept + 1);
  error_ = entries_[places.back()].count;
  places.pop_back();
  std::ranges::sort(places);
  std::vector<Entry> kept;
  kept.reserve(kMost + 1);
  text_bytes_ = 0;
  for (const std::uint32_t place : places) {
    text_bytes_ += bytes_of(entries_[place].value);
    kept.push_back(std::move(entries_[place]));
  }
  entries_ = std::move(kept);
}

template <class Value>
void FrequentValues<Value>::merge(const FrequentValues& other) {
  std::vector<Entry> both;
  both.reserve(entries_.size() + other.entries_.size());
  auto mine = entries_.begin();
  for (const Entry& theirs : other.entries_) {
    for (; mine != entries_.end() && mine->value < theirs.value; ++mine) {
      both.push_back({std::move(mine->value), mine->count + other.error_});
    }
    std::uint64_t count = theirs.count + error_;
    if (mine != entries_.end() && mine->value == theirs.value) {
      count = theirs.count + mine->count;
      ++mine;
    } else {
      text_bytes_ += bytes_of(theirs.value);
    }
    both.push_back({theirs.value, count});
  }
  for (; mine != entries_.end(); ++mine) {
    both.push_back({std::move(mine->value), mine->count + other.error_});
  }
  entries_ = std::move(both);
  error_ += other.error_;
  if (entries_.size() > kMost) drop_rarer();
}

template <class Value>
void FrequentValues<Value>::write(ByteWriter& out) const {
  out.write_varint(error_);
  out.write_varint(entries_.size());
  for (const Entry& entry : entries_) {
    write_value(entry.value, out);
    out.write_varint(entry.count);
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
    if (!entries_.empty() && !(entries_.back().value < entry.value)) {
      throw corrupt_data(in.section(), ": frequent values do not rise");
    }
    if (entry.count == 0 || entry.count < error_) {
      throw corrupt_data(in.section(), ": a value came ", entry.count, " times, by an error of ",
                         error_);
    }
    text_bytes_ += bytes_of(entry.value);
    entries_.push_back(std::move(entry));
  }
}

template class FrequentValues<std::uint64_t>;
template class FrequentValues<std::string>;

}  // namespace kedge
