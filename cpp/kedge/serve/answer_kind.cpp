#include "kedge/serve/answer_kind.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/text.h"

namespace kedge {
namespace {

constexpr double kMostNumber = 1e150;  // as quality counts take it

}  // namespace

std::optional<AnswerKind> AnswerKind::of(const Model& model, const ModelForm& form) {
  if (form.classes > kMostClasses) return std::nullopt;  // more than are counted
  if (form.classes != 0 && model.outputs() == 1) return AnswerKind{QualityKind::kBinary, 0};
  if (form.classes != 0) {
    return AnswerKind{QualityKind::kClasses, static_cast<std::uint32_t>(form.classes)};
  }
  if (model.outputs() == 1) return AnswerKind{};
  return std::nullopt;
}

std::string AnswerKind::flaw_of(double label) const {
  if (kind == QualityKind::kBinary && label != 0 && label != 1) {
    return text(label, " is neither 0 nor 1");
  }
  if (kind == QualityKind::kClasses &&
      !(label >= 0 && label < classes && std::floor(label) == label)) {
    return text(label, " is no class from 0 to ", classes - 1);
  }
  if (!is_counted(label)) return text(label, " is no number up to ", kMostNumber);
  return {};
}

bool AnswerKind::is_counted(double prediction) const noexcept {
  return std::fabs(prediction) <= kMostNumber;
}

double AnswerKind::loss(double prediction, double label) const noexcept {
  if (kind == QualityKind::kClasses) return prediction == label ? 0 : 1;
  const double off = prediction - label;
  return kind == QualityKind::kBinary ? off * off : std::fabs(off);
}

QualitySpec AnswerKind::spec() const {
  QualitySpec out;
  out.kind = kind;
  out.target = "label";
  out.prediction = "prediction";
  out.classes.reserve(classes);
  for (std::uint32_t i = 0; i < classes; ++i) out.classes.push_back(text(i));
  return out;
}

void read_predictions(AnswerKind kind, const Rows& scores, std::size_t outputs,
                      std::vector<double>& out) {
  out.resize(scores.count);
  for (std::size_t row = 0; row < scores.count; ++row) {
    if (kind.kind != QualityKind::kClasses) {
      out[row] = scores.value(row, 0);
      continue;
    }
    std::size_t best = 0;
    for (std::size_t k = 1; k < outputs; ++k) {
      if (scores.value(row, k) > scores.value(row, best)) best = k;
    }
    out[row] = static_cast<double>(best);
  }
}

}  // namespace kedge
