// The first look at a table: what is needed to choose each column's cells or categories, in one
// pass and bounded memory. The second look counts.
//
// The same rows give the same profile, however they are split into batches; only which names are
// listed may depend on the batches, where a column has more than 65 536 of them (see Frequent).
// Thread safety: one
// writer.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kedge/sketch/cell_plan.h"
#include "kedge/sketch/distinct.h"
#include "kedge/sketch/frequent.h"
#include "kedge/sketch/profile.h"
#include "kedge/sketch/row_sample.h"

namespace kedge {

class Outline {
 public:
  // Throws InvalidArgument for an option that is out of its bounds or names no column, Unsupported
  // for a column that cannot be profiled.
  Outline(const Schema& schema, ProfileOptions options);

  // Looks at every row of the batch. Throws InvalidArgument, and has seen nothing, for a column
  // that is missing or of another type than before, and for strings that point outside; with
  // `exact`, ResourceExhausted when a column has more distinct values than cells can hold.
  void look(const Batch& batch);

  // The profile of such a table, with nothing counted.
  Profile profile() const;

 private:
  struct Numbers {
    std::optional<ValueRange> range;
    std::vector<double> sample;  // at the rows of rows_; NaN for what is not finite
    std::vector<double> values;  // with `exact`: all there are, sorted now and then
  };
  struct Names {
    Frequent frequent;
    std::vector<std::uint64_t> lengths;  // rows by their length, the last are that long or longer
    std::uint64_t longest = 0;
  };
  struct Look {
    Field field;
    Distinct distinct;
    std::uint64_t values = 0;
    std::optional<Names> names;  // or else numbers
    Numbers numbers;
  };

  struct Slicing {
    Field field;
    Frequent values;
  };

  static const Column& checked_column(const Batch& flat, const Field& seen);
  void look_at_numbers(Look& look, const Column& column) const;
  void look_at_names(Look& look, const Column& column) const;
  void keep_distinct(Look& look) const;
  CellMap number_map(const Look& look) const;
  ColumnCounts counts_of(const Look& look) const;

  ProfileOptions options_;
  std::vector<Look> looks_;
  std::vector<Slicing> slicings_;
  RowSample rows_;
  bool is_broken_ = false;
  std::vector<std::size_t> kept_;    // of the samples, while a batch is looked at
  std::vector<std::size_t> chosen_;  // of its rows
};

}  // namespace kedge
