#include "kedge/drift/classifier.h"

#include <algorithm>

#include "kedge/arrow/check.h"
#include "kedge/arrow/flatten.h"
#include "kedge/base/error.h"
#include "kedge/drift/auc.h"
#include "kedge/drift/feature_bins.h"
#include "kedge/drift/logistic.h"
#include "kedge/drift/pair_screen.h"
#include "kedge/sketch/row_slot.h"

namespace kedge {
namespace {

using Rows = RowBuffer<std::uint32_t>;

constexpr int kRounds = 2;  // over the learned rows, for columns and then for pairs

// Some rows of one sample, as fine codes, row by row.
struct Coded {
  std::size_t columns = 0;
  std::vector<std::uint8_t> codes;
  std::vector<std::uint64_t> places;

  std::size_t rows() const noexcept { return places.size(); }
  const std::uint8_t* row(std::size_t i) const noexcept { return codes.data() + i * columns; }
};

Coded coded(const Rows& rows, const std::vector<FeatureBins>& bins, bool learned) {
  Coded out{bins.size(), {}, {}};
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows.is_learned(row) != learned) continue;
    for (std::size_t i = 0; i < bins.size(); ++i) {
      out.codes.push_back(bins[i].fine[rows.column(i)[row]]);
    }
    out.places.push_back(rows.place(row));
  }
  return out;
}

std::size_t learned_count(const Rows& rows) {
  std::size_t count = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) count += rows.is_learned(row);
  return count;
}

// Each side has half of the total, however many rows it has.
void add_shares(const Rows& rows, std::size_t column, std::size_t learned,
                std::vector<double>& shares) {
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!rows.is_learned(row)) continue;
    shares[rows.column(column)[row]] += 0.5 / static_cast<double>(learned);
  }
}

std::vector<FeatureBins> bins_of(const Profile& profile, const Rows& reference,
                                 const Rows& current) {
  constexpr double kLeastShare = 1.0 / 512;
  constexpr double kLeastRows = 8;
  const std::size_t n = learned_count(reference);
  const std::size_t m = learned_count(current);
  const auto fewest = static_cast<double>(std::max<std::size_t>(1, std::min(n, m)));
  std::vector<FeatureBins> bins;
  for (std::size_t i = 0; i < profile.columns().size(); ++i) {
    const ColumnProfile& column = profile.columns()[i];
    std::vector<double> shares(row_slots(column));
    add_shares(reference, i, n, shares);
    add_shares(current, i, m, shares);
    bins.push_back(feature_bins(column, shares, std::max(kLeastShare, kLeastRows / fewest)));
  }
  return bins;
}

CoarseColumns coarse_columns(const Coded& rows, const std::vector<FeatureBins>& bins) {
  CoarseColumns columns(bins.size());
  for (std::size_t i = 0; i < bins.size(); ++i) {
    columns[i].reserve(rows.rows());
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      columns[i].push_back(bins[i].coarse[rows.row(row)[i]]);
    }
  }
  return columns;
}

// Rows of both sides, in an order that has nothing to do with that of their streams.
struct Turn {
  std::uint64_t key;
  std::uint32_t row;
  bool is_current;
};

std::vector<Turn> turns_of(const Coded& reference, const Coded& current) {
  std::vector<Turn> turns;
  for (const bool is_current : {false, true}) {
    const Coded& rows = is_current ? current : reference;
    for (std::uint32_t row = 0; row < rows.rows(); ++row) {
      turns.push_back({mix_bits(rows.places[row] * 2 + is_current), row, is_current});
    }
  }
  std::sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) { return a.key < b.key; });
  return turns;
}

// Columns are learned first, then the pairs on top of what the columns explain: a pair has a part
// only in what its columns do not show.
class Model {
 public:
  Model(const std::vector<FeatureBins>& bins, std::vector<ColumnPair> pairs)
      : bins_(bins),
        pairs_(std::move(pairs)),
        singles_(weight_count(bins)),
        crosses_(pairs_.size() * kCoarseCodes * kCoarseCodes),
        single_features_(bins.size()),
        cross_features_(pairs_.size()) {}

  void learn(const Coded& reference, const Coded& current) {
    const std::vector<Turn> turns = turns_of(reference, current);
    const auto n = static_cast<double>(reference.rows());
    const auto m = static_cast<double>(current.rows());
    const double reference_importance = std::min(1.0, m / std::max(1.0, n));
    const double current_importance = std::min(1.0, n / std::max(1.0, m));
    for (int round = 0; round < 2 * kRounds; ++round) {
      if (round >= kRounds && pairs_.empty()) break;
      for (const Turn& turn : turns) {
        const std::uint8_t* row = (turn.is_current ? current : reference).row(turn.row);
        const double importance = turn.is_current ? current_importance : reference_importance;
        set_singles(row);
        if (round < kRounds) {
          singles_.learn(single_features_, 0, turn.is_current, importance);
        } else {
          set_crosses(row);
          crosses_.learn(cross_features_, singles_.score(single_features_), turn.is_current,
                         importance);
        }
      }
    }
  }

