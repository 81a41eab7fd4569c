// A column that a user's code computes from others, a block of rows at a time.
//
// Thread safety: none of its calls changes it.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "kedge/expr/program.h"
#include "kedge/window/user_code.h"

namespace kedge {

class UserColumn {
 public:
  struct Input {
    std::size_t source;  // whose column evaluate() is given
    bool is_double;      // read as doubles, else as integers
  };
  UserColumn(UserColumnCode code, std::vector<Input> inputs);

  const Type& type() const noexcept { return type_; }
  std::span<const Input> inputs() const noexcept { return inputs_; }

  // Null where an input is, and where the code gives None. Throws InvalidArgument when it raises.
  ComputedColumn evaluate(std::span<const Column* const> columns, std::size_t length) const;

 private:
  class Block;

  UserColumnCode code_;
  std::vector<Input> inputs_;
  Type type_;
};

}  // namespace kedge
