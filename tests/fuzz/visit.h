// Asks for every place of a document.
#pragma once

#include <string>
#include <vector>

#include "fuzz.h"
#include "kedge/base/document.h"

namespace kedge {

// Without recursion, for documents nest deeply.
inline void visit(const Document& document) {
  std::vector<Value> open = {document.root()};
  std::size_t paths = 20;  // each costs a pass over the document
  while (!open.empty()) {
    const Value value = open.back();
    open.pop_back();
    if (paths > 0) {
      --paths;
      fuzz_check(!value.path().empty());
    }
    if (value.is_text()) fuzz_check(is_utf8(value.text()));
    if (value.is_number()) static_cast<void>(value.number());
    if (!value.is_array() && !value.is_object()) continue;
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (value.is_object()) fuzz_check(value.find(value.name(i)).has_value());
      open.push_back(value[i]);
    }
  }
}

}  // namespace kedge
