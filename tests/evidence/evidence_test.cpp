#include <cmath>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"
#include "kedge/evidence/bernstein_interval.h"
#include "kedge/evidence/betting_interval.h"
#include "kedge/evidence/count_ratio.h"
#include "kedge/evidence/detector.h"
#include "kedge/evidence/detector_bank.h"
#include "kedge/evidence/fdr.h"
#include "kedge/evidence/log_space.h"
#include "kedge/evidence/mean_bet.h"
#include "kedge/evidence/two_sample.h"

namespace kedge {
namespace {

constexpr double kNone = -HUGE_VAL;

TEST("sums of logarithms hold for none, for little and for what no double can hold") {
  CHECK(log_add(kNone, kNone) == kNone);
  CHECK(log_add(kNone, -3) == -3);
  CHECK(log_add(1e6, 5) == 1e6);
  CHECK(std::fabs(log_add(0, 0) - 0.6931471805599453) < 1e-15);
  CHECK(log_add(2, 3) == log_add(3, 2));
}

TEST("a bet loses at most half of its capital and never what it does not stake") {
  MeanBet bet(0.3, 0, 1);
  CHECK(bet.update(0.9) == 0);  // nothing is known yet, nothing is staked
  for (int i = 0; i < 1000; ++i) bet.update(1);
  CHECK(bet.update(-HUGE_VAL) >= std::log(0.5) - 1e-12);
  const double before = bet.log_capital();
  CHECK(bet.update(std::nan("")) == 0 && bet.log_capital() == before);
  CHECK(std::isfinite(bet.update(HUGE_VAL)));
}

TEST("a bet on a mean outside of its bounds is refused") {
  CHECK_ERROR("mean = 0 is not between the bounds 0 and 1", MeanBet(0, 0, 1));
  CHECK_ERROR("mean = 2", MeanHedge(2, 0, 1));
  CHECK_ERROR("memory = 1.5", MeanBet(0.5, 0, 1, 1.5));
  CHECK_ERROR("is too wide", MeanBet(0, -1.7e308, 1.7e308));
}

TEST("a mean is within its limits, and betting is narrower for a small one") {
  Random random(1);
  BernsteinInterval bernstein(-1, 3, 0.05);
  BettingInterval betting(-1, 3, 0.05, 1000);
  for (int i = 0; i < 20'000; ++i) {
    const double value = random.uniform() < 0.01 ? 3 : -1;
    bernstein.update(value);
    betting.update(value);
  }
  const MeanLimits wide = bernstein.limits();
  const MeanLimits narrow = betting.limits();
  CHECK(wide.lower < -0.96 && -0.96 < wide.upper);
  CHECK(narrow.lower < -0.96 && -0.96 < narrow.upper);
  CHECK(narrow.upper - narrow.lower < wide.upper - wide.lower);
  CHECK(bernstein.count() == 20'000 && betting.count() == 20'000);
}

TEST("when the mean moves no point is left") {
  BettingInterval betting(0, 1, 0.05, 50);
  for (int i = 0; i < 400; ++i) betting.update(0);
  CHECK(!betting.is_empty());
  for (int i = 0; i < 4000; ++i) betting.update(1);
  CHECK(betting.is_empty());
}

TEST("hits beyond the boundary are evidence, hits below it are against") {
  const CountRatio ratio(0.1, 0.3);
  CHECK(ratio.log_factor(30, 100) > 0 && ratio.log_factor(10, 100) < 0);
  CHECK(ratio.log_factor(0, 0) == 0);
  CHECK(std::fabs(100 * ratio.log_growth(0.3) - ratio.log_factor(30, 100)) < 1e-12);
  for (const double boundary : {0.0, 0.3, 1.0, std::nan("")}) {
    CHECK_ERROR("is not between the boundary", CountRatio(boundary, 0.3));
  }
}

TEST("blocks without one of the arms are worth nothing") {
  TwoSampleRatio test(false);
  CHECK(test.update({5, 10}, {0, 0}) == 0);
  CHECK(test.update({0, 0}, {9, 10}) == 0);
  CHECK(test.update({5, 10}, {9, 10}) > 0);
  CHECK(test.a().rows == 20 && test.b().hits == 18);
  CHECK_ERROR("one-sided", test.merge(TwoSampleRatio(true)));
}

TEST("what has long been evident stays when it is told in logarithms") {
  for (const DetectorForm form :
       {DetectorForm::kShiryaevRoberts, DetectorForm::kCusum, DetectorForm::kNeverFalse}) {
    ChangeDetector detector(form);
    for (int i = 0; i < 100; ++i) detector.update(-5);
    for (int i = 0; i < 1000; ++i) detector.update(10);
    CHECK(std::fabs(detector.since() - 101) < 1.5);
    CHECK(detector.log_evidence() > 9900 && std::isfinite(detector.log_evidence()));
    detector.restart();
    CHECK(detector.log_evidence() == kNone && detector.now() == 1100);
  }
}

TEST("a bank of detectors is the detectors, and their mean is held at its most") {
  Random random(5);
  const double weights[] = {1, 2, 5};
  DetectorBank bank({1, 2, 5});
  std::vector<ChangeDetector> each(3, ChangeDetector(DetectorForm::kShiryaevRoberts));
  for (int look = 1; look <= 50; ++look) {
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const double log_factor = random.uniform() - 0.4;
      bank.log_factors()[i] = log_factor;
      each[i].update(log_factor);
      sum += std::exp(each[i].log_evidence()) * weights[i] / 8;
    }
    bank.advance(1, look);
    CHECK(std::fabs(bank.evidence() / sum - 1) < 1e-12);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(std::fabs(bank.since(i) - each[i].since()) < 1e-9);
      CHECK(bank.weight(i) * bank.evidence(i) <=
            bank.weight(bank.strongest()) * bank.evidence(bank.strongest()));
    }
  }
  for (double& log_factor : bank.log_factors()) log_factor = 1e9;
  bank.advance(1, 51);
  CHECK(bank.evidence() == kMostEvidence && bank.log_evidence() < 694);
  ByteWriter out;
  bank.write(out);
  DetectorBank other({1, 2, 5});
  ByteReader in(out.view(), "evidence");
  other.read(in);
  CHECK(other.evidence() == bank.evidence() && other.since(2) == bank.since(2));
  DetectorBank fewer({1, 1});
  ByteReader again(out.view(), "evidence");
  CHECK_ERROR("evidence of 3 detectors of 2", fewer.read(again));
  bank.restart();
  CHECK(bank.evidence() == 0 && bank.log_evidence() == kNone);
}

TEST("stored evidence with a number out of its bounds is corrupt") {
  ByteWriter out;
  ChangeDetector(DetectorForm::kCusum).write(out);
  std::vector<std::byte> bytes = out.take();
  const auto read = [&] {
    ByteReader in(bytes, "evidence");
    return ChangeDetector::read(in);
  };
  CHECK(read() == ChangeDetector(DetectorForm::kCusum));
  bytes[0] = std::byte{3};
  CHECK_ERROR("there is no detector of form 3", read());
  bytes[0] = std::byte{1};
  bytes[8] = std::byte{0x7f};  // plus infinity
  bytes[7] = std::byte{0xf0};
  CHECK_ERROR("the logarithm of evidence is", read());
}

TEST("no test is rejected without evidence, all are with enough") {
  CHECK(e_benjamini_hochberg({}, 0.1).empty());
  CHECK(e_benjamini_hochberg(std::vector<double>{kNone, kNone}, 0.1).empty());
  CHECK(e_benjamini_hochberg(std::vector<double>{9, kNone, 9}, 0.1) ==
        std::vector<std::size_t>{0, 2});
  CHECK_ERROR("alpha = 1", e_benjamini_hochberg({}, 1));
}

}  // namespace
}  // namespace kedge
