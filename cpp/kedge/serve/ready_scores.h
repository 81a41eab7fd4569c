// A request's scores that were made before its turn, together with others'.
#pragma once

#include <cstddef>

#include "kedge/score/model.h"

namespace kedge {

// Somebody else's. Of another model, or another number of rows, they are no one's.
struct ReadyScores {
  const Model* model = nullptr;  // null: none were made
  std::size_t rows = 0;
  const std::byte* scores = nullptr;  // as Model::score writes them
  std::size_t bytes = 0;
};

}  // namespace kedge
