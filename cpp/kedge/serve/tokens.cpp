#include "kedge/serve/tokens.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kBlanks = " \t\r\v\f";

// The next word of a line, which it is cut from.
std::string_view next_word(std::string_view& line) noexcept {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

struct NamedScope {
  std::string_view name;
  TokenScope scope;
};
constexpr NamedScope kScopes[] = {{"infer", TokenScope::kInfer},
                                  {"feedback", TokenScope::kFeedback},
                                  {"admin", TokenScope::kAdmin}};

TokenScope scope_named(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(kScopes, name, &NamedScope::name);
  return found == std::end(kScopes) ? TokenScope::kNone : found->scope;
}

unsigned bits_of(TokenScope scope) noexcept { return static_cast<unsigned>(scope); }

// In the same time for all tokens, whatever they have in common with what is given.
bool is_same(std::string_view token, std::string_view given) noexcept {
  std::size_t differs = token.size() ^ given.size();
  for (std::size_t i = 0; i < given.size(); ++i) {
    differs |= static_cast<unsigned char>(token[i % token.size()]) ^
               std::size_t{static_cast<unsigned char>(given[i])};
  }
  return differs == 0;
}

}  // namespace

Tokens::Tokens(std::string_view text_of_file, std::string_view name) {
  std::size_t number = 0;
  while (!text_of_file.empty()) {
    const std::string_view line = text_of_file.substr(0, text_of_file.find('\n'));
    text_of_file.remove_prefix(std::min(line.size() + 1, text_of_file.size()));
    add(line.substr(0, line.find('#')), text(name, ":", ++number));
  }
  if (known_.empty()) throw invalid_argument(name, ": has no token");
}

void Tokens::add(std::string_view line, std::string_view place) {
  const std::string_view scope = next_word(line);
  if (scope.empty()) return;
  const std::string_view token = next_word(line);
  const TokenScope known = scope_named(scope);
  if (known == TokenScope::kNone || token.empty() || !next_word(line).empty()) {
    throw invalid_argument(place, ": expected 'infer TOKEN', 'feedback TOKEN' or 'admin TOKEN'");
  }
  if (token.size() < kShortest) {
    throw invalid_argument(place, ": the token has ", token.size(), " characters, at least ",
                           kShortest, " are wanted");
  }
  // No header carries one.
  if (std::ranges::any_of(token, [](char letter) { return (letter & 0x80) != 0; })) {
    throw invalid_argument(place, ": the token has characters beyond ASCII");
  }
  known_.push_back({std::string(token), known});
}

TokenScope Tokens::scope(std::string_view header) const noexcept {
  if (!header.starts_with(kBearer)) return TokenScope::kNone;
  header.remove_prefix(kBearer.size());
  TokenScope found = TokenScope::kNone;
  for (const Known& known : known_) {
    if (is_same(known.token, header)) {
      found = static_cast<TokenScope>(bits_of(found) | bits_of(known.scope));
    }
  }
  return found;
}

bool is_admin_method(std::string_view method) noexcept {
  constexpr std::array<std::string_view, 4> kThose{"RepositoryModelLoad", "RepositoryModelUnload",
                                                   "SystemSharedMemoryRegister",
                                                   "SystemSharedMemoryUnregister"};
  return std::ranges::find(kThose, method) != kThose.end();
}

std::string_view scope_wanted(std::string_view method) noexcept {
  if (is_admin_method(method)) return "admin";
  return method == "Feedback" ? "feedback" : "infer";
}

bool may_call(TokenScope scope, std::string_view method) noexcept {
  const unsigned wanted = bits_of(scope_named(scope_wanted(method)));
  return (bits_of(scope) & wanted) == wanted;
}

}  // namespace kedge
