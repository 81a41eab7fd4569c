#include "kedge/sketch/string_table.h"

#include <map>
#include <string>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

// Short and long ones, with zeros, shared beginnings and shared ends.
std::vector<std::string> hard_names(int count) {
  Random random(9);
  std::vector<std::string> names = {"", std::string(1, '\0'), std::string(16, '\0'),
                                    std::string(17, '\0')};
  while (static_cast<int>(names.size()) < count) {
    std::string name(random.below(40), "ab\0"[random.below(3)]);
    const auto digits = std::to_string(random.below(static_cast<std::uint32_t>(count)));
    names.push_back(random.below(2) == 1 ? name + digits : digits + name);
  }
  return names;
}

}  // namespace

TEST("strings are numbered in the order they came, and found again, as in a std::map") {
  for (const int count : {4, 60, 5000, 60'000}) {
    StringTable table;
    std::map<std::string, std::uint32_t> expected;
    for (const std::string& name : hard_names(count)) {
      const auto next = static_cast<std::uint32_t>(expected.size());
      const std::uint32_t number = expected.emplace(name, next).first->second;
      CHECK(table.insert(name) == number);
    }
    const auto check_all = [&] {
      CHECK(table.size() == expected.size());
      for (const auto& [name, number] : expected) {
        CHECK(table.find(name) == number);
        CHECK(table.name(number) == name);
        CHECK(table.find(name + "!") == StringTable::kAbsent);
      }
    };
    check_all();
    table.settle();
    check_all();
    table.insert("one more, after it settled");
    CHECK(table.find("one more, after it settled") == expected.size());
    CHECK(table.find("") == 0);
  }
}

TEST("many look-ups at once give what single ones give") {
  StringTable table;
  const auto names = hard_names(3000);
  for (std::size_t i = 0; i < names.size(); i += 2) table.insert(names[i]);
  std::vector<NameKey> keys;
  for (const std::string& name : names) keys.push_back(name_key(name));
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, keys.size()}) {
    std::vector<std::uint32_t> ids(size + 1, 77);
    table.find_all(std::span(keys).first(size), ids.data());
    for (std::size_t i = 0; i < size; ++i) CHECK(ids[i] == table.find(names[i]));
    CHECK(ids[size] == 77);
  }
}

TEST("tables of equal strings in equal order are equal, however they grew") {
  StringTable a;
  StringTable b;
  for (const std::string& name : hard_names(500)) a.insert(name);
  for (std::uint32_t id = 0; id < a.size(); ++id) b.insert(std::string(a.name(id)));
  b.settle();
  CHECK(a == b);
  b.insert("z");
  CHECK(!(a == b));
}

}  // namespace kedge
