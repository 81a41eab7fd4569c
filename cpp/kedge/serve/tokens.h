// Who may call what: bearer tokens from the text of a file, one a line.
//
//   # scope token
//   infer 0f3a5c7e9b1d2f4a6c8e
//   feedback 5c7e9b1d2f4a6c8e0f3a
//   admin 9b1d2f4a6c8e0f3a5c7e
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kedge {

// A set: who may do all may do either.
enum class TokenScope : std::uint8_t { kNone = 0, kInfer = 1, kFeedback = 2, kAdmin = 7 };

// Immutable.
class Tokens {
 public:
  static constexpr std::size_t kShortest = 16;  // below that, tokens are found by trying

  // Throws InvalidArgument with `name` and the line when one is none of scope and token, and when
  // there is none; tokens are not repeated in the message.
  Tokens(std::string_view text, std::string_view name);

  // What the sender of an `authorization` header may do. Every token is compared, to its end: how
  // long it takes tells how long the header is, which its sender knows.
  TokenScope scope(std::string_view header) const noexcept;

 private:
  struct Known {
    std::string token;
    TokenScope scope;
  };
  void add(std::string_view line, std::string_view place);

  std::vector<Known> known_;
};

// Whether a token of that scope may call a method: "ModelInfer".
bool may_call(TokenScope scope, std::string_view method) noexcept;
bool is_admin_method(std::string_view method) noexcept;
// The narrowest scope that a method wants: "admin".
std::string_view scope_wanted(std::string_view method) noexcept;

}  // namespace kedge
