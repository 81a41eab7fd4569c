#include "check.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <utility>
#include <vector>

#include "kedge/base/error.h"

namespace kedge::test {
namespace {

struct Test {
  const char* file;
  const char* claim;
  std::function<void()> run;
};

std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

int failures = 0;

bool passes(const Test& test) {
  const int before = failures;
  try {
    test.run();
  } catch (const std::exception& error) {
    report(false, test.file, 0, std::string("threw ") + error.what());
  }
  if (failures != before) std::printf("FAILED: %s\n", test.claim);
  return failures == before;
}

}  // namespace

Register::Register(const char* file, const char* claim, std::function<void()> run) {
  tests().push_back({file, claim, std::move(run)});
}

void report(bool passed, const char* file, int line, const std::string& what) {
  if (passed) return;
  ++failures;
  std::printf("%s:%d: %s\n", file, line, what.c_str());
}

std::size_t stride() {
  const char* const said = std::getenv("KEDGE_TEST_STRIDE");
  const int number = said != nullptr ? std::atoi(said) : 1;
  return number > 1 ? static_cast<std::size_t>(number) : 1;
}

std::string error_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace kedge::test

// kedge_tests [PART]: only the tests whose file or claim contains PART.
int main(int argc, char** argv) {
  using namespace kedge::test;
  const char* part = argc > 1 ? argv[1] : "";
  int passed = 0;
  int failed = 0;
  for (const Test& test : tests()) {
    if (std::strstr(test.file, part) == nullptr && std::strstr(test.claim, part) == nullptr) {
      continue;
    }
    (passes(test) ? passed : failed) += 1;
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
