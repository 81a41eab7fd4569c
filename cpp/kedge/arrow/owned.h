// Owners of the three ABI structs: they move, and release exactly once.
#pragma once

#include "kedge/arrow/abi.h"

namespace kedge {

template <class Struct>
class Owned {
 public:
  Owned() noexcept : raw_{} {}
  // Takes over `other`'s content and marks it released, as the specification asks of a move.
  explicit Owned(Struct& other) noexcept : raw_(other) { other.release = nullptr; }
  Owned(Owned&& other) noexcept : Owned(other.raw_) {}
  Owned& operator=(Owned&& other) noexcept {
    if (this != &other) {
      reset();
      raw_ = other.raw_;
      other.raw_.release = nullptr;
    }
    return *this;
  }
  ~Owned() { reset(); }

  bool is_released() const noexcept { return raw_.release == nullptr; }
  Struct* get() noexcept { return &raw_; }
  const Struct* operator->() const noexcept { return &raw_; }
  const Struct& operator*() const noexcept { return raw_; }
  // Hands the content to a struct that the caller releases.
  void move_to(Struct& out) noexcept {
    out = raw_;
    raw_.release = nullptr;
  }
  void reset() noexcept {
    if (raw_.release != nullptr) raw_.release(&raw_);
    raw_.release = nullptr;
  }

 private:
  Struct raw_;
};

using OwnedSchema = Owned<ArrowSchema>;
using OwnedArray = Owned<ArrowArray>;
using OwnedStream = Owned<ArrowArrayStream>;

}  // namespace kedge
