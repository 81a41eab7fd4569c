#include "kedge/base/protobuf.h"

#include <cstring>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

template <class Number>
Number load(std::span<const std::byte> bytes) {
  Number number;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

}  // namespace

// Unlike our own formats', a number may be padded; what exceeds 64 bits is dropped, as by protoc.
std::uint64_t ProtoReader::read_varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    const auto byte = static_cast<std::uint64_t>(read_bytes(1)[0]);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw corrupt_data(message_, ": no number ends at offset ", position_);
}

std::span<const std::byte> ProtoReader::read_bytes(std::uint64_t length) {
  if (length > bytes_.size() - position_) {
    throw corrupt_data(message_, ": needs ", length, " bytes at offset ", position_,
                       ", the message has ", bytes_.size());
  }
  const auto bytes = bytes_.subspan(position_, static_cast<std::size_t>(length));
  position_ += bytes.size();
  return bytes;
}

bool ProtoReader::next() {
  if (position_ == bytes_.size()) return false;
  const std::uint64_t tag = read_varint();
  const std::uint64_t wire = tag & 7;
  if (tag >> 3 == 0 || tag > 0xffffffff) {
    throw corrupt_data(message_, ": tag ", tag, " before offset ", position_);
  }
  field_ = static_cast<std::uint32_t>(tag >> 3);
  wire_ = static_cast<Wire>(wire);
  switch (wire_) {
    case Wire::kVarint:
      varint_ = read_varint();
      return true;
    case Wire::kFixed64:
      payload_ = read_bytes(8);
      return true;
    case Wire::kBytes:
      payload_ = read_bytes(read_varint());
      return true;
    case Wire::kFixed32:
      payload_ = read_bytes(4);
      return true;
  }
  throw corrupt_data(message_, ": field ", field_, " has wire type ", wire);
}

void ProtoReader::expect(Wire wire, std::string_view wanted) const {
  if (wire_ != wire) throw corrupt_data(message_, ": field ", field_, " is not ", wanted);
}

std::uint64_t ProtoReader::unsigned_integer() const {
  expect(Wire::kVarint, "an integer");
  return varint_;
}

float ProtoReader::float32() const {
  expect(Wire::kFixed32, "a float");
  return load<float>(payload_);
}

double ProtoReader::float64() const {
  expect(Wire::kFixed64, "a double");
  return load<double>(payload_);
}

std::span<const std::byte> ProtoReader::bytes() const {
  expect(Wire::kBytes, "bytes");
  return payload_;
}

std::string_view ProtoReader::text() const { return as_text(bytes()); }

std::span<const std::byte> ProtoReader::numbers(std::size_t size) const {
  if (wire_ != (size == 4 ? Wire::kFixed32 : Wire::kFixed64)) {
    expect(Wire::kBytes, "a list of numbers");
  }
  if (payload_.size() % size != 0) {
    throw corrupt_data(message_, ": field ", field_, " has ", payload_.size(),
                       " bytes, multiples of ", size, " are wanted");
  }
  return payload_;
}

void ProtoReader::append_to(std::vector<std::int64_t>& out) const {
  each_integer([&](std::uint64_t value) { out.push_back(static_cast<std::int64_t>(value)); });
}

template <class Number>
void ProtoReader::append_fixed(std::vector<Number>& out) const {
  const auto bytes = numbers(sizeof(Number));
  const std::size_t had = out.size();
  out.resize(had + bytes.size() / sizeof(Number));
  if (!bytes.empty()) std::memcpy(out.data() + had, bytes.data(), bytes.size());
}

void ProtoReader::append_to(std::vector<float>& out) const { append_fixed(out); }
void ProtoReader::append_to(std::vector<double>& out) const { append_fixed(out); }

}  // namespace kedge
