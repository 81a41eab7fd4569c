// A value of a column as text.
#pragma once

#include <string>

#include "kedge/arrow/column.h"

namespace kedge::edge {

// Numbers, bools, times (as whole numbers of their unit) and strings without a dictionary.
bool has_text(const Type& type) noexcept;
// As JSON has it; null and what is no number are null.
void append_json_value(std::string& out, const Column& column, std::size_t row);
// As CSV has it, quoted where it must be; nothing for null.
void append_csv_value(std::string& out, const Column& column, std::size_t row);
void append_csv_text(std::string& out, std::string_view value);

}  // namespace kedge::edge
