// How often the calling thread has asked for memory, so that a test can say that a call does not.
#pragma once

#include <cstddef>

namespace kedge::test {

std::size_t allocations() noexcept;

}  // namespace kedge::test
