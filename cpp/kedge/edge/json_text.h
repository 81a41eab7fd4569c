// Values as JSON, appended without allocation once the text has grown.
#pragma once

#include <string>
#include <string_view>

namespace kedge::edge {

// In quotes. Bytes that are not UTF-8 become the replacement character.
void append_json_string(std::string& out, std::string_view value);
// The shortest digits that read back to the same number; null when it is none.
void append_json_number(std::string& out, double value);

}  // namespace kedge::edge
