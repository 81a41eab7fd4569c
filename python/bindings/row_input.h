// Rows as a model reads them, from whatever Python has them in.
#pragma once

#include <nanobind/nanobind.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "arrow_input.h"
#include "kedge/arrow/check.h"
#include "kedge/score/model.h"
#include "kedge/score/table_rows.h"

namespace kedge {

bool is_row_list(nanobind::handle x);
// A list of rows as a float64 array.
nanobind::object array_of(nanobind::handle rows);

// A NumPy array and a list of rows by place, a table and a dictionary by name, part by part.
class RowInput {
 public:
  RowInput(const Model& model, nanobind::handle x);

  std::size_t rows() const noexcept { return rows_; }

  // Calls use(Rows) for each part.
  template <class Use>
  void each(const Use& use) {
    constexpr std::size_t kRowsAtOnce = 16'384;
    if (!reader_) return use(matrix_);
    std::vector<double> values;
    for (const Batch& batch : table_.batches) {
      check_values(batch);
      for (std::size_t first = 0; first < batch.length; first += kRowsAtOnce) {
        const std::size_t length = std::min(kRowsAtOnce, batch.length - first);
        use(reader_->read(batch, first, length, values));
      }
    }
  }

 private:
  nanobind::object given_;
  nanobind::object keep_;
  std::vector<double> named_;
  Rows matrix_;
  Batches table_;
  std::optional<TableRows> reader_;
  std::size_t rows_ = 0;
};

}  // namespace kedge