  // Adds the part that each column, then each pair, has in the rows' mean score, times `sign`.
  std::vector<double> scores(const Coded& rows, double sign, std::vector<double>& parts) {
    std::vector<double> scores;
    std::vector<double> sums(parts.size());
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      set_singles(rows.row(i));
      set_crosses(rows.row(i));
      scores.push_back(singles_.score(single_features_) + crosses_.score(cross_features_));
      std::size_t part = 0;
      for (const std::uint32_t feature : single_features_) sums[part++] += singles_.weight(feature);
      for (const std::uint32_t feature : cross_features_) sums[part++] += crosses_.weight(feature);
    }
    const double each = sign / static_cast<double>(std::max<std::size_t>(1, rows.rows()));
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i] += sums[i] * each;
    return scores;
  }

  std::size_t parts() const noexcept { return bins_.size() + pairs_.size(); }
  std::string part_name(const Profile& profile, std::size_t part) const {
    const auto& columns = profile.columns();
    if (part < columns.size()) return columns[part].name;
    const ColumnPair& pair = pairs_[part - columns.size()];
    return text(columns[pair.first].name, " x ", columns[pair.second].name);
  }

 private:
  static std::size_t weight_count(const std::vector<FeatureBins>& bins) {
    std::size_t count = 0;
    for (const FeatureBins& column : bins) count += column.codes();
    return count;
  }

  void set_singles(const std::uint8_t* row) noexcept {
    std::uint32_t start = 0;
    for (std::size_t i = 0; i < bins_.size(); ++i) {
      single_features_[i] = start + row[i];
      start += bins_[i].codes();
    }
  }
  void set_crosses(const std::uint8_t* row) noexcept {
    std::uint32_t start = 0;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      const ColumnPair& pair = pairs_[i];
      cross_features_[i] = start + bins_[pair.first].coarse[row[pair.first]] * kCoarseCodes +
                           bins_[pair.second].coarse[row[pair.second]];
      start += kCoarseCodes * kCoarseCodes;
    }
  }

  const std::vector<FeatureBins>& bins_;
  std::vector<ColumnPair> pairs_;
  Logistic singles_;
  Logistic crosses_;
  std::vector<std::uint32_t> single_features_;
  std::vector<std::uint32_t> cross_features_;
};

std::vector<Importance> importance_of(const Profile& profile, const Model& model,
                                      const std::vector<double>& parts) {
  double total = 0;
  for (const double part : parts) total += std::max(0.0, part);
  std::vector<Importance> importance;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] > 0) importance.push_back({model.part_name(profile, i), parts[i] / total});
  }
  std::stable_sort(importance.begin(), importance.end(),
                   [](const Importance& a, const Importance& b) { return a.share > b.share; });
  return importance;
}

std::string verdict_of(const Known& auc, double min_effect) {
  if (auc.at_least > 0.5 + min_effect) return "yes";
  return auc.at_most <= 0.5 + min_effect ? "no" : "not yet known";
}

}  // namespace

std::vector<const Column*> profiled_columns(const Profile& profile, const Batch& flat) {
  std::vector<const Column*> columns;
  for (const ColumnProfile& column : profile.columns()) {
    const std::size_t i = find_column(*flat.schema, column.name);
    column.check_takes(flat.field(i).type);
    try {
      check_column(flat.columns[i]);
    } catch (const Error& error) {
      throw Error(error.code(), text("column \"", column.name, "\": ", error.what()));
    }
    columns.push_back(&flat.columns[i]);
  }
  return columns;
}

void check_confidence(double min_effect, double confidence) {
  if (!(min_effect >= 0 && min_effect < 1)) {
    throw invalid_argument("min_effect = ", min_effect, " is not from 0 to below 1");
  }
  if (!(confidence > 0 && confidence < 1)) {
    throw invalid_argument("confidence = ", confidence, " is not between 0 and 1");
  }
}

ClassifierTest::ClassifierTest(const Profile& profile)
    : profile_(profile.like()),
      reference_(profile.columns().size(), RowSample::kMostRows),
      current_(profile.columns().size(), RowSample::kMostRows) {
  const std::size_t columns = profile.columns().size();
  if (columns == 0 || columns > kMostJointColumns) {
    throw invalid_argument("the profile has ", columns, " columns; 1 to ", kMostJointColumns,
                           " can be compared jointly: choose some with profile(columns=..)");
  }
}

void ClassifierTest::add(const Batch& batch, Rows& rows) {
  const Batch flat = flatten(batch);
  const std::vector<const Column*> columns = profiled_columns(profile_, flat);
  rows.extend(batch.length, [&](std::size_t column, std::size_t row) {
    return row_slot(profile_.columns()[column], *columns[column], row);
  });
}

ClassifierResult ClassifierTest::result(double min_effect, double confidence) const {
  check_confidence(min_effect, confidence);
  const std::vector<FeatureBins> bins = bins_of(profile_, reference_, current_);
  const Coded reference = coded(reference_, bins, true);
  const Coded current = coded(current_, bins, true);
  Model model(bins, changed_pairs(coarse_columns(reference, bins), coarse_columns(current, bins),
                                  kMostPairs));
  model.learn(reference, current);

  std::vector<double> parts(model.parts());
  std::vector<double> before = model.scores(coded(reference_, bins, false), -1, parts);
  std::vector<double> after = model.scores(coded(current_, bins, false), 1, parts);
  ClassifierResult result;
  result.reference_rows = reference_.total();
  result.current_rows = current_.total();
  result.learned_rows = reference.rows() + current.rows();
  result.judged_rows = before.size() + after.size();
  if (!before.empty() && !after.empty()) result.importance = importance_of(profile_, model, parts);
  const AucResult auc = auc_of(std::move(before), std::move(after), 1 - confidence);
  result.auc = auc.auc;
  result.at_least = auc.population.at_least;
  result.at_most = auc.population.at_most;
  result.pvalue = auc.pvalue;
  result.verdict = verdict_of(auc.population, min_effect);
  return result;
}

}  // namespace kedge
