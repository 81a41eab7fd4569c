// Rows of several requests, one after the other, that a model scores in one call. What it gives a
// row does not depend on the rows beside it.
#pragma once

#include <cstddef>
#include <vector>

#include "kedge/score/model.h"
#include "kedge/score/rows.h"

namespace kedge {

// Keeps what memory it wanted, four megabytes aside. One thread at a time.
class RowBatch {
 public:
  // Of rows in these numbers, none so far.
  void start(bool is_float32) noexcept;
  void add(const Rows& rows, std::size_t features);

  std::size_t count() const noexcept { return count_; }
  bool is_float32() const noexcept { return is_float32_; }

  // The scores of all as Model::score writes them, a row of outputs for each; until the next call.
  Rows score(const Model& model);

 private:
  bool is_float32_ = false;
  std::size_t count_ = 0;
  std::vector<std::byte> values_;  // row after row
  std::vector<double> scores_;     // also of floats
};

}  // namespace kedge
