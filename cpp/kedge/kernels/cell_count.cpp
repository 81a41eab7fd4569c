#include "kedge/kernels/cell_count.h"

#include <array>
#include <bit>

#include "kedge/base/bits.h"

namespace kedge {

std::span<const CellVariant> cell_variants() noexcept {
  static const std::array variants = {
      cell_count_scalar(),
#if defined(__x86_64__) && !defined(KEDGE_BASELINE)
      cell_count_avx2(),
      cell_count_avx512(),
#elif defined(__aarch64__)
      cell_count_neon(),
#endif
  };
  return variants;
}

void mask_nulls(const CellPlan& plan, const std::uint8_t* validity, std::size_t offset,
                std::size_t length, std::uint32_t* slots) noexcept {
  const std::uint32_t null = null_slot(plan.cells);
  std::size_t i = 0;
  for (; i < length && ((offset + i) & 7) != 0; ++i) {
    if (!get_bit(validity, offset + i)) slots[i] = null;
  }
  for (; i + 8 <= length; i += 8) {
    unsigned clear = validity[(offset + i) >> 3] ^ 0xffu;
    for (; clear != 0; clear &= clear - 1) slots[i + std::countr_zero(clear)] = null;
  }
  for (; i < length; ++i) {
    if (!get_bit(validity, offset + i)) slots[i] = null;
  }
}

}  // namespace kedge
