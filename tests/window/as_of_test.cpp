#include "kedge/window/as_of.h"

#include <algorithm>

#include "arrow/rows.h"
#include "check.h"
#include "kedge/base/random.h"
#include "sample_stream.h"

namespace kedge {
namespace {

using test::dump_rows;

Batches cut(const Batch& batch, std::uint64_t seed) {
  Random random(seed);
  Batches table{batch.schema, {}};
  for (std::size_t first = 0; first < batch.length;) {
    const std::size_t length = std::min<std::size_t>(random.below(90), batch.length - first);
    table.batches.push_back(slice_of(batch, first, length));
    first += length;
  }
  return table;
}

AsOf by_key() {
  AsOf how;
  how.by = {"key", "name"};
  how.on = how.features_on = "ts";
  how.suffix = " then";
  return how;
}

TEST("a join does not depend on how the features were cut") {
  const Batch features = sample_batch(2000, 3), labels = sample_batch(1000, 4);
  const AsOf how = by_key();
  const Batches whole = as_of({features.schema, {features}}, {labels.schema, {labels}}, how);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Batches parts = as_of(cut(features, seed), {labels.schema, {labels}}, how);
    CHECK(dump_rows(parts.batches) == dump_rows(whole.batches));
  }
  CHECK(row_count(as_of(cut(features, 1), cut(labels, 2), how)) == labels.length);
}

TEST("features of before are found by a look at each pair") {
  const Batch features = sample_batch(400, 5), labels = sample_batch(300, 6);
  AsOf how = by_key();
  how.by = {"key"};
  how.is_strict = true;
  const Batches joined = as_of({features.schema, {features}}, {labels.schema, {labels}}, how);
  const std::size_t ts = find_column(*features.schema, "ts");
  const std::size_t key = find_column(*features.schema, "key");
  const std::size_t n = find_column(*features.schema, "n");
  const Column& answer = joined.batches.front().columns[find_column(*joined.schema, "n then")];
  for (std::size_t i = 0; i < labels.length; ++i) {
    std::size_t best = SIZE_MAX;
    const auto time = [&](const Batch& batch, std::size_t row) {
      return batch.columns[ts].data<std::int64_t>()[row];
    };
    for (std::size_t j = 0; j < features.length; ++j) {
      bool fits = true;
      for (const std::size_t c : {ts, key}) {
        fits = fits && !labels.columns[c].is_null(i) && !features.columns[c].is_null(j);
      }
      fits = fits && features.columns[key].data<std::int64_t>()[j] ==
                         labels.columns[key].data<std::int64_t>()[i];
      fits = fits && time(features, j) < time(labels, i);
      if (fits && (best == SIZE_MAX || time(features, j) >= time(features, best))) best = j;
    }
    CHECK(answer.is_null(i) == (best == SIZE_MAX || features.columns[n].is_null(best)));
    if (answer.is_null(i)) continue;
    CHECK(answer.data<std::int32_t>()[i] == features.columns[n].data<std::int32_t>()[best]);
  }
}

TEST("a table without rows gives labels without features") {
  const Batch labels = sample_batch(10, 1);
  const Batches joined = as_of({labels.schema, {}}, {labels.schema, {labels}}, by_key());
  CHECK(row_count(joined) == labels.length);
  const std::size_t carried = joined.schema->size() - labels.columns.size();
  CHECK(carried == labels.columns.size() - 3);
  for (std::size_t i = labels.columns.size(); i < joined.schema->size(); ++i) {
    CHECK(joined.batches.front().columns[i].null_count() == labels.length);
  }
  CHECK(as_of({labels.schema, {labels}}, {labels.schema, {}}, by_key()).batches.empty());
}

}  // namespace
}  // namespace kedge
