// Any map over any values: every variant gives the slots of the scalar one, and none reads or
// writes beyond its arrays.

#include <cstring>
#include <vector>

#include "fuzz.h"
#include "kedge/base/bytes.h"
#include "kedge/sketch/cell_map.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    kedge::ByteReader reader(kedge::fuzz_bytes(data, size), "map");
    const auto map = kedge::CellMap::read(reader);
    std::vector<double> values(reader.remaining() / sizeof(double));
    const auto rest = reader.read_bytes(values.size() * sizeof(double));
    if (!values.empty()) std::memcpy(values.data(), rest.data(), rest.size());
    for (const auto& variant : kedge::cell_variants()) {
      if (!kedge::is_runnable(variant.isa)) continue;
      std::vector<std::uint32_t> slots(values.size());
      variant.index_f64(map.plan(), {values.data(), values.size()}, slots.data());
      for (std::size_t i = 0; i < values.size(); ++i) {
        kedge::fuzz_check(slots[i] == kedge::cell_slot(map.plan(), values[i]));
        kedge::fuzz_check(slots[i] <= kedge::nan_slot(map.cells()));
      }
      std::vector<std::uint32_t> counts(map.slots());
      std::vector<std::uint32_t> expected(map.slots());
      variant.count_f64(map.plan(), {values.data(), values.size()}, counts.data());
      for (const std::uint32_t slot : slots) ++expected[slot];
      kedge::fuzz_check(counts == expected);
    }
  } catch (const kedge::Error&) {
  }
  return 0;
}
