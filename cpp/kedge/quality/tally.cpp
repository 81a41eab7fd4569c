#include "kedge/quality/tally.h"

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr std::uint64_t kMostRows = std::uint64_t{1} << 53;  // whole numbers that a double holds

}  // namespace

void Tally::merge(const Tally& other) {
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i].merge(other.sums[i]);
}

bool Tally::holds(const Tally& other) const noexcept {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (other.counts[i] > counts[i]) return false;
  }
  return true;
}

void Tally::subtract(const Tally& other) noexcept {
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] -= other.counts[i];
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i].subtract(other.sums[i]);
}

void Tally::write(ByteWriter& out) const {
  for (std::size_t i = 0; i < counts.size();) {
    out.write_varint(counts[i]);
    if (counts[i++] != 0) continue;
    const std::size_t run_start = i;
    while (i < counts.size() && counts[i] == 0) ++i;
    out.write_varint(i - run_start);
  }
  for (const ExactTotal& sum : sums) sum.write(out);
}

void Tally::read(ByteReader& in) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts.size();) {
    const std::uint64_t count = in.read_varint();
    if (count > kMostRows - total) {
      throw corrupt_data(in.section(), ": the counts add up to more than 2^53 at count ", i);
    }
    total += count;
    counts[i++] = count;
    if (count != 0) continue;
    const std::uint64_t run = in.read_varint();
    if (run > counts.size() - i) {
      throw corrupt_data(in.section(), ": ", run, " empty counts after count ", i - 1, " of ",
                         counts.size());
    }
    i += static_cast<std::size_t>(run);
  }
  for (ExactTotal& sum : sums) sum = ExactTotal::read(in);
}

}  // namespace kedge
