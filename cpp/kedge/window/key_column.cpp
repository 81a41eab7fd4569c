#include "kedge/window/key_column.h"

#include <algorithm>
#include <numeric>

#include "kedge/arrow/check.h"
#include "kedge/arrow/numeric.h"
#include "kedge/base/bits.h"
#include "kedge/base/error.h"
#include "kedge/base/random.h"
#include "kedge/sketch/string_table.h"
#include "kedge/window/key_order.h"
#include "kedge/window/number_table.h"

namespace kedge {
namespace {

constexpr std::uint32_t kAbsent = 0xffffffff;
constexpr std::uint64_t kNullHash = 0x6e756c6c6b657931;

// The id of null, the first time it is asked for and ever after.
template <class Append>
std::uint32_t null_id(std::uint32_t& null, const Append& append) {
  if (null == kAbsent) null = append();
  return null;
}

class NumberKeys final : public KeyColumn {
 public:
  explicit NumberKeys(const Type& type)
      : flip_(is_unsigned(type.id) ? 0 : std::uint64_t{1} << 63) {}

  void encode(const Column& column, std::uint32_t* ids) override {
    if (column.validity == nullptr && value_bytes(column.type) == sizeof(std::uint64_t)) {
      return table_.insert_all(column.data<std::uint64_t>(), column.length, ids);
    }
    constexpr std::size_t kBlock = 1024;
    std::uint64_t numbers[kBlock];
    for (std::size_t start = 0; start < column.length; start += kBlock) {
      const std::size_t length = std::min(kBlock, column.length - start);
      read_integers(column, start, length, reinterpret_cast<std::int64_t*>(numbers));
      if (column.validity == nullptr) {
        table_.insert_all(numbers, length, ids + start);
        continue;
      }
      for (std::size_t i = 0; i < length; ++i) {
        ids[start + i] = column.is_null(start + i)
                             ? null_id(null_, [this] { return table_.append_unlisted(0); })
                             : table_.insert(numbers[i]);
      }
    }
  }
  std::uint32_t size() const noexcept override { return table_.size(); }

  std::span<const std::uint32_t> order() override {
    std::vector<RankedId> added;
    for (std::uint32_t id = ordered_; id < size(); ++id) {
      if (id != null_) added.push_back({image(id), id});
    }
    ordered_ = size();
    order_.add(std::move(added));
    if (null_ == kAbsent) return order_.ids();
    with_null_.assign(1, null_);
    with_null_.insert(with_null_.end(), order_.ids().begin(), order_.ids().end());
    return with_null_;
  }
  bool before(std::uint32_t a, std::uint32_t b) const noexcept override {
    if (a == null_ || b == null_) return a == null_ && b != null_;
    return image(a) < image(b);
  }
  void hash_with(std::span<const std::uint32_t> ids,
                 std::uint64_t* hashes) const noexcept override {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      hashes[i] ^= ids[i] == null_ ? kNullHash : mix_bits(table_.number(ids[i]));
    }
  }
  void append(std::span<const std::uint32_t> ids, OutputColumn& out) const override {
    std::vector<std::uint64_t> values(ids.size());
    std::vector<std::uint8_t> valid(null_ == kAbsent ? 0 : ids.size());
    const std::span<const std::uint64_t> numbers = table_.numbers();
    constexpr std::size_t kAhead = 32;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (i + kAhead < ids.size()) __builtin_prefetch(&numbers[ids[i + kAhead]]);
      values[i] = numbers[ids[i]];
    }
    for (std::size_t i = 0; i < valid.size(); ++i) valid[i] = ids[i] != null_;
    out.append(values, valid.empty() ? nullptr : valid.data());
  }
  void keep(std::span<const std::uint8_t> kept) override {
    std::vector<std::uint64_t> numbers;
    std::uint32_t null = kAbsent;
    for (std::uint32_t id = 0; id < size(); ++id) {
      if (kept[id] == 0) continue;
      if (id == null_) null = static_cast<std::uint32_t>(numbers.size());
      numbers.push_back(table_.number(id));
    }
    assign(std::move(numbers), null);
  }
  std::size_t bytes() const noexcept override {
    return table_.bytes() + order_.size() * (sizeof(RankedId) + sizeof(std::uint32_t));
  }
  void write(ByteWriter& out) const override {
    out.write(null_);
    out.write(std::uint64_t{size()});
    out.write_bytes(std::as_bytes(table_.numbers()));
  }
  void read(ByteReader& in) override {
    const auto null = in.read<std::uint32_t>();
    const auto count = in.read<std::uint64_t>();
    if (count > in.remaining() / sizeof(std::uint64_t)) {
      throw corrupt_data(in.section(), ": ", count, " keys do not fit");
    }
    std::vector<std::uint64_t> numbers(static_cast<std::size_t>(count));
    for (std::uint64_t& number : numbers) number = in.read<std::uint64_t>();
    if (null != kAbsent && null >= count) {
      throw corrupt_data(in.section(), ": the null key ", null, " is none of ", count);
    }
    check_differ(numbers, null, in.section());
    assign(std::move(numbers), null);
  }

