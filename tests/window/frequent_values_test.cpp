#include "kedge/window/frequent_values.h"

#include <algorithm>
#include <map>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

using Frequent = FrequentValues<std::uint64_t>;

// Few values often, most of 5000 seldom.
std::uint64_t skewed(Random& random) {
  return random.below(3) == 0 ? random.below(8) : random.below(5000);
}

}  // namespace

TEST(
    "frequent values: merged in any shape, no count is too low, and none too high by more than "
    "said") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    std::map<std::uint64_t, std::uint64_t> counts;
    std::vector<Frequent> parts(1 + random.below(12));
    std::uint64_t rows = 0;
    for (Frequent& part : parts) {
      for (std::uint64_t i = random.below(6000); i > 0; --i) {
        const std::uint64_t value = skewed(random);
        part.add(value);
        ++counts[value];
        ++rows;
      }
    }
    while (parts.size() > 1) {
      const std::size_t into = random.below(parts.size() - 1);
      parts[into].merge(parts.back());
      parts.pop_back();
    }
    const Frequent& whole = parts.front();
    const double bound = static_cast<double>(rows) * Frequent::kErrorShare;
    CHECK(static_cast<double>(whole.error()) <= bound);
    CHECK(whole.entries().size() <= Frequent::kMost);
    std::size_t found = 0;
    for (const auto& entry : whole.entries()) {
      const std::uint64_t truth = counts.contains(entry.value) ? counts[entry.value] : 0;
      CHECK(truth <= entry.count && entry.count <= truth + whole.error());
      found += truth > whole.error() ? 1 : 0;
    }
    std::size_t often = 0;
    for (const auto& [value, count] : counts) often += count > whole.error() ? 1 : 0;
    CHECK(found == often);
  }
}

TEST("frequent values: stored bytes read back to the same, others are refused") {
  FrequentValues<std::string> words;
  for (int i = 0; i < 3000; ++i) words.add(std::to_string(i % 1500));
  ByteWriter out;
  words.write(out);
  ByteReader in(out.view(), "words");
  FrequentValues<std::string> back;
  back.read(in);
  in.expect_end();
  ByteWriter again;
  back.write(again);
  CHECK(std::ranges::equal(out.view(), again.view()));
  const auto refuses = [](const char* error, std::initializer_list<int> bytes) {
    std::vector<std::byte> raw;
    for (const int byte : bytes) raw.push_back(static_cast<std::byte>(byte));
    ByteReader reader(raw, "words");
    FrequentValues<std::string> read;
    CHECK_ERROR(error, read.read(reader));
  };
  refuses("1025 frequent values", {0, 0x81, 8});
  refuses("do not rise", {0, 2, 1, 'b', 1, 1, 'a', 1});
  refuses("do not rise", {0, 2, 1, 'a', 1, 1, 'a', 1});
  refuses("a value came 2 times, by an error of 3", {3, 1, 1, 'a', 2});
  refuses("a value came 0 times", {0, 1, 1, 'a', 0});
}

}  // namespace kedge
