// Any bytes are a model that scores, the same with every engine, or a named error. The checksums
// are made right first, so that the fuzzer reaches what is behind them.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "fuzz.h"
#include "kedge/base/hash.h"
#include "kedge/model/bundle.h"
#include "kedge/model/covers.h"
#include "kedge/score/engine.h"
#include "kedge/score/link.h"
#include "kedge/score/model.h"

namespace {

constexpr std::size_t kHeader = 32;
constexpr std::size_t kEntry = 32;
constexpr std::size_t kRows = 65;  // a block and one more
// Beyond that a run takes too long to be one of many.
constexpr std::size_t kMostWork = 1 << 22;

template <class T>
T read_at(const std::vector<std::byte>& bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

void reseal(std::vector<std::byte>& bytes) {
  if (bytes.size() < kHeader) return;
  const std::size_t count = read_at<std::uint32_t>(bytes, 16);
  if (count > (bytes.size() - kHeader) / kEntry) return;
  const std::span<const std::byte> whole(bytes);
  const std::uint64_t size = bytes.size();
  std::memcpy(bytes.data() + 20, &size, sizeof size);
  for (std::size_t at = kHeader; at < kHeader + kEntry * count; at += kEntry) {
    const auto offset = read_at<std::uint64_t>(bytes, at + 8);
    const auto length = read_at<std::uint64_t>(bytes, at + 16);
    if (offset > bytes.size() || length > bytes.size() - offset) continue;
    const std::uint32_t crc = kedge::crc32c(whole.subspan(offset, length));
    std::memcpy(bytes.data() + at + 24, &crc, sizeof crc);
  }
  const std::uint32_t crc = kedge::crc32c(whole.subspan(12, kHeader - 12 + kEntry * count));
  std::memcpy(bytes.data() + 8, &crc, sizeof crc);
}

// The model's own cuts in turn, with what is hard among them.
std::vector<double> rows_of(const kedge::RankedForest& forest) {
  constexpr double kHard[] = {std::numeric_limits<double>::quiet_NaN(),
                              0.0,
                              -0.0,
                              -0.5,
                              1e-36,
                              HUGE_VAL,
                              -HUGE_VAL,
                              2147483648.0};
  std::vector<double> rows;
  std::size_t turn = 0;
  for (std::size_t i = 0; i < kRows * forest.features; ++i, ++turn) {
    const std::size_t place = turn / 2;
    const bool is_hard = turn % 2 == 0 || forest.cuts.empty();
    rows.push_back(is_hard ? kHard[place % std::size(kHard)]
                           : forest.cuts[place % forest.cuts.size()]);
  }
  return rows;
}

bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

template <class Sum>
void check_engines(const kedge::RankedForest& forest) {
  const std::vector<double> values = rows_of(forest);
  kedge::Rows rows;
  rows.data = reinterpret_cast<const std::byte*>(values.data());
  rows.count = kRows;
  rows.row_stride = static_cast<std::ptrdiff_t>(forest.features * sizeof(double));
  rows.column_stride = sizeof(double);
  std::vector<Sum> first;
  for (const kedge::EngineRow& row : kedge::engines()) {
    if (!row.can_serve(forest)) continue;
    const auto engine = row.make(forest);
    std::vector<Sum> scores(kRows * forest.outputs);
    engine->score(rows, scores.data());
    std::vector<Sum> one_by_one(scores.size());
    for (std::size_t i = 0; i < kRows; ++i) {
      engine->score(rows.from(i, 1), one_by_one.data() + i * forest.outputs);
    }
    if (first.empty()) first = scores;
    kedge::fuzz_check(std::ranges::equal(scores, first, same));
    kedge::fuzz_check(std::ranges::equal(one_by_one, first, same));
  }
  kedge::apply_link(forest, kRows, first.data());
}

// Sums of covers stay covers, and the root's is that of all leaves.
void check_sums(const kedge::RankedForest& forest) {
  if (!kedge::has_covers(forest)) return;
  for (std::size_t i = 0; i < forest.trees.size(); ++i) {
    const kedge::TreeCovers covers = kedge::tree_covers(forest, i);
    if (covers.nodes.empty()) continue;
    double sum = 0;
    for (const double cover : covers.leaves) sum += cover;
    kedge::fuzz_check(std::ranges::all_of(covers.nodes, [](double cover) { return cover >= 0; }));
    kedge::fuzz_check(std::fabs(covers.nodes.front() - sum) <= 1e-9 * sum);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto raw = kedge::fuzz_bytes(data, size);
  std::vector<std::byte> bytes(raw.begin(), raw.end());
  reseal(bytes);
  try {
    kedge::Bundle bundle = kedge::read_bundle(bytes, nullptr);
    const kedge::RankedForest& forest = bundle.forest;
    const std::size_t work = kRows * (forest.nodes.size() + forest.trees.size() + forest.outputs +
                                      forest.features + forest.terms.size());
    if (work > kMostWork) return 0;
    const auto written = kedge::write_bundle(bundle);
    kedge::fuzz_check(kedge::write_bundle(kedge::read_bundle(written, nullptr)) == written);
    if (bundle.graph || bundle.foreign) {  // its golden rows are what scores
      const kedge::Model net(std::move(bundle));
      return 0;
    }
    check_sums(forest);
    if (forest.sums_float32) {
      check_engines<float>(forest);
    } else {
      check_engines<double>(forest);
    }
    const kedge::Model model(std::move(bundle));
  } catch (const kedge::Error&) {
  }
  return 0;
}
