// Any bytes are quality counts, a calibration, late labels, a shadow, arms or a canary that write
// back the same bytes and have figures, or a named error.

#include <vector>

#include "frames.h"
#include "fuzz.h"
#include "kedge/decide/best_arm.h"
#include "kedge/decide/canary.h"
#include "kedge/decide/shadow.h"
#include "kedge/quality/calibration.h"
#include "kedge/quality/curves.h"
#include "kedge/quality/late_counts.h"

namespace {

using namespace kedge;

template <class Stored, class Use>
void read_any(std::span<const std::byte> bytes, const Use& use) {
  try {
    const Stored stored = Stored::from_bytes(bytes);
    fuzz_check(Stored::from_bytes(stored.to_bytes()).to_bytes() == stored.to_bytes());
    use(stored);
  } catch (const Error&) {
  }
}

void look_at(const QualityCounts& counts) {
  const Tally total = counts.total();
  for (const ExactTotal& sum : total.sums) sum.twofold();
  if (counts.spec().kind == QualityKind::kBinary) areas_of(total);
  if (counts.spec().kind == QualityKind::kEstimate) expected_roc_area(total);
  QualityCounts twice = counts;
  twice.merge(counts);
  twice.subtract(counts);
  fuzz_check(twice == counts);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto given = fuzz_bytes(data, size);
  std::vector<std::byte> bytes(given.begin(), given.end());
  reseal(bytes);
  read_any<QualityCounts>(bytes, look_at);
  read_any<Calibration>(bytes, [](const Calibration& read) {
    look_at(read.counts());
    read.log_evidence();
  });
  read_any<LateCounts>(bytes, [](const LateCounts& read) { look_at(read.counts()); });
  read_any<Shadow>(bytes, [](const Shadow& read) { read.decision(); });
  read_any<BestArm>(bytes, [](const BestArm& read) { read.rows_needed(); });
  read_any<Canary>(bytes, [](const Canary& read) { read.decision(); });
  return 0;
}
