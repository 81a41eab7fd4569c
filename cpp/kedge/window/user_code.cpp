#include "kedge/window/user_code.h"

#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"

namespace kedge {

TypeId user_type(const Type& type) {
  if (!is_numeric(type)) {
    throw unsupported("users' code takes numbers and times, and this is ", type_name(type));
  }
  if (!is_integral(type)) return TypeId::kFloat64;
  return type.id == TypeId::kUint64 || type.id == TypeId::kBool ? type.id : TypeId::kInt64;
}

}  // namespace kedge
