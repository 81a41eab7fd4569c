#include "kedge/base/document.h"

#include <algorithm>
#include <bit>

#include "kedge/base/sort.h"

namespace kedge {
namespace {

double as_double(std::uint64_t bits) { return std::bit_cast<double>(bits); }

}  // namespace

Value Document::root() const noexcept { return {*this, nodes_.size() - 1}; }

// Parents come after their children, so one pass finds them all.
std::string Document::path(std::size_t node) const {
  std::vector<std::string> parts;
  for (std::size_t i = node + 1; i < nodes_.size(); ++i) {
    const Node& parent = nodes_[i];
    const bool is_object = parent.kind == Kind::kObject;
    if (!is_object && parent.kind != Kind::kArray) continue;
    const std::size_t children = std::size_t{parent.size} * (is_object ? 2 : 1);
    if (node < parent.data || node - parent.data >= children) continue;
    if (is_object) {
      parts.push_back(kedge::text('.', Value(*this, i).name((node - parent.data) / 2)));
    } else {
      parts.push_back(kedge::text('[', node - parent.data, ']'));
    }
    node = i;
  }
  // What is nested as trees are would fill a page.
  constexpr std::size_t kMostParts = 16;
  if (parts.size() > kMostParts) {
    const auto first = parts.begin() + kMostParts / 2;
    parts.erase(first, parts.end() - kMostParts / 2);
    parts.insert(parts.begin() + kMostParts / 2, "...");
  }
  std::string out;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) out += *part;
  return out.starts_with('.') ? out.substr(1) : out;
}

Value::Kind Value::kind() const noexcept {
  if (element_ == kWhole) return node().kind;
  return node().kind == Kind::kIntegers ? Kind::kInteger : Kind::kDouble;
}

bool Value::is_number() const noexcept {
  return kind() == Kind::kInteger || kind() == Kind::kDouble;
}

bool Value::is_array() const noexcept {
  return kind() == Kind::kArray || kind() == Kind::kIntegers || kind() == Kind::kDoubles;
}

void Value::expect(bool holds, std::string_view wanted) const {
  if (holds) return;
  static constexpr std::string_view kNames[] = {"null",     "a boolean", "an integer",
                                                "a number", "a string",  "an array",
                                                "an array", "an array",  "an object"};
  refuse("expected ", wanted, ", got ", kNames[static_cast<std::size_t>(kind())]);
}

void Value::refuse_for(const std::string& reason) const {
  throw corrupt_data(path(), ": ", reason);
}

std::string Value::path() const {
  std::string out = document_->path(node_);
  if (element_ != kWhole) append_text(out, kedge::text('[', element_, ']'));
  return out.empty() ? "the whole document" : out;
}

bool Value::boolean() const {
  expect(kind() == Kind::kBool, "a boolean");
  return node().data != 0;
}

std::int64_t Value::integer() const {
  expect(kind() == Kind::kInteger, "an integer");
  if (element_ != kWhole) return document_->integers_[node().data + element_];
  return static_cast<std::int64_t>(node().data);
}

double Value::number() const {
  if (kind() == Kind::kInteger) return static_cast<double>(integer());
  expect(kind() == Kind::kDouble, "a number");
  if (element_ != kWhole) return document_->doubles_[node().data + element_];
  return as_double(node().data);
}

std::string_view Value::text() const {
  expect(is_text(), "a string");
  return std::string_view(document_->text_).substr(node().data, node().size);
}

std::size_t Value::size() const {
  expect(is_array() || is_object(), "an array or an object");
  return node().size;
}

Value Value::operator[](std::size_t i) const {
  if (i >= size()) refuse("element ", i, " is wanted, there are ", size());
  if (kind() == Kind::kObject)
    return {*document_, static_cast<std::size_t>(node().data) + 2 * i + 1};
  if (kind() == Kind::kArray) return {*document_, static_cast<std::size_t>(node().data) + i};
  return {*document_, node_, i};
}

std::string_view Value::name(std::size_t i) const {
  expect(is_object(), "an object");
  if (i >= size()) refuse("member ", i, " is wanted, there are ", size());
  return Value(*document_, node().data + 2 * i).text();
}

