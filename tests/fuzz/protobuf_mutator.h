// Mutations that know what a message of Protocol Buffers is made of: one field is changed, doubled,
// moved or left out, at any depth, and the lengths of the messages around it still fit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <span>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace kedge {

using FuzzBytes = std::vector<std::uint8_t>;

class ProtobufMutator {
 public:
  explicit ProtobufMutator(unsigned seed) : random_(seed) {}

  // Bytes that are no message come back as they came.
  FuzzBytes mutate(std::span<const std::uint8_t> message) {
    std::vector<Field> fields;
    if (!split(message, fields) || fields.empty()) return {message.begin(), message.end()};
    const std::size_t at = below(fields.size());
    switch (below(6)) {
      case 0:
        fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      case 1:
        fields.push_back(fields[at]);
        break;
      case 2:
        std::swap(fields[at], fields[below(fields.size())]);
        break;
      default:
        change(fields[at]);
    }
    return join(fields);
  }

 private:
  struct Field {
    std::uint64_t tag = 0;
    FuzzBytes payload;  // behind the tag, and the length where there is one
  };
  static constexpr unsigned kLength = 2;

  std::size_t below(std::size_t most) { return random_() % most; }

  void change(Field& field) {
    std::vector<Field> inner;
    const bool is_message =
        (field.tag & 7U) == kLength && split(field.payload, inner) && !inner.empty();
    if (is_message && below(8) != 0) {
      field.payload = mutate(field.payload);
      return;
    }
    const std::size_t had = field.payload.size();
    field.payload.resize(had + 16);
    const bool grows = (field.tag & 7U) == kLength;
    field.payload.resize(
        LLVMFuzzerMutate(field.payload.data(), had, grows ? field.payload.size() : had));
    if (!grows) field.payload.resize(had);
    if ((field.tag & 7U) == 0) field.payload = varint(random_() << below(2) * 32U | random_());
  }

  static std::optional<std::uint64_t> read_varint(std::span<const std::uint8_t>& bytes) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
      const std::uint8_t byte = bytes.front();
      bytes = bytes.subspan(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  static FuzzBytes varint(std::uint64_t value) {
    FuzzBytes out;
    for (; value > 0x7F; value >>= 7U) out.push_back(static_cast<std::uint8_t>(value | 0x80U));
    out.push_back(static_cast<std::uint8_t>(value));
    return out;
  }

  static bool split(std::span<const std::uint8_t> bytes, std::vector<Field>& out) {
    while (!bytes.empty()) {
      const auto tag = read_varint(bytes);
      if (!tag || *tag >> 3U == 0) return false;
      std::uint64_t size = 0;
      const unsigned wire = *tag & 7U;
      if (wire == 0) {
        const auto value = read_varint(bytes);
        if (!value) return false;
        out.push_back({*tag, varint(*value)});
        continue;
      }
      if (wire == kLength) {
        const auto length = read_varint(bytes);
        if (!length) return false;
        size = *length;
      } else if (wire == 1 || wire == 5) {
        size = wire == 1 ? 8 : 4;
      } else {
        return false;
      }
      if (size > bytes.size()) return false;
      const auto payload = bytes.first(static_cast<std::size_t>(size));
      out.push_back({*tag, {payload.begin(), payload.end()}});
      bytes = bytes.subspan(payload.size());
    }
    return true;
  }

  static FuzzBytes join(const std::vector<Field>& fields) {
    FuzzBytes out;
    const auto add = [&](const FuzzBytes& part) {
      out.insert(out.end(), part.begin(), part.end());
    };
    for (const Field& field : fields) {
      add(varint(field.tag));
      if ((field.tag & 7U) == kLength) add(varint(field.payload.size()));
      add(field.payload);
    }
    return out;
  }

  std::minstd_rand random_;
};

}  // namespace kedge
