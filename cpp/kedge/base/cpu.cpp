#include "kedge/base/cpu.h"

#include <array>
#include <cstdlib>
#include <vector>

#include "kedge/base/error.h"

#if defined(__aarch64__) || defined(__arm__)
#include <sys/auxv.h>
#elif defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace kedge {
namespace {

constexpr std::array<std::string_view, 7> kNames = {"scalar", "avx2", "avx512", "avx512vbmi",
                                                    "amx",    "neon", "dotprod"};

#if defined(__x86_64__)
// Linux keeps the tiles' registers for processes that ask for them.
bool may_use_tiles() {
  constexpr unsigned kTile = 1u << 24;
  constexpr unsigned kTileOfInt8 = 1u << 25;
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  if ((d & kTile) == 0 || (d & kTileOfInt8) == 0) return false;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#endif

std::vector<Isa> detect() {
  std::vector<Isa> isas = {Isa::kScalar};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("popcnt")) {
    isas.push_back(Isa::kAvx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
      isas.push_back(Isa::kAvx512);
      // Cannon Lake alone has VBMI without VNNI: one name less, and it runs as avx512.
      if (__builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512cd") &&
          __builtin_cpu_supports("avx512vnni")) {
        isas.push_back(Isa::kAvx512Vbmi);
        if (may_use_tiles()) isas.push_back(Isa::kAmx);
      }
    }
  }
#elif defined(__aarch64__)
  constexpr unsigned long kAsimdDotProduct = 1ul << 20;  // HWCAP_ASIMDDP
  isas.push_back(Isa::kNeon);
  if (getauxval(AT_HWCAP) & kAsimdDotProduct) isas.push_back(Isa::kDotprod);
#elif defined(__arm__)
  constexpr unsigned long kNeon = 1ul << 12;  // HWCAP_NEON; a Pi Zero shares our ABI and lacks it
  if (getauxval(AT_HWCAP) & kNeon) isas.push_back(Isa::kNeon);
#endif
  return isas;
}

std::string names_of(std::span<const Isa> isas) {
  std::string names;
  for (const Isa isa : isas) names += text(names.empty() ? "" : ", ", isa_name(isa));
  return names;
}

Isa choose() {
  const char* wanted = std::getenv("KEDGE_ISA");
  if (wanted == nullptr || *wanted == '\0') return runnable_isas().back();
  for (const Isa isa : runnable_isas()) {
    if (isa_name(isa) == wanted) return isa;
  }
  throw invalid_argument("KEDGE_ISA = \"", wanted, "\": this machine runs ",
                         names_of(runnable_isas()));
}

}  // namespace

std::string_view isa_name(Isa isa) noexcept { return kNames[static_cast<std::size_t>(isa)]; }

std::span<const Isa> runnable_isas() noexcept {
  static const std::vector<Isa> isas = detect();
  return isas;
}

bool is_runnable(Isa isa) noexcept {
  for (const Isa runnable : runnable_isas()) {
    if (runnable == isa) return true;
  }
  return false;
}

Isa active_isa() {
  static const Isa isa = choose();
  return isa;
}

}  // namespace kedge
