// The calls that a firmware makes, on a model that `kedge edge header` wrote: the example, and what
// the tests run. MODEL is the header's name, in quotes.
#include MODEL

#include <cstddef>
#include <cstdint>

namespace {

using Forest = decltype(model::kForest);

}  // namespace

extern "C" {

// `codes` has model::kSlotCount elements, `raw` an element for each output.
void kedge_score(const Forest::Input* row, Forest::Code* codes, Forest::Sum* raw) {
  kedge::flat_scores(model::kForest, row, codes, raw);
}

// `counters` has model::kCounters elements.
void kedge_count(const Forest::Input* row, std::uint32_t* counters) {
  kedge::flat_count(model::kColumns, model::kColumnCount, row, counters);
}

// Both, of rows that lie one behind the other.
void kedge_rows(const Forest::Input* rows, std::uint32_t count, Forest::Code* codes,
                Forest::Sum* raw, std::uint32_t* counters) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const Forest::Input* row = rows + std::size_t{i} * model::kFeatures;
    kedge_score(row, codes, raw + std::size_t{i} * model::kForest.outputs);
    kedge_count(row, counters);
  }
}

}  // extern "C"