 private:
  static void check_differ(const std::vector<std::uint64_t>& numbers, std::uint32_t null,
                           std::string_view section) {
    NumberTable table;
    for (std::uint32_t id = 0; id < numbers.size(); ++id) {
      const std::uint32_t before = table.size();
      const bool is_new =
          id == null ? table.append_unlisted(0) == id : table.insert(numbers[id]) == before;
      if (!is_new) throw corrupt_data(section, ": key ", id, " comes twice");
    }
  }
  void assign(std::vector<std::uint64_t> numbers, std::uint32_t null) {
    table_.assign(std::move(numbers), null == kAbsent ? SIZE_MAX : null);
    null_ = null;
    ordered_ = 0;
    order_.clear();
  }

  // The numbers' own order as that of unsigned integers.
  std::uint64_t image(std::uint32_t id) const noexcept { return table_.number(id) ^ flip_; }

  NumberTable table_;
  std::uint64_t flip_;
  std::uint32_t null_ = kAbsent;
  std::uint32_t ordered_ = 0;  // ids below are in order_
  KeyOrder order_;
  std::vector<std::uint32_t> with_null_;
};

class TextKeys final : public KeyColumn {
 public:
  void encode(const Column& column, std::uint32_t* ids) override {
    if (column.dictionary != nullptr) return encode_entries(column, ids);
    constexpr std::size_t kBlock = 128;
    NameKey keys[kBlock];
    for (std::size_t start = 0; start < column.length; start += kBlock) {
      const std::size_t length = std::min(kBlock, column.length - start);
      for (std::size_t i = 0; i < length; ++i) {
        const bool is_null = column.is_null(start + i);
        keys[i] = name_key(is_null ? std::string_view() : column.string_at(start + i));
      }
      table_.find_all({keys, length}, ids + start);
      for (std::size_t i = 0; i < length; ++i) {
        std::uint32_t& id = ids[start + i];
        if (column.is_null(start + i)) {
          id = null_id(null_, [this] { return append(); });
        } else {
          id = id == StringTable::kAbsent ? insert(keys[i]) : id_of_name_[id];
        }
      }
    }
  }
  std::uint32_t size() const noexcept override { return static_cast<std::uint32_t>(names_.size()); }

