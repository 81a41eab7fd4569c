#include "kedge/sketch/quantile.h"

#include <algorithm>
#include <cmath>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

// How far the rank of `value` among the rising values is from the share, as a part of them.
double rank_error(const std::vector<double>& sorted, double value, double share) {
  const auto low = std::ranges::lower_bound(sorted, value) - sorted.begin();
  const auto high = std::ranges::upper_bound(sorted, value) - sorted.begin();
  const double rank = share * static_cast<double>(sorted.size() - 1);
  const double off =
      std::max({0.0, static_cast<double>(low) - rank, rank - static_cast<double>(high - 1)});
  return off / static_cast<double>(sorted.size());
}

TEST("a rank is off by no more than the bound, however the values come and merge") {
  Random random(2);
  for (const double error : {0.01, 0.001}) {
    for (const int order : {0, 1, 2, 3}) {
      std::vector<double> values;
      for (int i = 0; i < 200'000; ++i) values.push_back(std::floor(random.uniform() * 1e5));
      if (order == 1) std::ranges::sort(values);
      if (order == 2) std::ranges::sort(values, std::greater<>());
      Quantile whole(error), merged(error);
      for (std::size_t i = 0; i < values.size(); i += 7'777) {
        Quantile part(error);
        for (std::size_t j = i; j < std::min(values.size(), i + 7'777); ++j) {
          whole.add(values[j]);
          part.add(values[j]);
        }
        merged.merge(part);
      }
      std::ranges::sort(values);
      for (const double share : {0.0, 0.001, 0.25, 0.5, 0.99, 1.0}) {
        CHECK(rank_error(values, *whole.at(share), share) <= error);
        CHECK(rank_error(values, *merged.at(share), share) <= error);
      }
    }
  }
}

TEST("few values are interpolated between, NaN has no rank, and none has no quantile") {
  Quantile quantile(0.01);
  CHECK(!quantile.at(0.5));
  for (const double value : {4.0, std::nan(""), 1.0, 2.0}) quantile.add(value);
  CHECK(quantile.count() == 3);
  CHECK(*quantile.at(0) == 1 && *quantile.at(0.5) == 2 && *quantile.at(0.75) == 3);
  CHECK(*quantile.at(1) == 4);
}

TEST("its bytes read back to the same sketch") {
  Random random(4);
  Quantile quantile(0.01);
  for (int i = 0; i < 50'000; ++i) quantile.add(random.uniform());
  ByteWriter out;
  quantile.write(out);
  const auto bytes = out.take();
  Quantile again(0.01);
  ByteReader in(bytes, "quantile");
  again.read(in);
  CHECK(again.at(0.3) == quantile.at(0.3));
  ByteReader cut({bytes.data(), bytes.size() - 1}, "quantile");
  CHECK_ERROR("quantile", again.read(cut));
}

}  // namespace
}  // namespace kedge
