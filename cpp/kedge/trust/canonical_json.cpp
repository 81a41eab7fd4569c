#include "kedge/trust/canonical_json.h"

#include <algorithm>

#include "kedge/base/sort.h"

namespace kedge::trust {
namespace {

void write_text(std::string& out, std::string_view value) {
  out += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void write_value(std::string& out, Value value, std::size_t depth);

void write_array(std::string& out, Value array, std::size_t depth) {
  out += '[';
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (i > 0) out += ',';
    write_value(out, array[i], depth);
  }
  out += ']';
}

// Code points are in the order of their UTF-8 bytes.
void write_object(std::string& out, Value object, std::size_t depth) {
  std::vector<std::pair<std::string_view, std::size_t>> members(object.size());
  for (std::size_t i = 0; i < members.size(); ++i) members[i] = {object.name(i), i};
  sort_few(members);
  out += '{';
  for (const auto& [name, i] : members) {
    if (out.back() != '{') out += ',';
    write_text(out, name);
    out += ':';
    write_value(out, object[i], depth);
  }
  out += '}';
}

void write_value(std::string& out, Value value, std::size_t depth) {
  if (depth == kMostCanonicalNesting) {
    throw resource_exhausted("canonical JSON: values are nested deeper than ",
                             kMostCanonicalNesting);
  }
  if (value.is_object()) return write_object(out, value, depth + 1);
  if (value.is_array()) return write_array(out, value, depth + 1);
  if (value.is_text()) return write_text(out, value.text());
  if (value.is_number()) return append_text(out, value.integer());
  out += value.is_null() ? "null" : value.boolean() ? "true" : "false";
}

}  // namespace

std::string canonical_json(Value value) {
  std::string out;
  write_value(out, value, 0);
  return out;
}

}  // namespace kedge::trust
