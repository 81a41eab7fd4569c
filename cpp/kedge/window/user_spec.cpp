#include "kedge/window/user_spec.h"

#include <algorithm>
#include <set>

#include "kedge/base/error.h"

namespace kedge {

void UserSpec::check(std::string_view place) const {
  if (code.empty()) throw invalid_argument(place, ": code has no name");
  if (inputs.size() > kMostUserInputs) {
    throw invalid_argument(place, ": ", inputs.size(), " columns, at most ", kMostUserInputs);
  }
  if (std::ranges::count(inputs, std::string()) != 0) {
    throw invalid_argument(place, ": the name of a column is empty");
  }
}

std::string UserSpec::text_with(std::string_view where) const {
  std::string out = code + "(";
  const char* separator = "";
  for (const std::string& input : inputs) {
    out += text(separator, '"', input, '"');
    separator = ", ";
  }
  if (!where.empty()) out += text(separator, "where=\"", where, '"');
  return text(out, ") of hash ", hash);
}

void UserSpec::write(ByteWriter& out) const {
  out.write_string(code);
  out.write(hash);
  out.write_varint(inputs.size());
  for (const std::string& input : inputs) out.write_string(input);
}

UserSpec UserSpec::read(ByteReader& in) {
  UserSpec user;
  user.code = in.read_string();
  user.hash = in.read<std::uint64_t>();
  const std::uint64_t count = in.read_varint();
  if (count > kMostUserInputs) {
    throw corrupt_data(in.section(), ": ", count, " inputs, at most ", kMostUserInputs);
  }
  user.inputs.resize(static_cast<std::size_t>(count));
  for (std::string& input : user.inputs) input = in.read_string();
  return user;
}

void check_user_columns(std::span<const UserColumnSpec> columns) {
  std::set<std::string_view> seen;
  for (const UserColumnSpec& column : columns) {
    if (column.name.empty()) throw invalid_argument("columns: a name is empty");
    if (!seen.insert(column.name).second) {
      throw invalid_argument("columns: two that differ are called \"", column.name, "\"");
    }
    column.user.check(text("column \"", column.name, "\""));
    if (column.user.inputs.empty()) {
      throw invalid_argument("column \"", column.name, "\": it is computed from no column");
    }
  }
}

void write_user_columns(std::span<const UserColumnSpec> columns, ByteWriter& out) {
  if (columns.empty()) return;
  out.write_varint(columns.size());
  for (const UserColumnSpec& column : columns) {
    out.write_string(column.name);
    column.user.write(out);
  }
}

std::vector<UserColumnSpec> read_user_columns(ByteReader& in) {
  std::vector<UserColumnSpec> columns;
  if (in.remaining() == 0) return columns;
  const std::uint64_t count = in.read_varint();
  if (count == 0 || count > in.remaining()) {
    throw corrupt_data(in.section(), ": ", count, " user columns do not fit");
  }
  columns.resize(static_cast<std::size_t>(count));
  for (UserColumnSpec& column : columns) {
    column.name = in.read_string();
    column.user = UserSpec::read(in);
  }
  return columns;
}

}  // namespace kedge
