#include "allocations.h"

#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KEDGE_OWN_NEW 0
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KEDGE_OWN_NEW 0
#endif
#ifndef KEDGE_OWN_NEW
#define KEDGE_OWN_NEW 1
#endif

namespace {

thread_local std::size_t count = 0;

}  // namespace

#if KEDGE_OWN_NEW  // sanitizers have their own
void* operator new(std::size_t size) {
  ++count;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace kedge::test {

std::size_t allocations() noexcept { return count; }

}  // namespace kedge::test
