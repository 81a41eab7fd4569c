// Which instruction set the kernels use: chosen once, forced by KEDGE_ISA for tests.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace kedge {

// In rising order within a family: avx512 machines run avx2, dotprod machines run neon.
enum class Isa { kScalar, kAvx2, kAvx512, kAvx512Vbmi, kAmx, kNeon, kDotprod };

std::string_view isa_name(Isa isa) noexcept;

// Everything this machine can run, scalar first, best last.
std::span<const Isa> runnable_isas() noexcept;
bool is_runnable(Isa isa) noexcept;

// The best runnable set, or the one that the environment variable KEDGE_ISA names. Throws
// InvalidArgument when it names none, or one that this machine lacks. Read once.
Isa active_isa();

// The last row of a kernel's list of variants that the active instruction set can run.
template <class Variant>
const Variant& select_variant(std::span<const Variant> variants, Isa active) noexcept {
  const Variant* chosen = &variants.front();
  for (const Variant& variant : variants) {
    if (variant.isa <= active && is_runnable(variant.isa)) chosen = &variant;
  }
  return *chosen;
}

}  // namespace kedge
