// The C++ tests' frame: TEST("claim") { CHECK(...); }. A failed check is counted and the test goes
// on; kedge_tests exits 1 when one failed and prints "N passed, M failed".
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace kedge::test {

struct Register {
  Register(const char* file, const char* claim, std::function<void()> run);
};

void report(bool passed, const char* file, int line, const std::string& what);

// Which of very many cases are tried: every one, or every so-manieth that KEDGE_TEST_STRIDE says,
// under emulators and sanitizers, which take a hundred times as long. An odd number meets all bits.
std::size_t stride();

// The message of the kedge::Error that `run` throws, or "no error".
std::string error_of(const std::function<void()>& run);

}  // namespace kedge::test

#define KEDGE_JOIN_(a, b) a##b
#define KEDGE_JOIN(a, b) KEDGE_JOIN_(a, b)
#define TEST(claim)                                                     \
  static void KEDGE_JOIN(test_, __LINE__)();                            \
  static const ::kedge::test::Register KEDGE_JOIN(register_, __LINE__)( \
      __FILE__, claim, &KEDGE_JOIN(test_, __LINE__));                   \
  static void KEDGE_JOIN(test_, __LINE__)()
#define CHECK(...) \
  ::kedge::test::report(static_cast<bool>(__VA_ARGS__), __FILE__, __LINE__, #__VA_ARGS__)
// The error must be thrown and its message must contain `part`.
#define CHECK_ERROR(part, ...)                                                               \
  do {                                                                                       \
    const std::string kedge_message = ::kedge::test::error_of([&] { __VA_ARGS__; });         \
    ::kedge::test::report(kedge_message.find(part) != std::string::npos, __FILE__, __LINE__, \
                          #__VA_ARGS__ ": " + kedge_message);                                \
  } while (false)
