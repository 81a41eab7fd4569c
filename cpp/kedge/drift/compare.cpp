#include "kedge/drift/compare.h"

#include <algorithm>

#include "kedge/arrow/build.h"
#include "kedge/base/error.h"
#include "kedge/evidence/fdr.h"

namespace kedge {
namespace {

void check_options(const CompareOptions& options) {
  if (!(options.confidence > 0 && options.confidence < 1)) {
    throw invalid_argument("confidence = ", options.confidence, " is not between 0 and 1");
  }
  if (!(options.min_effect >= 0 && options.min_effect < 1)) {
    throw invalid_argument("min_effect = ", options.min_effect, " is not from 0 to below 1");
  }
}

const ColumnDrift* drift_of(const ColumnDrift* row) { return row; }
const ColumnDrift* drift_of(const SliceDrift* row) { return &row->drift; }
ColumnDrift* drift_of(ColumnDrift* row) { return row; }
ColumnDrift* drift_of(SliceDrift* row) { return &row->drift; }

template <class Row>
void adjust_pvalues(std::vector<Row>& rows) {
  std::vector<double> pvalues;
  pvalues.reserve(rows.size());
  for (const Row& row : rows) pvalues.push_back(drift_of(&row)->pvalue);
  const std::vector<double> all = bonferroni(pvalues);
  const std::vector<double> discoveries = benjamini_hochberg(pvalues);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    drift_of(&rows[i])->pvalue_bonferroni = all[i];
    drift_of(&rows[i])->pvalue_bh = discoveries[i];
  }
}

double alpha_of_each(const CompareOptions& options, std::size_t count) {
  return (1 - options.confidence) / static_cast<double>(std::max<std::size_t>(1, count));
}

template <class Row>
void add_drifts(BatchBuilder& batch, const std::vector<Row>& rows) {
  const auto add = [&]<class Value>(const char* name, Value ColumnDrift::* member) {
    std::vector<Value> values;
    values.reserve(rows.size());
    for (const Row& row : rows) values.push_back(drift_of(&row)->*member);
    batch.add(name, values);
  };
  add("column", &ColumnDrift::name);
  add("kind", &ColumnDrift::kind);
  add("verdict", &ColumnDrift::verdict);
  add("reference_rows", &ColumnDrift::reference_rows);
  add("current_rows", &ColumnDrift::current_rows);
  add("lower", &ColumnDrift::lower);
  add("upper", &ColumnDrift::upper);
  add("at_least", &ColumnDrift::at_least);
  add("at_most", &ColumnDrift::at_most);
  add("test", &ColumnDrift::test);
  add("statistic", &ColumnDrift::statistic);
  add("pvalue", &ColumnDrift::pvalue);
  add("pvalue_bonferroni", &ColumnDrift::pvalue_bonferroni);
  add("pvalue_bh", &ColumnDrift::pvalue_bh);
  add("reference_null_share", &ColumnDrift::reference_null_share);
  add("current_null_share", &ColumnDrift::current_null_share);
  add("null_at_least", &ColumnDrift::null_at_least);
  add("null_at_most", &ColumnDrift::null_at_most);
  add("null_pvalue", &ColumnDrift::null_pvalue);
  add("reference_new_share", &ColumnDrift::reference_new_share);
  add("current_new_share", &ColumnDrift::current_new_share);
  add("new_at_least", &ColumnDrift::new_at_least);
  add("below_share", &ColumnDrift::below_share);
  add("above_share", &ColumnDrift::above_share);
  add("psi", &ColumnDrift::psi);
  add("psi_noise", &ColumnDrift::psi_noise);
  add("js", &ColumnDrift::js);
  add("js_noise", &ColumnDrift::js_noise);
  add("kl", &ColumnDrift::kl);
  add("hellinger", &ColumnDrift::hellinger);
  add("total_variation", &ColumnDrift::total_variation);
  add("chi_square", &ColumnDrift::chi_square);
  add("chi_square_dof", &ColumnDrift::chi_square_dof);
  add("chi_square_pvalue", &ColumnDrift::chi_square_pvalue);
  add("g", &ColumnDrift::g);
  add("g_pvalue", &ColumnDrift::g_pvalue);
  add("fisher_pvalue", &ColumnDrift::fisher_pvalue);
  add("anderson_darling", &ColumnDrift::anderson_darling);
  add("anderson_darling_pvalue", &ColumnDrift::anderson_darling_pvalue);
  add("cramer_von_mises", &ColumnDrift::cramer_von_mises);
  add("cramer_von_mises_pvalue", &ColumnDrift::cramer_von_mises_pvalue);
  add("wasserstein", &ColumnDrift::wasserstein);
  add("wasserstein_normed", &ColumnDrift::wasserstein_normed);
  add("energy", &ColumnDrift::energy);
  add("reference_mean", &ColumnDrift::reference_mean);
  add("current_mean", &ColumnDrift::current_mean);
  add("reference_std", &ColumnDrift::reference_std);
  add("current_std", &ColumnDrift::current_std);
  add("low", &ColumnDrift::low);
  add("high", &ColumnDrift::high);
  add("names", &ColumnDrift::names);
  add("reference_share", &ColumnDrift::reference_share);
  add("current_share", &ColumnDrift::current_share);
  add("carried", &ColumnDrift::carried);
}

}  // namespace

std::vector<ColumnDrift> compare(const Profile& reference, const Profile& current,
                                 const CompareOptions& options) {
  check_options(options);
  const double alpha = alpha_of_each(options, reference.columns().size());
  std::vector<ColumnDrift> rows;
  for (const ColumnProfile& column : reference.columns()) {
    rows.push_back(column_drift(column, current.column(column.name), alpha, options.min_effect));
  }
  adjust_pvalues(rows);
  return rows;
}

std::vector<SliceDrift> compare_slices(const Profile& reference, const Profile& current,
                                       const CompareOptions& options) {
  check_options(options);
  std::size_t count = 0;
  for (const Slices& slices : reference.slices()) {
    count += slices.size() * reference.columns().size();
  }
  std::vector<SliceDrift> rows;
  for (std::size_t i = 0; i < reference.slices().size(); ++i) {
    const Slices& before = reference.slices()[i];
    if (current.slices().size() <= i || !before.same_map(current.slices()[i])) {
      throw invalid_argument("the profiles are not sliced alike by \"", before.column(),
                             "\"; fill reference.like()");
    }
    for (std::size_t part = 0; part < before.size(); ++part) {
      const auto& then = before.part(part);
      const auto& now = current.slices()[i].part(part);
      for (std::size_t column = 0; column < then.size(); ++column) {
        if (then[column].row_count() + now[column].row_count() == 0) continue;
        rows.push_back({before.column(), before.name(part),
                        column_drift(then[column], now[column], alpha_of_each(options, count),
                                     options.min_effect)});
      }
    }
  }
  adjust_pvalues(rows);
  return rows;
}

Batch to_batch(const std::vector<ColumnDrift>& rows) {
  BatchBuilder batch;
  add_drifts(batch, rows);
  return batch.finish();
}

Batch to_batch(const std::vector<SliceDrift>& rows) {
  BatchBuilder batch;
  std::vector<std::string> by;
  std::vector<std::string> values;
  by.reserve(rows.size());
  values.reserve(rows.size());
  for (const SliceDrift& row : rows) {
    by.push_back(row.by);
    values.push_back(row.value);
  }
  batch.add("by", by);
  batch.add("value", values);
  add_drifts(batch, rows);
  return batch.finish();
}

}  // namespace kedge
