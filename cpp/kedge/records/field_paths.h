// Where the values of nested records go: "user.id" is field "id" of the record in field "user", and
// just so a field that is called "user.id". Records mostly have their fields in one order, so the
// field that came next the last time is tried first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/arrow/type.h"

namespace kedge::records {

inline constexpr std::size_t kMostPathParts = 32;

class FieldPaths {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  struct Child {
    std::string quoted;  // the name as JSON spells it; empty when that takes an escape
    std::string name;
    std::uint32_t target = 0;  // a column, or another node
    bool is_column = false;
    std::uint32_t next = kNone;  // the child that came after it
  };
  // A record within the record; the first is the record itself.
  struct Node {
    std::string path;
    std::vector<Child> children;  // sorted by name
    std::uint32_t first = kNone;  // the child that came first
    std::uint64_t seen = 0;       // for the reader to remember a record by
  };

  // Throws InvalidArgument where a column is part of another ("user" and "user.id"), and for paths
  // of more than kMostPathParts.
  explicit FieldPaths(const Schema& schema);

  Node& node(std::uint32_t i) noexcept { return nodes_[i]; }
  // The place among the node's children; kNone when it is not one.
  static std::uint32_t find(const Node& node, std::string_view name) noexcept;

 private:
  std::uint32_t node_at(std::string_view path);
  void add(std::uint32_t node, std::string_view name, std::uint32_t target, bool is_column);

  std::vector<Node> nodes_;
};

}  // namespace kedge::records
