// The pieces of the text that Prometheus scrapes.
#pragma once

#include <string>
#include <string_view>

namespace kedge {

// A label's value: a name of a column may be any bytes, and scrapes are UTF-8.
std::string label_text(std::string_view value);
// `model="..",version=".."`.
std::string model_labels(std::string_view model, std::string_view version);
// What a family is, before its samples.
void add_family(std::string_view name, std::string_view type, std::string_view help,
                std::string& out);

}  // namespace kedge
