// The point-in-time join: to each row of one table the newest row of another that has its keys and
// was there by its time. A training set made so has no value that serving could not have had.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/window/duration.h"

namespace kedge {

struct AsOf {
  std::vector<std::string> by;  // key columns of both tables; without any, all rows have one key
  std::string on;               // the labels' time: a timestamp, a date or an integer
  std::string features_on;      // the features'
  // How much older a feature may be: a duration, or a number of steps for integers.
  std::variant<std::monostate, Duration, std::uint64_t> tolerance;
  bool is_strict = false;      // a feature of the label's very time is too new
  bool matches_nulls = false;  // a null key is a key like any other
  std::string suffix;          // behind a feature's name that the labels have too
};

// The labels' batches, nothing of them copied, with the features' columns behind theirs, null where
// there is no match. The features' `by` is left out, and their time when it has the name of `on`.
//
// Neither table needs an order, the rows of the result have the labels'. Of features of one key and
// time the last one counts. Null times match nothing. Times of different units are compared
// exactly.
//
// O(rows), in tables that are not ordered by time for each byte in which times differ.
//
// Throws InvalidArgument or Unsupported that name the table and the column.
Batches as_of(const Batches& features, const Batches& labels, const AsOf& how);

}  // namespace kedge
