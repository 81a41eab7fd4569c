// What a model file in JSON or UBJSON says, in memory: readers build it, importers look things up.
// Numbers in arrays are held as numbers, so that a model's long arrays cost little.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/error.h"

namespace kedge {

class Value;

class Document {
 public:
  Value root() const noexcept;

 private:
  friend class Value;
  friend class DocumentBuilder;

  enum class Kind : std::uint8_t {
    kNull,
    kBool,
    kInteger,
    kDouble,
    kString,
    kArray,
    kIntegers,  // an array of nothing but integers
    kDoubles,   // an array of numbers, not all of them integers
    kObject,
  };

  struct Node {
    Kind kind;
    std::uint32_t size;  // bytes, elements or members
    // The number itself, or where text, numbers or child nodes begin. An object's children are its
    // names and values in turn.
    std::uint64_t data;
  };

  std::string path(std::size_t node) const;

  std::vector<Node> nodes_;  // the children of one node side by side, before their parent
  std::vector<std::int64_t> integers_;
  std::vector<double> doubles_;
  std::string text_;
};

// A place in a document, which must outlive it. Whoever asks it for what it is not gets CorruptData
// that names the path: `learner.gradient_booster.model.trees[17]: "parents" is missing`.
class Value {
 public:
  bool is_null() const noexcept { return kind() == Document::Kind::kNull; }
  bool is_integer() const noexcept { return kind() == Document::Kind::kInteger; }
  bool is_number() const noexcept;
  bool is_text() const noexcept { return kind() == Document::Kind::kString; }
  bool is_array() const noexcept;
  bool is_object() const noexcept { return kind() == Document::Kind::kObject; }

  bool boolean() const;
  std::int64_t integer() const;
  double number() const;  // an integer too, rounded if it must be
  std::string_view text() const;

  // Of arrays and objects.
  std::size_t size() const;
  // Element of an array, or value of an object's member, in the file's order.
  Value operator[](std::size_t i) const;
  std::string_view name(std::size_t i) const;  // of an object's member

  // Compares every name of the object until one fits.
  Value at(std::string_view name) const;
  std::optional<Value> find(std::string_view name) const;

  // A whole array at once.
  std::span<const std::int64_t> integers() const;
  std::vector<double> numbers() const;

  std::string path() const;

  template <class... Parts>
  [[noreturn, gnu::always_inline]] void refuse(const Parts&... parts) const {
    refuse_for(kedge::text(parts...));
  }

 private:
  friend class Document;
  using Kind = Document::Kind;
  static constexpr std::size_t kWhole = ~std::size_t{0};

  Value(const Document& document, std::size_t node, std::size_t element = kWhole) noexcept
      : document_(&document), node_(node), element_(element) {}

  const Document::Node& node() const noexcept { return document_->nodes_[node_]; }
  Kind kind() const noexcept;
  void expect(bool holds, std::string_view wanted) const;
  [[noreturn]] void refuse_for(const std::string& reason) const;

  const Document* document_;
  std::size_t node_;
  std::size_t element_;  // of an array of numbers, whose elements are no nodes
};

// What readers call, value by value. In an object, names and values take turns.
class DocumentBuilder {
 public:
  static constexpr std::size_t kMostNesting = 100'000;
  // Sizes are held in 32 bits, and nothing is larger than the file.
  static constexpr std::size_t kMostBytes = 0xffffffff;

  void null() { push(Kind::kNull, 0, 0); }
  void boolean(bool value) { push(Kind::kBool, 0, value ? 1 : 0); }
  void integer(std::int64_t value) { push(Kind::kInteger, 0, static_cast<std::uint64_t>(value)); }
  void number(double value);
  void text(std::string_view value);

  void open_array() { frames_.push_back({Kind::kArray, pending_.size()}); }
  void open_object() { frames_.push_back({Kind::kObject, pending_.size()}); }
  // Ends the innermost array or object; gives the name that an object has twice, if there is one.
  std::optional<std::string_view> close();

  std::size_t depth() const noexcept { return frames_.size(); }
  bool in_object() const noexcept { return frames_.back().kind == Kind::kObject; }

  // Wanted: exactly one value, and nothing open.
  Document finish();

 private:
  using Kind = Document::Kind;
  using Node = Document::Node;
  struct Frame {
    Kind kind;
    std::size_t first;  // of its children, in pending_
  };

  void push(Kind kind, std::size_t size, std::uint64_t data) {
    pending_.push_back({kind, static_cast<std::uint32_t>(size), data});
  }
  void close_numbers(std::span<const Node> children, bool all_integers);
  std::optional<std::string_view> twice(std::span<const Node> children) const;

  Document document_;
  std::vector<Node> pending_;
  std::vector<Frame> frames_;
};

}  // namespace kedge
