#include "kedge/arrow/flatbuffer.h"

#include <algorithm>

#include "kedge/base/error.h"

namespace kedge {

std::size_t FlatBytes::follow(std::size_t offset) const {
  const std::uint64_t target = std::uint64_t{offset} + reader_.at<std::uint32_t>(offset);
  if (target < reader_.size()) return static_cast<std::size_t>(target);
  throw corrupt_data(reader_.section(), ": the reference at offset ", offset, " leads to ", target,
                     ", the section has ", reader_.size(), " bytes");
}

void FlatBytes::spend(std::uint64_t bytes) {
  if (bytes > unspent_) {
    throw corrupt_data(reader_.section(), ": its tables overlap, they claim more than ", kMostReuse,
                       " times its ", reader_.size(), " bytes");
  }
  unspent_ -= bytes;
}

FlatTable::FlatTable(FlatBytes& bytes, std::size_t position) : bytes_(&bytes), position_(position) {
  const ByteReader& reader = bytes.reader();
  const auto back = std::int64_t{reader.at<std::int32_t>(position)};
  const std::int64_t vtable = static_cast<std::int64_t>(position) - back;
  if (vtable < 0 || static_cast<std::uint64_t>(vtable) >= reader.size()) {
    throw corrupt_data(reader.section(), ": the table at offset ", position,
                       " has its vtable at offset ", vtable, ", the section has ", reader.size(),
                       " bytes");
  }
  vtable_ = static_cast<std::size_t>(vtable);
  vtable_bytes_ = reader.at<std::uint16_t>(vtable_);
  table_bytes_ = reader.at<std::uint16_t>(vtable_ + 2);
  if (vtable_bytes_ < 4 || vtable_bytes_ % 2 != 0 || table_bytes_ < 4) {
    throw corrupt_data(reader.section(), ": the table at offset ", position, " has ", table_bytes_,
                       " bytes and a vtable of ", vtable_bytes_);
  }
  reader.slice(vtable_, vtable_bytes_);
  reader.slice(position_, table_bytes_);
  bytes.spend(table_bytes_);
}

std::size_t FlatTable::find(unsigned slot, std::size_t bytes) const {
  const std::size_t entry = 4 + 2 * std::size_t{slot};
  if (entry + 2 > vtable_bytes_) return 0;
  const std::size_t field = bytes_->reader().at<std::uint16_t>(vtable_ + entry);
  if (field == 0) return 0;
  if (field < 4 || field + bytes > table_bytes_) {
    throw corrupt_data(bytes_->reader().section(), ": field ", slot, " of the table at offset ",
                       position_, " lies at ", field, ", the table has ", table_bytes_, " bytes");
  }
  return position_ + field;
}

std::optional<FlatTable> FlatTable::table(unsigned slot) const {
  const std::size_t offset = find(slot, sizeof(std::uint32_t));
  if (offset == 0) return std::nullopt;
  return FlatTable(*bytes_, bytes_->follow(offset));
}

std::string_view FlatTable::string(unsigned slot) const {
  const FlatVector characters = vector(slot, 1);
  if (characters.size() == 0) return {};
  return as_text(bytes_->reader().slice(characters.position_, characters.size()));
}

FlatVector FlatTable::vector(unsigned slot, std::size_t element_bytes) const {
  FlatVector out(*bytes_, element_bytes);
  const std::size_t offset = find(slot, sizeof(std::uint32_t));
  if (offset == 0) return out;
  const ByteReader& reader = bytes_->reader();
  const std::size_t start = bytes_->follow(offset);
  const auto count = reader.at<std::uint32_t>(start);
  out.position_ = start + sizeof count;
  const std::uint64_t bytes = std::uint64_t{count} * element_bytes;
  if (bytes > reader.size() - out.position_) {
    throw corrupt_data(reader.section(), ": the vector at offset ", start, " claims ", count,
                       " elements of ", element_bytes, " bytes, the section has ", reader.size());
  }
  bytes_->spend(bytes);
  out.size_ = count;
  return out;
}

std::size_t FlatBuilder::add_room(std::size_t bytes, std::size_t aligned) {
  std::size_t start = bytes_.size();
  while ((start + aligned) % 8 != 0) ++start;
  bytes_.resize(start + bytes);
  return start;
}

std::size_t FlatBuilder::add_table(std::initializer_list<Field> fields) {
  std::size_t slots = 0;
  std::size_t table_bytes = sizeof(std::int32_t);
  std::vector<std::size_t> places;
  for (const Field& field : fields) {
    slots = std::max(slots, std::size_t{field.slot} + 1);
    while (table_bytes % field.bytes != 0) ++table_bytes;
    places.push_back(table_bytes);
    table_bytes += field.bytes;
  }
  const std::size_t vtable_bytes = 4 + 2 * slots;
  const bool root = bytes_.size() == sizeof(std::uint32_t);
  const std::size_t vtable = add_room(vtable_bytes + table_bytes, vtable_bytes);
  const std::size_t table = vtable + vtable_bytes;
  if (root) connect(0, table);
  put(vtable, static_cast<std::uint16_t>(vtable_bytes));
  put(vtable + 2, static_cast<std::uint16_t>(table_bytes));
  put(table, static_cast<std::int32_t>(vtable_bytes));
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field& field = fields.begin()[i];
    put(vtable + 4 + 2 * std::size_t{field.slot}, static_cast<std::uint16_t>(places[i]));
    std::memcpy(bytes_.data() + table + places[i], &field.bits, field.bytes);
    if (field.reference != nullptr) *field.reference = table + places[i];
  }
  return table;
}

std::size_t FlatBuilder::add_string(std::string_view text) {
  const std::size_t start = add_room(sizeof(std::uint32_t) + text.size() + 1, 0);
  put(start, static_cast<std::uint32_t>(text.size()));
  if (!text.empty()) std::memcpy(bytes_.data() + start + 4, text.data(), text.size());
  return start;
}

std::size_t FlatBuilder::add_int64s(std::span<const std::int64_t> numbers, std::size_t in_each) {
  const std::size_t start = add_room(sizeof(std::uint32_t) + numbers.size_bytes(), 4);
  put(start, static_cast<std::uint32_t>(numbers.size() / in_each));
  if (!numbers.empty())
    std::memcpy(bytes_.data() + start + 4, numbers.data(), numbers.size_bytes());
  return start;
}

std::size_t FlatBuilder::add_references(std::size_t count) {
  const std::size_t start = add_room(sizeof(std::uint32_t) * (1 + count), 0);
  put(start, static_cast<std::uint32_t>(count));
  return start;
}

}  // namespace kedge
