#include "kedge/serve/traceparent.h"

#include <algorithm>
#include <span>

#include "kedge/base/hex.h"

namespace kedge {
namespace {

constexpr std::size_t kLength = 55;
constexpr std::size_t kTraceAt = 3;
constexpr std::size_t kSpanAt = 36;
constexpr std::size_t kFlagsAt = 53;
constexpr std::byte kNoVersion{0xff};
constexpr std::byte kSampled{1};

bool is_zero(std::span<const std::byte> bytes) noexcept {
  return std::ranges::all_of(bytes, [](std::byte one) { return one == std::byte{0}; });
}

// Whether the parts are where this version has them.
bool has_its_form(std::string_view header, std::byte version) noexcept {
  if (version == kNoVersion || header[kTraceAt - 1] != '-') return false;
  if (header[kSpanAt - 1] != '-' || header[kFlagsAt - 1] != '-') return false;
  if (header.size() == kLength) return true;
  return version != std::byte{0} && header[kLength] == '-';
}

}  // namespace

std::optional<TraceParent> read_traceparent(std::string_view header) noexcept {
  if (header.size() < kLength) return std::nullopt;
  TraceParent out;
  std::byte version{};
  std::byte flags{};
  const auto read = [&](std::size_t at, std::span<std::byte> into) {
    return read_hex(header.substr(at, 2 * into.size()), into);
  };
  const bool is_read = read(0, {&version, 1}) && has_its_form(header, version) &&
                       read(kTraceAt, out.trace) && read(kSpanAt, out.span) &&
                       read(kFlagsAt, {&flags, 1});
  if (!is_read || is_zero(out.trace) || is_zero(out.span)) return std::nullopt;
  out.is_sampled = (flags & kSampled) != std::byte{0};
  return out;
}

}  // namespace kedge
