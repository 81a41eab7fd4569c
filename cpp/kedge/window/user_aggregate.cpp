// What AggregateBuilder makes of a user's aggregate.
#include "kedge/base/error.h"
#include "kedge/window/aggregate_builder.h"
#include "kedge/window/user_piece.h"

namespace kedge {

AggregateBuilder::Made AggregateBuilder::make_user(const AggregateSpec& aggregate) {
  const UserSpec& user = aggregate.user;
  if (codes_ == nullptr) {
    throw invalid_argument("the code of \"", user.code, "\" is not there");
  }
  std::vector<UserPiece::Input> inputs;
  std::vector<TypeId> types;
  for (const std::string& source : user.inputs) {
    types.push_back(in_column(source, [&] { return user_type(to_.inputs_.type_of(source)); }));
    const bool is_double = types.back() == TypeId::kFloat64;
    const Form form = is_double ? Form::kDoubles : Form::kIntegers;
    inputs.push_back({to_.inputs_.add(source, aggregate.where, form), is_double});
  }
  if (inputs.empty()) inputs.push_back({input(aggregate, Form::kPresence), false});
  UserCode code = codes_->code_for(user.code, types);
  const TypeId result = code.result;
  auto made = std::make_unique<UserPiece>(std::move(code), aggregate.name, std::move(inputs));
  Type type;
  type.id = result;
  Made out{type, made->answer()};
  to_.pieces_.push_back(std::move(made));
  return out;
}

}  // namespace kedge