  std::span<const std::uint32_t> order() override {
    const auto before = [this](std::uint32_t a, std::uint32_t b) { return this->before(a, b); };
    const std::size_t old = order_.size();
    order_.resize(size());
    const auto added = order_.begin() + static_cast<std::ptrdiff_t>(old);
    std::iota(added, order_.end(), static_cast<std::uint32_t>(old));
    std::sort(added, order_.end(), before);
    std::inplace_merge(order_.begin(), added, order_.end(), before);
    return order_;
  }
  bool before(std::uint32_t a, std::uint32_t b) const noexcept override {
    if (a == null_ || b == null_) return a == null_ && b != null_;
    return name(a) < name(b);
  }
  void hash_with(std::span<const std::uint32_t> ids,
                 std::uint64_t* hashes) const noexcept override {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      hashes[i] ^= ids[i] == null_ ? kNullHash : hash_bytes(name(ids[i]));
    }
  }
  void append(std::span<const std::uint32_t> ids, OutputColumn& out) const override {
    for (const std::uint32_t id : ids) {
      if (id == null_) {
        out.append_null_text();
      } else {
        out.append_text(name(id));
      }
    }
  }
  void keep(std::span<const std::uint8_t> kept) override {
    TextKeys rest;
    for (std::uint32_t id = 0; id < size(); ++id) {
      if (kept[id] == 0) continue;
      if (id == null_) {
        rest.null_ = rest.append();
      } else {
        rest.insert(name_key(name(id)));
      }
    }
    *this = std::move(rest);
  }
  std::size_t bytes() const noexcept override {
    return text_bytes_ + size() * (2 * sizeof(NameKey) + 4 * sizeof(std::uint32_t));
  }
  void write(ByteWriter& out) const override {
    out.write(null_);
    out.write(std::uint64_t{size()});
    for (std::uint32_t id = 0; id < size(); ++id) {
      out.write_string(id == null_ ? std::string_view() : name(id));
    }
  }
  void read(ByteReader& in) override {
    TextKeys fresh;
    const auto null = in.read<std::uint32_t>();
    const auto count = in.read<std::uint64_t>();
    if (count > in.remaining()) {
      throw corrupt_data(in.section(), ": ", count, " keys do not fit");
    }
    if (null != kAbsent && null >= count) {
      throw corrupt_data(in.section(), ": the null key ", null, " is none of ", count);
    }
    for (std::uint32_t id = 0; id < count; ++id) {
      const std::string_view name = in.read_string();
      if (id == null) {
        fresh.null_ = fresh.append();
      } else if (fresh.table_.find(name) != StringTable::kAbsent) {
        throw corrupt_data(in.section(), ": key ", id, " comes twice");
      } else {
        fresh.insert(name_key(name));
      }
    }
    *this = std::move(fresh);
  }

 private:
  std::string_view name(std::uint32_t id) const noexcept { return table_.name(names_[id]); }

  std::uint32_t append() {
    names_.push_back(kAbsent);
    return size() - 1;
  }
  std::uint32_t insert(const NameKey& key) {
    const std::uint32_t name = table_.insert(key);
    if (name < id_of_name_.size()) return id_of_name_[name];
    text_bytes_ += key.length;
    id_of_name_.push_back(size());
    names_.push_back(name);
    return size() - 1;
  }
  // Each entry is looked up once, the first time a row points to it.
  void encode_entries(const Column& column, std::uint32_t* ids) {
    const Column& entries = *column.dictionary;
    std::vector<std::uint32_t> of_entry(entries.length, kAbsent);
    constexpr std::size_t kBlock = 1024;
    std::int64_t places[kBlock];
    for (std::size_t start = 0; start < column.length; start += kBlock) {
      const std::size_t length = std::min(kBlock, column.length - start);
      read_integers(column, start, length, places);
      for (std::size_t i = 0; i < length; ++i) {
        const auto place = static_cast<std::size_t>(places[i]);
        if (column.is_null(start + i) || entries.is_null(place)) {
          ids[start + i] = null_id(null_, [this] { return append(); });
          continue;
        }
        std::uint32_t& id = of_entry[place];
        if (id == kAbsent) id = insert(name_key(entries.string_at(place)));
        ids[start + i] = id;
      }
    }
  }

  StringTable table_;
  std::vector<std::uint32_t> names_;       // of each id: its place in the table
  std::vector<std::uint32_t> id_of_name_;  // and back
  std::uint32_t null_ = kAbsent;
  std::size_t text_bytes_ = 0;
  std::vector<std::uint32_t> order_;
};

}  // namespace

Type key_output_type(const Type& type) {
  if (type.dictionary != nullptr) return key_output_type(*type.dictionary);
  Type plain = type;
  if (is_string(type.id)) plain.id = TypeId::kLargeUtf8;
  return plain;
}

std::unique_ptr<KeyColumn> make_key_column(const Field& field) {
  const Type& type = field.type.dictionary ? *field.type.dictionary : field.type;
  if (is_string(type.id)) return std::make_unique<TextKeys>();
  const bool is_number = type.id == TypeId::kBool || is_integer(type.id) || is_time(type.id);
  if (is_number && !field.type.dictionary) return std::make_unique<NumberKeys>(type);
  throw unsupported("column \"", field.name, "\": ", type_name(field.type),
                    " cannot be a key: integers, bools, strings, times and dictionaries of strings",
                    " can");
}

}  // namespace kedge
