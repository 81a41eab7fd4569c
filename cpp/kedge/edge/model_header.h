// A model as a C++ header of constant arrays: for boards that score and count without heap, library
// or file (score/flat_forest, sketch/flat_column).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kedge/model/bundle.h"

namespace kedge {

struct ModelHeaderOptions {
  std::string_view name;         // the namespace, a C++ name
  bool rows_are_double = false;  // of floats otherwise
};

struct ModelHeader {
  std::string text;
  std::size_t forest_bytes = 0;      // of constants, on a board with pointers of 32 bits
  std::size_t column_bytes = 0;      // the same of the sketches' cells
  std::size_t counter_bytes = 0;     // of memory that the sketches want
  std::vector<std::string> columns;  // that are counted
  std::vector<std::string>
      uncounted;  // columns of the reference that are no numbers, or no feature
};

// The same text for the same bundle on every machine. Throws Unsupported for a model that is not
// trees alone, or has linear leaves, and InvalidArgument for a name that is none.
ModelHeader model_header(const Bundle& bundle, const ModelHeaderOptions& options);

}  // namespace kedge
