#include "kedge/score/reasons.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/sort.h"

namespace kedge {
namespace {

bool goes_toward(double amount, Toward toward) {
  if (toward == Toward::kUp) return amount > 0;
  if (toward == Toward::kDown) return amount < 0;
  return amount != 0;
}

// The features that count, the largest amount first.
void order_by_amount(std::span<const double> phi, Toward toward,
                     std::vector<std::uint32_t>& order) {
  order.clear();
  for (std::uint32_t j = 0; j < phi.size(); ++j) {
    if (goes_toward(phi[j], toward)) order.push_back(j);
  }
  sort_few(order, [&](std::uint32_t a, std::uint32_t b) {
    const double x = std::fabs(phi[a]);
    const double y = std::fabs(phi[b]);
    return x != y ? x > y : a < b;
  });
}

double sum_without(std::span<const double> phi, std::span<const Reason> given) {
  double sum = 0;
  for (std::uint32_t j = 0; j < phi.size(); ++j) {
    const auto is_it = [&](const Reason& reason) { return reason.feature == j; };
    if (std::ranges::none_of(given, is_it)) sum += phi[j];
  }
  return sum;
}

}  // namespace

Reasons::Reasons(const Conditions& conditions, std::size_t rows, std::size_t outputs,
                 const ReasonAsk& ask)
    : outputs_(outputs),
      ask_(ask),
      most_words_(conditions.most_words()),
      reasons_(rows * outputs * ask.top),
      words_(reasons_.size() * most_words_),
      rest_(rows * outputs) {}

void Reasons::find(const Conditions& conditions, const Rows& rows, std::size_t first,
                   const double* phi) {
  MetConditions met = conditions.none();
  std::vector<std::uint32_t> codes(conditions.slots());
  std::vector<std::uint32_t> order;
  for (std::size_t row = 0; row < rows.count; ++row) {
    conditions.codes(rows, row, codes.data());
    for (std::size_t k = 0; k < outputs_; ++k, phi += conditions.features()) {
      conditions.meet(codes.data(), k, met);
      order_by_amount({phi, conditions.features()}, ask_.toward, order);
      const std::size_t place = (first + row) * outputs_ + k;
      Reason* reasons = reasons_.data() + place * ask_.top;
      std::size_t found = 0;
      for (auto at = order.begin(); at != order.end() && found < ask_.top; ++at) {
        Reason& reason = reasons[found];
        std::uint32_t* words = words_.data() + (place * ask_.top + found) * most_words_;
        if (!conditions.read(met, *at, rows.value(row, *at), reason.condition, words)) continue;
        reason.feature = *at;
        reason.amount = phi[*at];
        ++found;
      }
      rest_[place] = sum_without({phi, conditions.features()}, {reasons, found});
    }
  }
}

}  // namespace kedge
