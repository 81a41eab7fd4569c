#include "kedge/arrow/numeric.h"
#include "kedge/window/aggregate_builder.h"
#include "kedge/window/histogram_bounds.h"
#include "kedge/window/histogram_piece.h"

namespace kedge {
namespace {

Type list_of(Type entry) {
  Type list;
  list.id = TypeId::kList;
  list.children.push_back({"item", std::move(entry), false});
  return list;
}

Type uint64_type() {
  Type type;
  type.id = TypeId::kUint64;
  return type;
}

}  // namespace

AggregateBuilder::Made AggregateBuilder::make_histogram(const AggregateSpec& aggregate) {
  const Type source = number_type(aggregate);
  const auto bounds = histogram_bounds(aggregate.number, aggregate.bounds);
  const std::string numbers = text("[", joined_bounds(bounds), "]");
  const auto& cells = piece<HistogramPiece>(text("histogram ", numbers),
                                            input(aggregate, form_of(source)), bounds, source);
  return {list_of(uint64_type()), cells.counts(), {{"kedge.bounds", numbers}}};
}

}  // namespace kedge
