// Which rows of a reference stand for all of them as a background.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace kedge {

// At most `count` rows, rising. Rows are laid in the order of their scores (of several outputs,
// by the largest one, then by its score), the order is cut into `count` equal parts, and one row is
// drawn from each: so the mean over the chosen ones is closer to that over all than a plain draw's.
// The same for the same scores on every machine. `scores` has `outputs` for each row.
std::vector<std::size_t> choose_rows(std::span<const double> scores, std::size_t outputs,
                                     std::size_t count);

}  // namespace kedge
