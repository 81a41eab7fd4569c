// The one exception of the core: a closed list of codes and a text that names the thing, the value
// and the bound. `throw invalid_argument("edges[", i, "] = ", value, " does not rise")`.
#pragma once

#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "kedge/base/text.h"

namespace kedge {

enum class ErrorCode {
  kInvalidArgument,    // the caller's value is out of its bounds
  kCorruptData,        // bytes that claim to be one of our formats and are not
  kUnsupported,        // understood, and deliberately not handled
  kResourceExhausted,  // a stated limit was reached
};

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message);
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

template <std::same_as<const void*>... Addresses>
[[gnu::noinline]] Error joined_error(ErrorCode code, std::uint64_t kinds, Addresses... addresses) {
  return {code, join_parts(kinds, addresses...)};
}

template <class... Parts>
[[gnu::always_inline]] inline Error invalid_argument(const Parts&... parts) {
  return joined_error(ErrorCode::kInvalidArgument, part_kinds<Parts...>(), part_address(parts)...);
}
template <class... Parts>
[[gnu::always_inline]] inline Error corrupt_data(const Parts&... parts) {
  return joined_error(ErrorCode::kCorruptData, part_kinds<Parts...>(), part_address(parts)...);
}
template <class... Parts>
[[gnu::always_inline]] inline Error unsupported(const Parts&... parts) {
  return joined_error(ErrorCode::kUnsupported, part_kinds<Parts...>(), part_address(parts)...);
}
template <class... Parts>
[[gnu::always_inline]] inline Error resource_exhausted(const Parts&... parts) {
  return joined_error(ErrorCode::kResourceExhausted, part_kinds<Parts...>(),
                      part_address(parts)...);
}

// Runs what errs without knowing where: its errors come out with the column's name before them.
template <class Run>
decltype(auto) in_column(std::string_view name, const Run& run) {
  try {
    return run();
  } catch (const Error& error) {
    throw Error(error.code(), text("column \"", name, "\": ", error.what()));
  }
}

}  // namespace kedge
