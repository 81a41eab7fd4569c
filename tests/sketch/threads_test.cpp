#include <atomic>
#include <thread>
#include <vector>

#include "check.h"
#include "kedge/arrow/build.h"
#include "kedge/base/random.h"
#include "kedge/drift/compare.h"
#include "kedge/drift/ks.h"
#include "kedge/sketch/profile.h"

namespace kedge {
namespace {

Batch uniforms(std::uint64_t seed, int rows) {
  Random random(seed);
  std::vector<double> values;
  for (int i = 0; i < rows; ++i) values.push_back(random.uniform());
  BatchBuilder builder;
  builder.add("v", values);
  return builder.finish();
}

}  // namespace

TEST("threads that count their own part and merge give the bytes of one pass") {
  constexpr int kThreads = 4;
  const Batch whole = uniforms(1, 1000);
  const Profile reference = Profile::of(whole.schema, {&whole, 1}, {.cells = 256});
  Profile expected = reference.like();
  std::vector<Profile> parts;
  for (int i = 0; i < kThreads; ++i) {
    expected.update(uniforms(10 + i, 5000));
    parts.push_back(reference.like());
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&parts, i] { parts[i].update(uniforms(10 + i, 5000)); });
  }
  for (std::thread& thread : threads) thread.join();
  Profile merged = reference.like();
  for (const Profile& part : parts) merged.merge(part);
  CHECK(merged.to_bytes() == expected.to_bytes());
}

TEST("threads may read one profile and test one pair of samples at once") {
  const Batch before = uniforms(1, 20'000);
  const Batch after = uniforms(2, 20'000);
  const Profile reference = Profile::of(before.schema, {&before, 1}, {.cells = 256});
  Profile current = reference.like();
  current.update(after);
  const Sample<double> x{{before.columns[0].data<double>(), before.length}};
  const Sample<double> y{{after.columns[0].data<double>(), after.length}};
  const double distance = ks_test(x, y).statistic;
  std::atomic<int> agreed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const ColumnDrift row = compare(reference, current, {}).front();
      agreed += row.lower <= distance && distance <= row.upper;
      agreed += ks_test(x, y).statistic == distance;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(agreed == 8);
}

}  // namespace kedge
