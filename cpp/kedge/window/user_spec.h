// Which code of a user's an aggregate or a computed column runs, on which columns.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/bytes.h"

namespace kedge {

struct UserSpec {
  std::string code;                 // its name, "module:Class"
  std::uint64_t hash = 0;           // of what it does
  std::vector<std::string> inputs;  // columns or expressions; none for counting rows

  // Throws InvalidArgument that begins with `place`.
  void check(std::string_view place) const;
  // As a user would write it, and the hash.
  std::string text_with(std::string_view where) const;
  // docs/formats.md, "Window definition".
  void write(ByteWriter& out) const;
  static UserSpec read(ByteReader& in);

  friend bool operator==(const UserSpec&, const UserSpec&) = default;
};

// A column that a user's code computes; aggregates have its name as their input.
struct UserColumnSpec {
  std::string name;
  UserSpec user;

  friend bool operator==(const UserColumnSpec&, const UserColumnSpec&) = default;
};

inline constexpr std::size_t kMostUserInputs = 16;

// Throws InvalidArgument.
void check_user_columns(std::span<const UserColumnSpec> columns);
// Nothing when there are none: a definition without them has the same bytes as ever.
void write_user_columns(std::span<const UserColumnSpec> columns, ByteWriter& out);
// To the end of `in`.
std::vector<UserColumnSpec> read_user_columns(ByteReader& in);

}  // namespace kedge
