#include "kedge/window/number_table.h"

#include <unordered_map>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

// Zero, small numbers and such as differ in their highest bits alone.
std::uint64_t draw(Random& random, std::uint64_t most) {
  switch (random.below(4)) {
    case 0:
      return random.below(3);
    case 1:
      return std::uint64_t{random.below(most)} << 44;
    default:
      return random.below(most) * 0x9e3779b97f4a7c15;
  }
}

TEST("numbers get the ids in which they came, however many there are and however they are given") {
  Random random(61);
  for (const std::uint64_t most : {2U, 40U, 1500U, 60'000U}) {
    NumberTable table;
    std::unordered_map<std::uint64_t, std::uint32_t> expected;
    std::vector<std::uint64_t> numbers;
    for (int round = 0; round < 200; ++round) {
      numbers.assign(random.below(1000), 0);
      for (std::uint64_t& number : numbers) number = draw(random, most);
      std::vector<std::uint32_t> ids(numbers.size());
      table.insert_all(numbers.data(), numbers.size(), ids.data());
      bool all_agree = true;
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto next = static_cast<std::uint32_t>(expected.size());
        const std::uint32_t id = expected.try_emplace(numbers[i], next).first->second;
        all_agree = all_agree && ids[i] == id && table.number(id) == numbers[i];
      }
      CHECK(all_agree);
      CHECK(table.size() == expected.size());
    }
  }
}

TEST("a number that is never looked up takes an id and hides none, and so after a new start") {
  NumberTable table;
  CHECK(table.insert(7) == 0);
  CHECK(table.append_unlisted(0) == 1);
  CHECK(table.insert(0) == 2);
  for (std::uint64_t i = 0; i < 5000; ++i) CHECK(table.insert(100 + i) == 3 + i);
  CHECK(table.insert(0) == 2);
  std::vector<std::uint64_t> numbers(table.numbers().begin(), table.numbers().end());
  table.assign(std::move(numbers), 1);
  CHECK(table.insert(0) == 2);
  CHECK(table.insert(5099) == 5002);
  CHECK(table.insert(1) == 5003);
}

}  // namespace
}  // namespace kedge
