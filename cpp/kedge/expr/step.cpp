#include "kedge/expr/step.h"

namespace kedge::expr {
namespace {

// No more than the rows there are, in whole words.
std::size_t chunk_capacity(std::size_t rows) noexcept {
  constexpr std::size_t kWord = 64;
  return std::min(kChunk, (std::max<std::size_t>(rows, 1) + kWord - 1) / kWord * kWord);
}

}  // namespace

Run::Run(const Code& its_code, const Batch& its_batch, std::size_t most_rows)
    : code(its_code),
      batch(its_batch),
      capacity(chunk_capacity(most_rows)),
      stride(capacity * (sizeof(std::uint64_t) + 1)),
      memory(code.stored_lanes * stride),
      lanes(code.stored_lanes + code.constants.size()) {
  for (std::size_t i = 0; i < code.constants.size(); ++i) {
    lanes[code.stored_lanes + i].values = &code.constants[i];
  }
}

void copy_valid(const Step& step, Run& run) noexcept {
  const std::uint8_t* const valid = run.lanes[step.a].valid;
  run.lanes[step.out].valid = valid == nullptr ? nullptr : run.out_valid(step.out);
  if (valid != nullptr) std::memcpy(run.out_valid(step.out), valid, run.rows);
}

void combine_valid(const Step& step, Run& run) noexcept {
  const std::uint8_t* const a = run.lanes[step.a].valid;
  const std::uint8_t* const b = run.lanes[step.b].valid;
  if (a == nullptr && b == nullptr) {
    run.lanes[step.out].valid = nullptr;
    return;
  }
  std::uint8_t* __restrict const out = run.out_valid(step.out);
  const std::size_t rows = run.rows;
  if (a == nullptr || b == nullptr) {
    std::memcpy(out, a == nullptr ? b : a, rows);
  } else {
    for (std::size_t i = 0; i < rows; ++i) out[i] = a[i] & b[i];
  }
  run.lanes[step.out].valid = out;
}

void clear_nulls(const Step& step, Run& run) noexcept {
  const std::uint8_t* const valid = run.lanes[step.out].valid;
  if (valid == nullptr) return;
  auto* const out = run.out<std::uint8_t>(step.out);
  const std::size_t rows = run.rows;
  for (std::size_t i = 0; i < rows; ++i) out[i] &= valid[i];
}

}  // namespace kedge::expr
