// Values into cells: the one loop under every sketch. cell_slot.h says what a value's slot is;
// every variant gives the slots of the scalar one for any input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kedge/base/cpu.h"
#include "kedge/kernels/cell_slot.h"

namespace kedge {

// Values and, if some may be null, their validity bitmap: bit `validity_offset` belongs to the
// first value, a clear bit makes a value null.
template <class Value>
struct CellValues {
  const Value* values;
  std::size_t length;
  const std::uint8_t* validity = nullptr;
  std::size_t validity_offset = 0;
};

// `index` writes the slot of each value. `count` adds one to the counter of each value's slot;
// there are cells + kExtraSlots of them, each must stay below 2^32. Neither allocates.
template <class Value>
using CellKernel = void (*)(const CellPlan&, const CellValues<Value>&, std::uint32_t*);

struct CellVariant {
  Isa isa;
  CellKernel<double> index_f64;
  CellKernel<float> index_f32;
  CellKernel<double> count_f64;
  CellKernel<float> count_f32;
};

// Row 0 is the scalar reference, tests compare each runnable row with it.
std::span<const CellVariant> cell_variants() noexcept;

// Puts the null slot where the bit is clear.
void mask_nulls(const CellPlan& plan, const std::uint8_t* validity, std::size_t offset,
                std::size_t length, std::uint32_t* slots) noexcept;

CellVariant cell_count_scalar() noexcept;
#if defined(__x86_64__)
CellVariant cell_count_avx2() noexcept;
CellVariant cell_count_avx512() noexcept;
#elif defined(__aarch64__)
CellVariant cell_count_neon() noexcept;
#endif

}  // namespace kedge
