// What a TOML file says, while it is read: tables come in any order, and may not come twice.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "kedge/base/document.h"

namespace kedge {

// How a table came to be, and so what may still be added to it.
enum class TomlTable : std::uint8_t {
  kImplied,  // by the tables in it
  kHeader,   // by its own header
  kDotted,   // by a key with dots
  kInline,   // nothing may be added
};

struct TomlNode;

struct TomlMembers {
  TomlTable how = TomlTable::kImplied;
  std::vector<std::pair<std::string, std::unique_ptr<TomlNode>>> named;
};

struct TomlElements {
  bool of_tables = false;  // by headers in double brackets
  std::vector<std::unique_ptr<TomlNode>> all;
};

struct TomlNode {
  std::variant<TomlMembers, TomlElements, bool, std::int64_t, double, std::string> value;

  TomlMembers* table() noexcept { return std::get_if<TomlMembers>(&value); }
  TomlElements* array() noexcept { return std::get_if<TomlElements>(&value); }
  // The member of a table, null when there is none.
  TomlNode* find(std::string_view name) noexcept;
  TomlNode& add(std::string_view name);
};

Document document_of(TomlNode& root);

}  // namespace kedge
