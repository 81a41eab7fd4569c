// What a model's answers are held against once it is known what became true: one number a row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kedge/quality/counts.h"
#include "kedge/score/model.h"
#include "kedge/score/rows.h"
#include "kedge/serve/model_form.h"

namespace kedge {

// kBinary: a probability against 0 or 1. kClasses: the most probable one's place, first of equals,
// against a place. kRegression: a number against a number.
struct AnswerKind {
  QualityKind kind = QualityKind::kRegression;
  std::uint32_t classes = 0;  // of kClasses

  // None for a model of several outputs that are no classes.
  static std::optional<AnswerKind> of(const Model& model, const ModelForm& form);

  // Why it cannot be such a row's label; empty when it can.
  std::string flaw_of(double label) const;
  // Whether it is a number that sums can take; else it counts as none.
  bool is_counted(double prediction) const noexcept;
  // The squared distance of kBinary, the distance of kRegression, 1 for a wrong class.
  double loss(double prediction, double label) const noexcept;
  // Of columns that nobody names.
  QualitySpec spec() const;

  friend bool operator==(const AnswerKind&, const AnswerKind&) = default;
};

// A number for each row of the model's scores.
void read_predictions(AnswerKind kind, const Rows& scores, std::size_t outputs,
                      std::vector<double>& out);

}  // namespace kedge
