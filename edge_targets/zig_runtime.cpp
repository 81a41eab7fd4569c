// What zig's C++ library would bring for nothing that is asked of it here, 190 kB of a program; and
// what its runtime lacks.
//
// A definition in the program is taken instead of the library's. Should a later library not ask for
// one of these any more, it is left out, and only the size tells.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// The names of types in the last words of a program that ends by an exception, spelled out. The
// ABI's "invalid name" makes them stay as they are.
extern "C" char* __cxa_demangle(const char*, char*, std::size_t*, int* status) {
  constexpr int kInvalidName = -2;
  if (status != nullptr) *status = kInvalidName;
  return nullptr;
}

#if defined(__x86_64__)
// What compilers ask when a program asks for the processor's instruction sets. zig's runtime lacks
// it: a program of zig's takes none but those that every x86-64 has, which is the scalar code.
extern "C" {
struct {
  unsigned vendor, type, subtype, features;
} __cpu_model = {};
unsigned __cpu_features2[8] = {};
}
#endif

// Digits of large whole numbers, and with a precision, by tables of 100 kB. The C library has the
// same digits without.
namespace std::inline __1 {

to_chars_result __d2fixed_buffered_n(char* first, char* last, double value, std::uint32_t digits);
to_chars_result __d2exp_buffered_n(char* first, char* last, double value, std::uint32_t digits);
void __append_n_digits(std::uint32_t length, std::uint32_t number, char* out);
void __append_nine_digits(std::uint32_t number, char* out);

namespace {

to_chars_result printed(char* first, char* last, const char* form, double value,
                        std::uint32_t digits) {
  char text[2048];
  const int size = std::snprintf(text, sizeof text, form, static_cast<int>(digits), value);
  if (size < 0 || size >= static_cast<int>(sizeof text) || size > last - first) {
    return {last, errc::value_too_large};
  }
  std::memcpy(first, text, static_cast<std::size_t>(size));
  return {first + size, errc{}};
}

}  // namespace

to_chars_result __d2fixed_buffered_n(char* first, char* last, double value, std::uint32_t digits) {
  return printed(first, last, "%.*f", value, digits);
}
to_chars_result __d2exp_buffered_n(char* first, char* last, double value, std::uint32_t digits) {
  return printed(first, last, "%.*e", value, digits);
}
void __append_n_digits(std::uint32_t length, std::uint32_t number, char* out) {
  for (; length > 0; number /= 10) out[--length] = static_cast<char>('0' + number % 10);
}
void __append_nine_digits(std::uint32_t number, char* out) { __append_n_digits(9, number, out); }

}  // namespace std::inline __1
