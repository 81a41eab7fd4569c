// How operators are written, and how tightly they bind.
#pragma once

#include <string_view>

#include "kedge/expr/expression.h"

namespace kedge::expr {

// From loose to tight; an operator's operands bind tighter than it does.
inline constexpr int kOrLevel = 1;
inline constexpr int kAndLevel = 2;
inline constexpr int kNotLevel = 3;
inline constexpr int kCompareLevel = 4;
inline constexpr int kAddLevel = 5;
inline constexpr int kMultiplyLevel = 6;
inline constexpr int kUnaryLevel = 7;
inline constexpr int kOperandLevel = 8;

int level_of(Op op) noexcept;

// The canonical word or sign: "and", "==", "not in", "abs".
std::string_view spelling_of(Op op) noexcept;

// The operator of a sign between two operands, kLiteral when there is none.
Op infix_of(std::string_view sign) noexcept;
// The function of a name in any case, kLiteral when there is none.
Op function_of(std::string_view name) noexcept;

}  // namespace kedge::expr
