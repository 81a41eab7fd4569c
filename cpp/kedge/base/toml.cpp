#include "kedge/base/toml.h"

#include <algorithm>
#include <limits>

#include "kedge/base/decimal.h"
#include "kedge/base/error.h"
#include "kedge/base/toml_string.h"
#include "kedge/base/toml_tree.h"

namespace kedge {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '-';
}

using Path = std::vector<std::string>;

class TomlReader {
 public:
  explicit TomlReader(std::string_view text) : text_(text) {}

  Document read() {
    if (text_.size() > DocumentBuilder::kMostBytes) fail("more than 4 GB");
    if (!is_utf8(text_)) fail("the file is not UTF-8");
    current_ = &root_;
    while (skip_lines(), at_ < text_.size()) {
      peek() == '[' ? header() : key_value(*current_, 1);
      end_line();
    }
    return document_of(root_);
  }

 private:
  template <class... Parts>
  [[noreturn, gnu::always_inline]] void fail(const Parts&... parts) const {
    fail_for(text(parts...));
  }
  [[noreturn]] void fail_for(const std::string& reason) const {
    const std::string_view before = text_.substr(0, at_);
    throw invalid_argument("line ", 1 + std::count(before.begin(), before.end(), '\n'), ": ",
                           reason);
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool takes(std::string_view wanted) {
    if (!text_.substr(at_).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  void expect(char wanted) {
    if (!takes({&wanted, 1})) fail("expected '", wanted, "', got ", got());
  }
  std::string got() const {
    if (at_ == text_.size()) return "the end";
    const std::string_view rest = text_.substr(at_, text_.find_first_of("\r\n", at_) - at_);
    return rest.empty() ? "the line's end" : text('"', rest.substr(0, 24), '"');
  }

  void skip_space() {
    while (peek() == ' ' || peek() == '\t') ++at_;
  }
  bool line_end() { return takes("\n") || takes("\r\n"); }
  void skip_comment() {
    if (peek() != '#') return;
    while (at_ < text_.size() && peek() != '\n') {
      const auto byte = static_cast<unsigned char>(peek());
      if ((byte < ' ' && byte != '\t' && byte != '\r') || byte == 0x7f) {
        fail("a control character");
      }
      ++at_;
    }
  }
  void skip_lines() {
    do {
      skip_space();
      skip_comment();
    } while (line_end());
  }
  void end_line() {
    skip_space();
    skip_comment();
    if (at_ < text_.size() && !line_end()) fail("expected the line's end, got ", got());
  }

  Path keys() {
    Path path;
    do {
      skip_space();
      path.push_back(key());
      skip_space();
    } while (takes("."));
    if (path.size() > kMostTomlDepth) fail("more than ", kMostTomlDepth, " keys in each other");
    return path;
  }
  std::string key() {
    if (peek() == '"' || peek() == '\'') return string(false);
    const std::size_t start = at_;
    while (is_bare(peek())) ++at_;
    if (at_ == start) fail("expected a key, got ", got());
    return std::string(text_.substr(start, at_ - start));
  }

  // Through tables that are there, or are implied by this; into the last of an array of them.
  TomlNode& step(TomlNode& from, const std::string& name, TomlTable how) {
    TomlNode* next = from.find(name);
    if (next == nullptr) {
      next = &from.add(name);
      next->table()->how = how;
      return *next;
    }
    if (TomlElements* array = next->array(); array != nullptr && array->of_tables) {
      if (how == TomlTable::kDotted) fail('"', name, "\" is there twice");
      return *array->all.back();
    }
    const TomlMembers* table = next->table();
    const bool is_open = table != nullptr && table->how != TomlTable::kInline;
    const bool fits = is_open && (how != TomlTable::kDotted || table->how == TomlTable::kDotted);
    if (!fits) fail('"', name, "\" is there twice");
    return *next;
  }

  void header() {
    ++at_;
    const bool is_array = takes("[");
    const Path path = keys();
    expect(']');
    if (is_array) expect(']');
    TomlNode* at = &root_;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      at = &step(*at, path[i], TomlTable::kImplied);
    }
    current_ = is_array ? &next_table(*at, path.back()) : &own_table(*at, path.back());
  }
  TomlNode& next_table(TomlNode& in, const std::string& name) {
    TomlNode* node = in.find(name);
    if (node == nullptr) {
      node = &in.add(name);
      node->value = TomlElements{true, {}};
    }
    if (node->array() == nullptr || !node->array()->of_tables) {
      fail('"', name, "\" is there twice");
    }
    TomlNode& table = *node->array()->all.emplace_back(std::make_unique<TomlNode>());
    table.table()->how = TomlTable::kHeader;
    return table;
  }
  TomlNode& own_table(TomlNode& in, const std::string& name) {
    TomlNode* node = in.find(name);
    if (node == nullptr) node = &in.add(name);
    if (node->table() == nullptr || node->table()->how != TomlTable::kImplied) {
      fail("table \"", name, "\" is there twice");
    }
    node->table()->how = TomlTable::kHeader;
    return *node;
  }

  void key_value(TomlNode& table, std::size_t depth) {
    const Path path = keys();
    expect('=');
    TomlNode* at = &table;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      at = &step(*at, path[i], TomlTable::kDotted);
    }
    if (at->find(path.back()) != nullptr) fail('"', path.back(), "\" is there twice");
    TomlNode read = value(depth + path.size());
    at->add(path.back()) = std::move(read);
  }

  TomlNode value(std::size_t depth) {
    if (depth > kMostTomlDepth) fail("values are nested deeper than ", kMostTomlDepth);
    skip_space();
    TomlNode node;
    if (peek() == '"' || peek() == '\'') {
      node.value = string(true);
    } else if (takes("[")) {
      array(node, depth);
    } else if (takes("{")) {
      inline_table(node, depth);
    } else if (takes("true")) {
      node.value = true;
    } else if (takes("false")) {
      node.value = false;
    } else {
      number_or_time(node);
    }
    return node;
  }
  void array(TomlNode& node, std::size_t depth) {
    TomlElements array;
    while (skip_lines(), !takes("]")) {
      array.all.push_back(std::make_unique<TomlNode>(value(depth + 1)));
      skip_lines();
      if (takes(",")) continue;
      expect(']');
      break;
    }
    node.value = std::move(array);
  }
  void inline_table(TomlNode& node, std::size_t depth) {
    skip_space();
    if (!takes("}")) {
      do {
        key_value(node, depth + 1);
        skip_space();
      } while (takes(","));
      expect('}');
    }
    close(node);
  }
  static void close(TomlNode& node) {
    node.table()->how = TomlTable::kInline;
    for (auto& [name, member] : node.table()->named) {
      if (member->table() != nullptr) close(*member);
    }
  }

  std::string string(bool multiline) {
    TomlString read = read_toml_string(text_, at_, multiline);
    at_ = read.end;
    if (read.problem != nullptr) fail(read.problem);
    return std::move(read.value);
  }

  // All that is left begins with what only these do, and ends where a value must.
  void number_or_time(TomlNode& node) {
    const std::size_t start = at_;
    while (at_ < text_.size() && std::string_view(",]}#\r\n\t ").find(peek()) > 8) ++at_;
    // A space may stand between a date and a time.
    if (at_ - start == 10 && text_[start + 4] == '-' && peek() == ' ' && at_ + 1 < text_.size() &&
        is_digit(text_[at_ + 1])) {
      ++at_;
      while (at_ < text_.size() && std::string_view(",]}#\r\n\t ").find(peek()) > 8) ++at_;
    }
    const std::string_view word = text_.substr(start, at_ - start);
    if (!number(node, word)) {
      at_ = start;
      fail("expected a value, got ", got());
    }
  }
  bool number(TomlNode& node, std::string_view word) const {
    const bool negative = word.starts_with('-');
    std::string_view rest = negative || word.starts_with('+') ? word.substr(1) : word;
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (rest == "inf") return node.value = negative ? -kInfinity : kInfinity, true;
    if (rest == "nan") return node.value = std::numeric_limits<double>::quiet_NaN(), true;
    if (rest.empty() || !is_digit(rest[0])) return false;
    const bool is_time = rest.size() > 4 && (rest[4] == '-' || rest[2] == ':') &&
                         std::ranges::all_of(rest, [](char c) {
                           return is_digit(c) || std::string_view("-:TtZz.+ ").find(c) < 9;
                         });
    if (is_time && rest.size() == word.size()) return node.value = std::string(word), true;
    const bool has_base =
        rest.starts_with("0x") || rest.starts_with("0o") || rest.starts_with("0b");
    if (has_base) return rest.size() == word.size() && based(node, rest);
    const auto digits = without_bars(rest, is_digit);
    if (!digits) return false;
    const std::string spelled = negative ? "-" + *digits : *digits;
    const auto decimal = read_decimal(spelled);
    if (!decimal || decimal->spelling.size() != spelled.size()) return false;
    if (decimal->whole) {
      const auto integer = decimal->int64();
      if (integer) node.value = *integer;
      return integer.has_value();
    }
    const auto nearest = decimal->float64();
    if (nearest) node.value = *nearest;
    return nearest.has_value();
  }
  static bool based(TomlNode& node, std::string_view word) {
    const int base = word[1] == 'x' ? 16 : word[1] == 'o' ? 8 : 2;
    const auto digits = without_bars(word.substr(2), is_bare);
    std::int64_t number = 0;
    if (!digits) return false;
    const char* const last = digits->data() + digits->size();
    const auto read = std::from_chars(digits->data(), last, number, base);
    if (read.ec != std::errc{} || read.ptr != last || (*digits)[0] == '-') return false;
    node.value = number;
    return true;
  }
  // Bars stand between digits.
  static std::optional<std::string> without_bars(std::string_view word, bool (*is_part)(char)) {
    std::string out;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (word[i] != '_') {
        out += word[i];
        continue;
      }
      const bool between = i > 0 && i + 1 < word.size() && is_part(word[i - 1]) &&
                           is_part(word[i + 1]) && word[i - 1] != '_' && word[i + 1] != '_';
      if (!between) return std::nullopt;
    }
    return out.empty() ? std::nullopt : std::optional(out);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  TomlNode root_;
  TomlNode* current_ = nullptr;
};

}  // namespace

Document read_toml(std::string_view text) { return TomlReader(text).read(); }

}  // namespace kedge
