#include "kedge/base/text.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kedge {

std::string text_of(double value) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

namespace {

template <class Part>
void append_at(std::string& out, const void* address) {
  append_text(out, *static_cast<const Part*>(address));
}

void append_part(std::string& out, PartKind kind, const void* address) {
  switch (kind) {
    case PartKind::kLiteral:
      return append_text(out, std::string_view(static_cast<const char*>(address)));
    case PartKind::kString:
      return append_at<std::string>(out, address);
    case PartKind::kView:
      return append_at<std::string_view>(out, address);
    case PartKind::kChar:
      return append_at<char>(out, address);
    case PartKind::kFloat:
      return append_text(out, double{*static_cast<const float*>(address)});
    case PartKind::kDouble:
      return append_at<double>(out, address);
    case PartKind::kInt8:
      return append_at<std::int8_t>(out, address);
    case PartKind::kUint8:
      return append_at<std::uint8_t>(out, address);
    case PartKind::kInt16:
      return append_at<std::int16_t>(out, address);
    case PartKind::kUint16:
      return append_at<std::uint16_t>(out, address);
    case PartKind::kInt32:
      return append_at<std::int32_t>(out, address);
    case PartKind::kUint32:
      return append_at<std::uint32_t>(out, address);
    case PartKind::kInt64:
      return append_at<std::int64_t>(out, address);
    case PartKind::kUint64:
      return append_at<std::uint64_t>(out, address);
  }
}

}  // namespace

void append_parts(std::string& out, std::uint64_t kinds, std::span<const void* const> addresses) {
  constexpr std::uint64_t kKind = 15;
  for (const void* const address : addresses) {
    append_part(out, static_cast<PartKind>(kinds & kKind), address);
    kinds >>= 4;
  }
}

namespace {

// The bytes of the character that starts at `at`, or 0.
std::size_t character_size(std::string_view bytes, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i]));
  };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || bytes.size() - at < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const std::uint32_t start = first << 8 | byte(1);
  const bool too_long = (first == 0xe0 && start < 0xe0a0) || (first == 0xf0 && start < 0xf090);
  const bool surrogate = first == 0xed && start >= 0xeda0;
  const bool too_high = first == 0xf4 && start >= 0xf490;
  return too_long || surrogate || too_high ? 0 : size;
}

}  // namespace

bool is_utf8(std::string_view bytes) noexcept {
  constexpr std::uint64_t kTops = 0x8080808080808080;
  for (std::size_t at = 0; at < bytes.size();) {
    if (std::uint64_t word; bytes.size() - at >= sizeof word) {
      std::memcpy(&word, bytes.data() + at, sizeof word);
      if ((word & kTops) == 0) {
        at += sizeof word;
        continue;
      }
    }
    const std::size_t size = character_size(bytes, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

}  // namespace kedge
