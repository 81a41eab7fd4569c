// kedge_info              what this build runs on
// kedge_info --selftest   a digest over every kernel's and format's results on fixed input: the
//                         same 16 digits on every machine and under every KEDGE_ISA, or it is a bug

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "kedge/arrow/build.h"
#include "kedge/arrow/ipc.h"
#include "kedge/base/cpu.h"
#include "kedge/base/error.h"
#include "kedge/base/hash.h"
#include "kedge/base/math.h"
#include "kedge/base/random.h"
#include "kedge/drift/chi_square.h"
#include "kedge/drift/classifier.h"
#include "kedge/drift/compare.h"
#include "kedge/drift/distance.h"
#include "kedge/drift/fisher.h"
#include "kedge/drift/ks.h"
#include "kedge/drift/principal.h"
#include "kedge/drift/rank_tests.h"
#include "kedge/drift/wasserstein.h"
#include "kedge/evidence/fdr.h"
#include "kedge/sketch/categories.h"
#include "kedge/sketch/distinct.h"
#include "kedge/sketch/frequent.h"
#include "kedge/sketch/profile.h"
#include "selftest_evidence.h"
#include "selftest_forests.h"
#include "selftest_int16.h"
#include "selftest_int8.h"
#include "selftest_nets.h"
#include "selftest_quality.h"
#include "selftest_windows.h"

