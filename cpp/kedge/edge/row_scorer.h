// Rows scored by a model, some at a time in memory that is made once; and why they score so.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/score/model.h"
#include "kedge/score/table_rows.h"

namespace kedge::edge {

class RowScorer {
 public:
  // Of rows with this schema, `most_rows` at a time. Throws InvalidArgument where the model's
  // features are not among them, Unsupported when reasons are wanted of a model that has none.
  RowScorer(const Model& model, const Schema& schema, std::size_t most_rows, bool raw,
            std::size_t reasons);

  // The features of the rows that were scored last, in the model's order; and what they are.
  std::span<const Column* const> features() const noexcept { return features_; }
  const Schema& schema() const noexcept { return schema_; }
  // Scores them: `outputs` numbers for each row, valid until the next call.
  std::span<const double> score(const Batch& rows);
  // Of the rows that were scored last: conditions, those that matter most first.
  std::span<const std::string> reasons();

 private:
  const Model& model_;
  std::vector<std::size_t> places_;  // of the features in the rows
  Schema schema_;                    // of the features
  std::vector<const Column*> features_;
  TableRows table_;
  bool raw_;
  std::size_t most_reasons_;
  std::vector<double> values_;
  std::vector<float> narrow_;
  std::vector<double> scores_;
  std::vector<double> phi_;
  std::vector<std::string> reasons_;
  Rows read_;
};

// Of each of the model's outputs: "score", or "score_0" and so on.
std::vector<std::string> score_names(const Model& model);

}  // namespace kedge::edge
