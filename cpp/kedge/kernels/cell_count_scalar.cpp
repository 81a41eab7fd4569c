#include "kedge/kernels/cell_count.h"

namespace kedge {
namespace {

#define KEDGE_TARGET
inline void keep_valid(std::uint32_t bits, std::uint32_t null, std::uint32_t* slots) {
  for (std::uint32_t i = 0; i < 8; ++i) slots[i] = ((bits >> i) & 1) != 0 ? slots[i] : null;
}

#include "kedge/kernels/cell_count_loop.h"

struct OneByOne {
  const CellPlan& plan;
  template <class Value>
  void operator()(const Value* values, std::size_t length, std::uint32_t* slots) const {
    for (std::size_t i = 0; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

template <class Job, class Value>
void dispatch(const CellPlan& plan, const CellValues<Value>& in, std::uint32_t* out) {
  Job::run(OneByOne{plan}, plan, in, out);
}

}  // namespace

CellVariant cell_count_scalar() noexcept {
  return {Isa::kScalar, dispatch<Index, double>, dispatch<Index, float>, dispatch<Count, double>,
          dispatch<Count, float>};
}

}  // namespace kedge
