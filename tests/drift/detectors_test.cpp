#include <cmath>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"
#include "kedge/drift/classic/adwin.h"
#include "kedge/drift/classic/kswin.h"
#include "kedge/drift/ks_pvalue.h"

namespace kedge {
namespace {

TEST("a window that is told one mean for long keeps few buckets and all of the values' sum") {
  StreamDetector<Adwin> detector(Adwin({.clock = 1000}));
  Random random(1);
  double sum = 0;
  for (int i = 0; i < 20'000; ++i) {
    const double value = random.uniform();
    sum += value;
    CHECK(detector.add(value) == Signal::kNone);
  }
  CHECK(detector.core().width() == 20'000);
  CHECK(std::fabs(detector.core().mean() - sum / 20'000) < 1e-12);
  CHECK(detector.to_bytes().size() < std::size_t{15 * 5 * 16 + 200});
  CHECK(StreamDetector<Adwin>::from_bytes(detector.to_bytes()) == detector);
}

TEST("the least distance that is a drift is the least that the test finds unlikely") {
  const Kswin kswin({.alpha = 0.01, .window_size = 50, .stat_size = 20, .min_distance = 0});
  const auto pvalue = [](std::int64_t k) {
    return ks_two_sample_pvalue(30, 20, static_cast<double>(k) / 600);
  };
  CHECK(pvalue(kswin.least_drift()) <= 0.01);
  CHECK(pvalue(kswin.least_drift() - 1) > 0.01);
  // The samples are too small for any distance to be this unlikely: no drift, ever.
  CHECK(Kswin({.alpha = 0.001, .window_size = 4, .stat_size = 2}).least_drift() == 5);
}

TEST("a refused value leaves a detector as it was") {
  StreamDetector<Kswin> detector(Kswin({}));
  const std::vector<double> values = {1, 2, std::nan("")};
  CHECK_ERROR("values[2]: nan is not from -1e+100 to 1e+100", detector.update(values));
  CHECK(detector.count() == 0);
}

}  // namespace
}  // namespace kedge
