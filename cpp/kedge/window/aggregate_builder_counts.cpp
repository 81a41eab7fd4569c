#include "kedge/arrow/numeric.h"
#include "kedge/base/hash.h"
#include "kedge/window/aggregate_builder.h"
#include "kedge/window/histogram_bounds.h"
#include "kedge/window/histogram_piece.h"
#include "kedge/window/profile_piece.h"
#include "kedge/window/top_piece.h"

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

AggregateBuilder::Made AggregateBuilder::make_top(const AggregateSpec& aggregate) {
  const Type source = input_type(aggregate, aggregate.input, Takes::kTexts);
  Type entry;
  entry.id = TypeId::kStruct;
  entry.children = {{"value", output_type(source), false}, {"count", uint64_type(), false}};
  const std::size_t values = input(aggregate, form_of(source));
  const auto most = static_cast<std::size_t>(aggregate.number);
  const auto numbers = [&] {
    return piece<TopNumbersPiece>("top", values, is_integral(source), is_unsigned(source.id))
        .top(most);
  };
  using Values = FrequentValues<std::uint64_t>;
  return {list_of(std::move(entry)),
          is_string(source.id) ? piece<TopTextsPiece>("top", values).top(most) : numbers(),
          {{"kedge.count_error", text_of(Values::kErrorShare)},
           {"kedge.exact_up_to", text(Values::kMost)}}};
}

AggregateBuilder::Made AggregateBuilder::make_profile(const AggregateSpec& aggregate) {
  const ColumnProfile reference = reference_column(aggregate.reference);
  reference.check_takes(to_.inputs_.type_of(aggregate.input));
  const bool is_number = std::holds_alternative<Histogram>(reference.counts);
  const std::size_t values = input(aggregate, is_number ? Form::kDoubles : Form::kColumn);
  const std::size_t wanted = to_.inputs_.add("", aggregate.where, Form::kPresence);
  const std::string name = text(hash_bytes(aggregate.reference));
  const auto& counted = piece<ProfilePiece>(text("profile ", name), values, reference, wanted);
  Type bytes;
  bytes.id = TypeId::kLargeBinary;
  return {bytes, counted.profile(), {{"kedge.column", reference.name}, {"kedge.reference", name}}};
}

}  // namespace kedge
