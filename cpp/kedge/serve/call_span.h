// What is left of a call that somebody traces: of fixed size, so that nothing is allocated for it.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "kedge/serve/status.h"

namespace kedge {

// The first bytes of a text.
template <std::size_t kMost>
class CutText {
 public:
  void set(std::string_view whole) noexcept {
    length_ = std::min(whole.size(), kMost);
    whole.copy(bytes_.data(), length_);
  }
  std::string_view read() const noexcept { return {bytes_.data(), length_}; }

 private:
  std::size_t length_ = 0;
  std::array<char, kMost> bytes_{};
};

struct CallSpan {
  std::array<std::byte, 16> trace{};
  std::array<std::byte, 8> id{};
  std::array<std::byte, 8> parent{};
  bool has_parent = false;
  std::string_view method;  // outlives it
  CutText<64> model;
  CutText<64> version;
  CutText<96> request;                   // its id
  std::chrono::nanoseconds begun{0};     // since 1970: when its turn came
  std::chrono::nanoseconds waited{0};    // before
  std::chrono::nanoseconds decoded{0};   // since its turn came; 0 for one that was not
  std::chrono::nanoseconds answered{0};  // likewise, scored and written
  std::chrono::nanoseconds took{0};      // likewise, all of it
  std::size_t rows = 0;
  StatusCode code = StatusCode::kOk;
};

// Appends the span as element of OTLP's ScopeSpans: docs/formats.md, "Spans".
void write_span(const CallSpan& span, std::vector<std::byte>& out);

}  // namespace kedge
