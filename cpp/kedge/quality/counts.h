// How good predictions are, counted as they come: everything that accuracy, losses, areas under
// curves, reliability and parity between groups are computed from, for each part of the rows.
//
// Counts and exact sums only, no row: any split of the rows into batches, threads or machines,
// merged in any order, gives the same bytes. Thread safety: one writer, or many readers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/quality/count_rows.h"
#include "kedge/quality/spec.h"
#include "kedge/quality/tally.h"
#include "kedge/sketch/category_map.h"

namespace kedge {

class QualityCounts {
 public:
  // Throws as QualitySpec::check does.
  explicit QualityCounts(QualitySpec spec);

  // The same definition, nothing counted.
  QualityCounts like() const { return QualityCounts(spec_); }

  // Counts every row of the batch, or throws and counts none: a column is missing or of a type that
  // has no such values, a target or decision is neither 0 nor 1, a score is not from 0 to 1, a
  // number is not finite or beyond 1e150, probabilities do not add up to 1, a weight is missing or
  // not from 0 to 1e7. NaN is missing, as null is; so is a prediction without all probabilities.
  void update(const Batch& batch);
  // The same in two steps, for what comes at two times: the values of a batch that has no targets
  // or no predictions, all checked; then rows of both.
  RowValues read_predictions(const Batch& flat) const;
  RowValues read_targets(const Batch& flat) const;
  RowValues read_rows(const Batch& flat) const;  // both
  bool is_target_missing(const RowValues& rows, std::size_t row) const noexcept;
  void count(const RowValues& rows) { count_rows(spec_, rows, parts_); }

  // The definitions are equal. subtract throws InvalidArgument, and changes nothing, when the other
  // holds more of any count than this one.
  void merge(const QualityCounts& other);
  void subtract(const QualityCounts& other);

  const QualitySpec& spec() const noexcept { return spec_; }
  // One for each listed value, in rising order of their bytes, then one for all other rows.
  std::size_t part_count() const noexcept { return parts_.size(); }
  std::string part_name(std::size_t part) const;
  const Tally& part(std::size_t i) const noexcept { return parts_[i]; }
  Tally total() const;

  // docs/formats.md, "Quality".
  std::vector<std::byte> to_bytes() const;
  static QualityCounts from_bytes(std::span<const std::byte> bytes);
  static QualityCounts read(ByteReader& in);

  friend bool operator==(const QualityCounts& a, const QualityCounts& b) {
    return a.spec_ == b.spec_ && a.parts_ == b.parts_;
  }

 private:
  void read_probabilities(const Batch& flat, RowValues& rows) const;
  void check_spec(const QualityCounts& other, std::string_view verb) const;
  std::uint64_t row_count() const noexcept;

  QualitySpec spec_;
  CategoryMap values_;
  CategoryMap classes_;
  std::vector<Tally> parts_;
};

}  // namespace kedge
