#include "kedge/records/field_paths.h"

#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/base/sort.h"

namespace kedge::records {
namespace {

bool is_plain(char c) { return static_cast<unsigned char>(c) >= ' ' && c != '"' && c != '\\'; }

// Where each part of a path begins, and one behind its end.
std::vector<std::size_t> part_starts(std::string_view path) {
  std::vector<std::size_t> starts = {0};
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '.') starts.push_back(i + 1);
  }
  if (starts.size() > kMostPathParts) {
    throw invalid_argument("column \"", path.substr(0, 100), "\": a path of ", starts.size(),
                           " parts, at most ", kMostPathParts, " are looked for");
  }
  starts.push_back(path.size() + 1);
  return starts;
}

}  // namespace

FieldPaths::FieldPaths(const Schema& schema) : nodes_(1) {
  for (std::uint32_t column = 0; column < schema.size(); ++column) {
    const std::string_view path = schema[column].name;
    const std::vector<std::size_t> starts = part_starts(path);
    for (std::size_t begin = 0; begin + 1 < starts.size(); ++begin) {
      const std::uint32_t parent = begin == 0 ? 0 : node_at(path.substr(0, starts[begin] - 1));
      for (std::size_t end = begin + 1; end < starts.size(); ++end) {
        const std::string_view name = path.substr(starts[begin], starts[end] - 1 - starts[begin]);
        const bool last = end + 1 == starts.size();
        add(parent, name, last ? column : node_at(path.substr(0, starts[end] - 1)), last);
      }
    }
  }
  for (Node& node : nodes_) sort_few(node.children, {}, &Child::name);
}

std::uint32_t FieldPaths::node_at(std::string_view path) {
  const auto found = std::ranges::find(nodes_.begin() + 1, nodes_.end(), path, &Node::path);
  const auto place = static_cast<std::uint32_t>(found - nodes_.begin());
  if (found == nodes_.end()) nodes_.emplace_back().path = path;
  return place;
}

void FieldPaths::add(std::uint32_t node, std::string_view name, std::uint32_t target,
                     bool is_column) {
  for (const Child& child : nodes_[node].children) {
    if (child.name != name) continue;
    if (!child.is_column && !is_column) return;
    throw invalid_argument("column \"", nodes_[node].path, node == 0 ? "" : ".", name,
                           "\" is both a value and a record with columns of its own");
  }
  Child child;
  child.name = name;
  if (std::ranges::all_of(name, is_plain)) child.quoted = text('"', name, '"');
  child.target = target;
  child.is_column = is_column;
  nodes_[node].children.push_back(std::move(child));
}

std::uint32_t FieldPaths::find(const Node& node, std::string_view name) noexcept {
  const auto found = std::ranges::lower_bound(
      node.children, name, {}, [](const Child& child) { return std::string_view(child.name); });
  if (found == node.children.end() || found->name != name) return kNone;
  return static_cast<std::uint32_t>(found - node.children.begin());
}

}  // namespace kedge::records
