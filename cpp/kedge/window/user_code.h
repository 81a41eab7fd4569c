// A user's aggregate as machine code that somebody else compiled. Its functions take many rows or
// states at once, so that LLVM or whoever made them has the user's own code inside the loop.
//
// Thread safety: functions of one code may run at once on different states.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kedge/arrow/type.h"

namespace kedge {

// Each gives 0, or another number when the user's code raised: then states hold anything.
struct UserCode {
  // Rows `i` with `keep[i] != 0`, all when absent: their state is at `states[i] + offset`, input
  // j's value is `values[j][i]`, eight bytes each.
  using Step = std::int32_t(std::byte* const* states, std::size_t offset, const void* const* values,
                            const std::uint8_t* keep, std::size_t length);
  // Each of `length` states, `stride` bytes apart, gets the rows of its `from` behind its own.
  using Merge = std::int32_t(std::byte* into, const std::byte* from, std::ptrdiff_t stride,
                             std::size_t length);
  // The rows of its `before` ahead of its own; `scratch` is room for a state.
  using Prepend = std::int32_t(std::byte* into, const std::byte* before, std::ptrdiff_t stride,
                               std::size_t length, std::byte* scratch);
  // Values as OutputColumn takes them, and 0 in `valid` where there is none.
  using Finish = std::int32_t(const std::byte* const* states, std::size_t offset,
                              std::size_t length, std::uint64_t* values, std::uint8_t* valid);

  std::vector<std::byte> initial;    // a state before its first row; whole words of eight bytes
  std::size_t plain_words = 0;       // of them, ahead of those that are doubles
  TypeId result = TypeId::kFloat64;  // or kInt64, kUint64, kBool
  Step* step = nullptr;
  Merge* merge = nullptr;
  Prepend* prepend = nullptr;
  Finish* finish = nullptr;
};

// A computed column, likewise.
struct UserColumnCode {
  // Rows `i` with `keep[i] != 0`, all when absent: input j's value is `values[j][i]`. All others,
  // and those for which the code gives None, have 0 in `valid`.
  using Apply = std::int32_t(const void* const* values, const std::uint8_t* keep,
                             std::size_t length, std::uint64_t* out, std::uint8_t* valid);

  TypeId result = TypeId::kFloat64;  // or kInt64, kUint64, kBool
  Apply* apply = nullptr;
};

// How a user's code is given values of this type: kFloat64, kInt64, kUint64 or kBool. Throws
// Unsupported unless they are numbers or times.
TypeId user_type(const Type& type);

// Where the code is, by the name that a definition has for it.
class UserCodes {
 public:
  virtual ~UserCodes() = default;
  // None when there is no code of this name.
  virtual std::optional<std::uint64_t> hash_of(const std::string& name) const = 0;
  // For inputs that are kFloat64, kInt64, kUint64 or kBool (as kInt64's 0 and 1). It stays valid as
  // long as this. Throws whatever says why it cannot be compiled.
  virtual UserCode code_for(const std::string& name, std::span<const TypeId> inputs) const = 0;
  virtual UserColumnCode column_for(const std::string& name,
                                    std::span<const TypeId> inputs) const = 0;
};

}  // namespace kedge
