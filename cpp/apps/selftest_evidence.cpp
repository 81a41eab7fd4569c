#include "selftest_evidence.h"

#include <string>
#include <vector>

#include "kedge/arrow/build.h"
#include "kedge/base/random.h"
#include "kedge/drift/monitor.h"
#include "kedge/drift/monitor_plan.h"
#include "kedge/evidence/bernstein_interval.h"
#include "kedge/evidence/betting_interval.h"
#include "kedge/evidence/detector.h"
#include "kedge/evidence/fdr.h"
#include "kedge/evidence/mean_bet.h"
#include "kedge/evidence/mixture.h"
#include "kedge/evidence/two_sample.h"

namespace kedge {
namespace {

void add_limits(const MeanLimits& limits, Digest& digest) {
  digest.add(limits.lower);
  digest.add(limits.upper);
}

Batch drifting_batch(Random& random, int rows, double shift) {
  std::vector<double> amount;
  std::vector<std::string> city;
  std::vector<std::string> text;
  for (int i = 0; i < rows; ++i) {
    amount.push_back(random.uniform() + random.uniform() + shift);
    city.push_back(std::string(random.below(6), 'k'));
    text.push_back(std::to_string(random.bits()));
  }
  BatchBuilder batch;
  batch.add("amount", amount);
  batch.add("city", city);
  batch.add("text", text);
  return batch.finish();
}

}  // namespace

void add_evidence(Digest& digest) {
  Random random(8);
  MeanHedge hedge(0.4, 0, 1, 0.99);
  BernsteinInterval bernstein(0, 1, 0.05);
  BettingInterval betting(0, 1, 0.05, 64);
  TwoSampleRatio ratio(true);
  ChangeDetector detectors[] = {ChangeDetector(DetectorForm::kShiryaevRoberts),
                                ChangeDetector(DetectorForm::kCusum),
                                ChangeDetector(DetectorForm::kNeverFalse)};
  std::vector<double> log_evidence;
  for (int i = 0; i < 2000; ++i) {
    const double value = random.uniform();
    const double log_factor = hedge.update(value);
    bernstein.update(value);
    betting.update(value);
    digest.add(log_factor);
    // One after the other: arguments are evaluated in the compiler's order.
    const std::uint64_t of_twenty = random.below(4);
    const std::uint64_t of_two = random.below(2);
    digest.add(ratio.update({of_twenty, 19}, {of_two, 1}));
    for (ChangeDetector& detector : detectors) {
      detector.update(log_factor, 0.5 + value);
      digest.add(detector.log_evidence());
      digest.add(detector.since());
    }
    log_evidence.push_back(detectors[0].log_evidence());
    digest.add(mixture_bound(1 + i, mixture_rho(100, 0.05), 0.05));
  }
  add_limits(bernstein.limits(), digest);
  add_limits(betting.limits(), digest);
  for (const std::size_t i : e_benjamini_hochberg(log_evidence, 0.5)) {
    digest.add(static_cast<std::uint64_t>(i));
  }
}

void add_monitor(Digest& digest) {
  Random random(9);
  const Batch before = drifting_batch(random, 20'000, 0);
  ProfileOptions options;
  options.cells = 512;
  options.slices = {"city"};
  const Profile reference = Profile::of(before.schema, {&before, 1}, options);
  for (const double fdr : {0.0, 0.1}) {
    Monitor monitor(reference, {0.01, 1e-3, fdr, 0.99, 1, false});
    for (int look = 0; look < 40; ++look) {
      const Batch batch = drifting_batch(random, 300, look < 20 ? 0 : 0.2);
      for (const Alarm& alarm : monitor.update({&batch, 1}, 1)) {
        digest.add(as_bytes(alarm.column + alarm.slice + alarm.what + alarm.name));
        for (const double number : {alarm.log_evidence, alarm.distance, alarm.at_least,
                                    alarm.at_most, alarm.reference_share, alarm.current_share}) {
          digest.add(number);
        }
        digest.add(alarm.since);
      }
    }
    digest.add(monitor.to_bytes());
    digest.add(Monitor::from_bytes(monitor.to_bytes()).to_bytes());
    for (const ColumnPlan& plan : plan_of(monitor, 0.1)) digest.add(plan.rows);
  }
}

}  // namespace kedge
