// Memory of the calling thread for the length of a call.
#pragma once

#include <cstddef>
#include <vector>

namespace kedge {

// Overwritten by the next call with the same `Value` and `User`. Allocates when it has to grow.
template <class Value, class User>
Value* scratch(std::size_t count) {
  thread_local std::vector<Value> memory;
  if (memory.size() < count) memory.resize(count);
  return memory.data();
}

}  // namespace kedge