namespace kedge {
namespace {

constexpr int kRows = 20'000;

double bell(Random& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += random.uniform();
  return sum;
}

// Columns that lead to every kind of map, with the values that differ between machines in careless
// code: both zeros, denormals, infinities, NaN.
Batch seeded_batch(std::uint64_t seed, double shift) {
  Random random(seed);
  std::vector<double> even, heavy, clusters, zeros, odd;
  std::vector<std::uint64_t> items;
  std::vector<bool> returned;
  std::vector<std::string> city;
  for (int i = 0; i < kRows; ++i) {
    even.push_back(bell(random) + shift);
    const int side = random.below(2) == 1 ? 1 : -1;
    heavy.push_back(side / (1 - random.uniform()));
    const std::uint32_t cluster = random.below(3);
    clusters.push_back(bell(random) + 1e6 * cluster);
    zeros.push_back(random.below(10) < 4 ? 0.0 : exp_of(bell(random)));
    odd.push_back(std::bit_cast<double>(random.bits()));
    items.push_back(random.below(12));
    returned.push_back(random.below(9) == 0);
    city.push_back(std::string(random.below(20), 'k'));
  }
  for (const double special : {0.0, -0.0, 5e-324, -5e-324, HUGE_VAL, -HUGE_VAL, std::nan("")}) {
    even[random.below(kRows)] = special;
  }
  BatchBuilder batch;
  batch.add("even", even);
  batch.add("heavy", heavy);
  batch.add("clusters", clusters);
  batch.add("zeros", zeros);
  batch.add("odd", odd);
  batch.add("items", items);
  batch.add("returned", returned);
  batch.add("city", city);
  return batch.finish();
}

void digest_slices(const Profile& reference, const Profile& current, Digest& digest) {
  for (const SliceDrift& row : compare_slices(reference, current, {})) {
    for (const double number : {row.drift.lower, row.drift.at_least, row.drift.pvalue_bh}) {
      digest.add(number);
    }
  }
}

void add_sketches(Digest& digest) {
  const Batch before = seeded_batch(1, 0);
  const Batch after = seeded_batch(2, 0.05);
  for (const std::uint32_t cells : {64u, 4096u}) {
    ProfileOptions options;
    options.cells = cells;
    options.slices = {"items"};
    const Profile reference = Profile::of(before.schema, {&before, 1}, options);
    Profile current = reference.like();
    current.update(after);
    digest.add(reference.to_bytes());
    digest.add(current.to_bytes());
    Profile merged = Profile::from_bytes(reference.to_bytes());
    merged.merge(Profile::from_bytes(current.to_bytes()));
    digest.add(merged.to_bytes());
    digest_slices(reference, current, digest);
    for (const ColumnDrift& row : compare(reference, current, {})) {
      for (const double number : {row.lower,
                                  row.upper,
                                  row.pvalue,
                                  row.at_least,
                                  row.at_most,
                                  row.null_at_least,
                                  row.low,
                                  row.high,
                                  row.reference_share,
                                  row.current_share,
                                  row.psi,
                                  row.psi_noise,
                                  row.js,
                                  row.chi_square_pvalue,
                                  row.fisher_pvalue,
                                  row.anderson_darling_pvalue,
                                  row.cramer_von_mises_pvalue,
                                  row.wasserstein,
                                  row.energy,
                                  row.reference_mean,
                                  row.current_std,
                                  row.total_variation,
                                  row.null_pvalue,
                                  row.new_at_least}) {
        digest.add(number);
      }
    }
  }
}

void add_exact_tests(Digest& digest) {
  const Batch before = seeded_batch(1, 0);
  const Batch after = seeded_batch(2, 0.05);
  for (std::size_t column = 0; column < 5; ++column) {
    const Sample<double> x{{before.columns[column].data<double>(), before.length}, nullptr, 0};
    const Sample<double> y{{after.columns[column].data<double>(), after.length}, nullptr, 0};
    for (const std::size_t rows : {std::size_t{200}, before.length}) {
      const KsResult result = ks_test<double>({x.values.first(rows), nullptr, 0}, y);
      digest.add(result.statistic);
      digest.add(result.pvalue);
      digest.add(static_cast<std::uint64_t>(result.index));
    }
  }
}

void add_math(Digest& digest) {
  Random random(3);
  for (int i = 0; i < kRows; ++i) {
    const double x = 40 * random.uniform() - 20;
    digest.add(exp_of(x));
    digest.add(log_of(std::fabs(x)));
    digest.add(log1p_of(random.uniform() - 0.5));
  }
}

void add_count_tests(Digest& digest) {
  Random random(6);
  std::vector<double> pvalues;
  for (const std::uint32_t most : {3u, 50u, 100'000u}) {
    for (std::size_t bins = 2; bins < 200; ++bins) {
      std::vector<std::uint64_t> before, after;
      std::vector<double> ends = {0};
      for (std::size_t i = 0; i < bins; ++i) {
        before.push_back(random.below(most));
        after.push_back(random.below(most));
        ends.push_back(ends.back() + random.uniform());
      }
      const RankTests ranks = rank_tests(before, after);
      const CountDistances far = count_distances(before, after);
      const PlaceDistances places = place_distances(before, after, ends);
      pvalues.push_back(ranks.anderson_darling.pvalue());
      for (const double number :
           {chi_square_homogeneity(before, after).pvalue, g_test(before, after).pvalue,
            ranks.anderson_darling.standardised, ranks.anderson_darling.pvalue(),
            ranks.cramer_von_mises.pvalue(), ranks.cramer_von_mises.untied_pvalue(), far.psi,
            far.kl, far.js, far.hellinger, far.total_variation, count_noise(bins, most, bins).psi,
            count_noise(bins, bins, most).js, places.wasserstein, places.energy,
            fisher_exact(before[0], before[1], after[0], after[1])}) {
        digest.add(number);
      }
    }
  }
  for (const double adjusted : benjamini_hochberg(pvalues)) digest.add(adjusted);
  for (const double adjusted : bonferroni(pvalues)) digest.add(adjusted);
  digest.add(fisher_exact(1'096'975, 2'860'504, 15'884'243, 41'536'168));
}

void add_ipc(Digest& digest) {
  const Batch batch = seeded_batch(4, 0);
  ByteWriter out;
  write_ipc(*batch.schema, {&batch, 1}, out);
  digest.add(out.view());
  const Batches back = read_ipc(out.view(), nullptr);
  ByteWriter again;
  write_ipc(*back.schema, back.batches, again);
  digest.add(again.view());
}

void add_categories(Digest& digest) {
  const Batch batch = seeded_batch(5, 0);
  Categories categories(std::make_shared<const CategoryMap>(
      std::vector<std::string>{"", "kkk", "kkkkkkkkkkkkkkkkkk"}));
  Frequent frequent(8);
  for (const char* name : {"city", "items", "returned"}) {
    const Column& column = batch.columns[find_column(*batch.schema, name)];
    categories.update(column);
    frequent.update(column);
  }
  digest.add(categories.to_bytes());
  for (const FrequentName& entry : frequent.top(8)) {
    digest.add(as_bytes(entry.name));
    digest.add(entry.count);
  }
  for (const Column& column : batch.columns) {
    Distinct distinct;
    distinct.add(column);
    digest.add(distinct.estimate());
  }
}

void add_joint(Digest& digest) {
  const Batch before = seeded_batch(1, 0);
  const Batch after = seeded_batch(2, 0.3);
  const Profile profile = Profile::of(before.schema, {&before, 1}, {});
  ClassifierTest classifier(profile);
  PrincipalTest principal(profile);
  classifier.add_reference(before);
  classifier.add_current(after);
  principal.add_reference(before);
  principal.add_current(after);
  const ClassifierResult found = classifier.result(0.05, 0.99);
  const PrincipalResult errors = principal.result(0.8, 0.99);
  for (const double number : {found.auc, found.at_least, found.at_most, found.pvalue,
                              errors.explained, errors.reference_error, errors.current_error,
                              errors.change_deviation, errors.lower, errors.upper}) {
    digest.add(number);
  }
  for (const Importance& part : found.importance) {
    digest.add(as_bytes(part.name));
    digest.add(part.share);
  }
}

int selftest() {
  Digest digest;
  add_math(digest);
  add_sketches(digest);
  add_exact_tests(digest);
  add_count_tests(digest);
  add_ipc(digest);
  add_categories(digest);
  add_joint(digest);
  add_forests(digest);
  add_nets(digest);
  add_int8(digest);
  add_int16(digest);
  add_windows(digest);
  add_evidence(digest);
  add_monitor(digest);
  add_quality(digest);
  std::printf("%016" PRIx64 "\n", digest.value());
  return 0;
}

int info() {
  std::string runnable;
  for (const Isa isa : runnable_isas()) runnable += text(" ", isa_name(isa));
  std::printf("kedge %s\ninstruction sets:%s\nactive: %s\n", KEDGE_VERSION, runnable.c_str(),
              std::string(isa_name(active_isa())).c_str());
  return 0;
}

}  // namespace
}  // namespace kedge

int main(int argc, char** argv) {
  constexpr int kWrongUse = 64;
  try {
    kedge::active_isa();
    if (argc == 1) return kedge::info();
    if (argc == 2 && std::strcmp(argv[1], "--selftest") == 0) return kedge::selftest();
  } catch (const kedge::Error& error) {
    std::fprintf(stderr, "kedge_info: %s\n", error.what());
    return kWrongUse;
  }
  std::fprintf(stderr, "usage: kedge_info [--selftest]\n");
  return kWrongUse;
}
