#include "kedge/evidence/two_sample.h"

#include "kedge/base/error.h"
#include "kedge/base/math.h"
#include "kedge/evidence/stored_number.h"

namespace kedge {
namespace {

double real(std::uint64_t count) noexcept { return static_cast<double>(count); }

// The chance that the outcomes so far suggest, never 0 or 1. 0.18 is the pseudo-count that Turner,
// Ly and Gruenwald found best in the worst case.
double chance_of(const ArmCounts& arm) noexcept {
  constexpr double kPseudo = 0.18;
  return (real(arm.hits) + kPseudo) / (real(arm.rows) + 2 * kPseudo);
}

double log_ratio(const ArmCounts& arm, double chance, double pooled) noexcept {
  return real(arm.hits) * log_of(chance / pooled) +
         real(arm.rows - arm.hits) * log_of((1 - chance) / (1 - pooled));
}

void add(ArmCounts& arm, const ArmCounts& more) noexcept {
  arm.hits += more.hits;
  arm.rows += more.rows;
}

ArmCounts read_arm(ByteReader& in) {
  ArmCounts arm;
  arm.hits = in.read_varint();
  arm.rows = in.read_varint();
  if (arm.hits <= arm.rows) return arm;
  throw corrupt_data(in.section(), ": ", arm.hits, " hits of ", arm.rows, " rows");
}

}  // namespace

double TwoSampleRatio::update(ArmCounts a, ArmCounts b) noexcept {
  double log_factor = 0;
  const double chance_a = chance_of(a_);
  const double chance_b = chance_of(b_);
  if (a.rows > 0 && b.rows > 0 && !(one_sided_ && chance_b <= chance_a)) {
    const double pooled =
        (real(a.rows) * chance_a + real(b.rows) * chance_b) / (real(a.rows) + real(b.rows));
    log_factor = log_ratio(a, chance_a, pooled) + log_ratio(b, chance_b, pooled);
  }
  add(a_, a);
  add(b_, b);
  log_evidence_ += log_factor;
  return log_factor;
}

void TwoSampleRatio::merge(const TwoSampleRatio& other) {
  if (one_sided_ != other.one_sided_) {
    throw invalid_argument("cannot merge a one-sided and a two-sided test");
  }
  add(a_, other.a_);
  add(b_, other.b_);
  log_evidence_ += other.log_evidence_;
}

void TwoSampleRatio::write(ByteWriter& out) const {
  out.write(static_cast<std::uint8_t>(one_sided_ ? 1 : 0));
  out.write(log_evidence_);
  for (const ArmCounts& arm : {a_, b_}) {
    out.write_varint(arm.hits);
    out.write_varint(arm.rows);
  }
}

TwoSampleRatio TwoSampleRatio::read(ByteReader& in) {
  const auto one_sided = in.read<std::uint8_t>();
  if (one_sided > 1) throw corrupt_data(in.section(), ": ", one_sided, " is neither 0 nor 1");
  TwoSampleRatio test(one_sided == 1);
  test.log_evidence_ = read_log_evidence(in);
  test.a_ = read_arm(in);
  test.b_ = read_arm(in);
  return test;
}

}  // namespace kedge