std::optional<Value> Value::find(std::string_view name) const {
  expect(is_object(), "an object");
  for (std::size_t i = 0; i < node().size; ++i) {
    const Value key(*document_, node().data + 2 * i);
    if (key.text() == name) return (*this)[i];
  }
  return std::nullopt;
}

Value Value::at(std::string_view name) const {
  const auto found = find(name);
  if (!found) refuse('"', name, "\" is missing");
  return *found;
}

std::span<const std::int64_t> Value::integers() const {
  expect(is_array(), "an array of integers");
  if (node().size == 0) return {};
  if (kind() == Kind::kDoubles)
    refuse("expected integers, got numbers with a fraction or exponent");
  if (kind() != Kind::kIntegers) {
    for (std::size_t i = 0; i < size(); ++i) static_cast<void>((*this)[i].integer());
  }
  return std::span(document_->integers_).subspan(node().data, node().size);
}

std::vector<double> Value::numbers() const {
  expect(is_array(), "an array of numbers");
  if (kind() == Kind::kIntegers) {
    const auto whole = integers();
    return {whole.begin(), whole.end()};
  }
  if (kind() == Kind::kArray) {
    for (std::size_t i = 0; i < size(); ++i) static_cast<void>((*this)[i].number());
    return {};
  }
  const auto held = std::span(document_->doubles_).subspan(node().data, node().size);
  return {held.begin(), held.end()};
}

void DocumentBuilder::number(double value) {
  push(Kind::kDouble, 0, std::bit_cast<std::uint64_t>(value));
}

void DocumentBuilder::text(std::string_view value) {
  push(Kind::kString, value.size(), document_.text_.size());
  document_.text_ += value;
}

std::optional<std::string_view> DocumentBuilder::close() {
  const Frame frame = frames_.back();
  frames_.pop_back();
  const auto children = std::span<const Node>(pending_).subspan(frame.first);
  if (frame.kind == Kind::kObject) {
    if (const auto name = twice(children)) return name;
  }
  const auto is_integer = [](const Node& node) { return node.kind == Kind::kInteger; };
  const auto is_number = [](const Node& node) {
    return node.kind == Kind::kInteger || node.kind == Kind::kDouble;
  };
  if (frame.kind == Kind::kArray && !children.empty() && std::ranges::all_of(children, is_number)) {
    close_numbers(children, std::ranges::all_of(children, is_integer));
    return std::nullopt;
  }
  auto& nodes = document_.nodes_;
  const std::size_t first = nodes.size();
  const std::size_t size = frame.kind == Kind::kObject ? children.size() / 2 : children.size();
  nodes.insert(nodes.end(), children.begin(), children.end());
  pending_.resize(frame.first);
  push(frame.kind, size, first);
  return std::nullopt;
}

void DocumentBuilder::close_numbers(std::span<const Node> children, bool all_integers) {
  const std::size_t size = children.size();
  const std::size_t first = all_integers ? document_.integers_.size() : document_.doubles_.size();
  for (const Node& node : children) {
    const auto whole = static_cast<std::int64_t>(node.data);
    if (all_integers) {
      document_.integers_.push_back(whole);
    } else {
      const bool is_whole = node.kind == Kind::kInteger;
      document_.doubles_.push_back(is_whole ? static_cast<double>(whole) : as_double(node.data));
    }
  }
  pending_.resize(pending_.size() - size);
  push(all_integers ? Kind::kIntegers : Kind::kDoubles, size, first);
}

std::optional<std::string_view> DocumentBuilder::twice(std::span<const Node> children) const {
  const auto name = [&](std::size_t member) {
    const Node& node = children[2 * member];
    return std::string_view(document_.text_).substr(node.data, node.size);
  };
  const std::size_t members = children.size() / 2;
  constexpr std::size_t kFew = 24;  // whose pairs are compared sooner than sorted
  if (members <= kFew) {
    for (std::size_t i = 1; i < members; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (name(i) == name(j)) return name(i);
      }
    }
    return std::nullopt;
  }
  std::vector<std::string_view> names(members);
  for (std::size_t i = 0; i < members; ++i) names[i] = name(i);
  sort_few(names);
  const auto found = std::ranges::adjacent_find(names);
  if (found == names.end()) return std::nullopt;
  return *found;
}

Document DocumentBuilder::finish() {
  document_.nodes_.push_back(pending_.at(0));
  return std::move(document_);
}

}  // namespace kedge
