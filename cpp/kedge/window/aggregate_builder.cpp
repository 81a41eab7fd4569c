#include "kedge/window/aggregate_builder.h"

#include <algorithm>
#include <array>

#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"
#include "kedge/sketch/distinct.h"
#include "kedge/window/arg_extreme.h"
#include "kedge/window/correlation.h"
#include "kedge/window/count_piece.h"
#include "kedge/window/decay.h"
#include "kedge/window/distinct_piece.h"
#include "kedge/window/ends.h"
#include "kedge/window/integers.h"
#include "kedge/window/powers.h"
#include "kedge/window/quantile_piece.h"
#include "kedge/window/summary.h"
#include "kedge/window/text_piece.h"

namespace kedge {
namespace {

Type plain_type(TypeId id) {
  Type type;
  type.id = id;
  return type;
}

ArgExtremePiece::Kind kind_of(const Type& type) {
  using Kind = ArgExtremePiece::Kind;
  if (is_string(type.id)) return Kind::kTexts;
  return is_integral(type) ? Kind::kIntegers : Kind::kDoubles;
}

SummaryParts parts_of(bool sum, bool squares, bool extremes) {
  if (squares) return extremes ? SummaryParts::kMomentsExtremes : SummaryParts::kMoments;
  if (sum) return extremes ? SummaryParts::kSumExtremes : SummaryParts::kSum;
  return SummaryParts::kExtremes;
}

}  // namespace

Type output_type(const Type& type) {
  return type.id == TypeId::kFloat16 ? plain_type(TypeId::kFloat32) : type;
}

void AggregateBuilder::build() {
  for (const AggregateSpec& aggregate : spec_.aggregates) {
    in_aggregate(aggregate, [&] { note_summary(aggregate); });
  }
  for (const AggregateSpec& aggregate : spec_.aggregates) {
    Made made = in_aggregate(aggregate, [&] { return make(aggregate); });
    to_.fields_.push_back({aggregate.name, std::move(made.type), true, std::move(made.metadata)});
    to_.results_.push_back(std::move(made.result));
  }
}

void AggregateBuilder::note_summary(const AggregateSpec& aggregate) {
  if (aggregate.input.empty()) return;
  Needs& needs = summaries_[{aggregate.input, aggregate.where}];
  switch (aggregate.function) {
    case Function::kSum:
    case Function::kMean:
    case Function::kRate:
      needs.sum = true;
      break;
    case Function::kVariance:
    case Function::kStddev:
      needs.squares = true;
      break;
    case Function::kMin:
    case Function::kMax:
      needs.extremes = true;
      break;
    default:
      break;
  }
}

AggregateBuilder::Made AggregateBuilder::make(const AggregateSpec& aggregate) {
  switch (aggregate.function) {
    case Function::kCount:
    case Function::kDistinct:
      return make_count(aggregate);
    case Function::kRate:
      return make_rate(aggregate);
    case Function::kSum:
    case Function::kMean:
      return make_sum(aggregate);
    case Function::kVariance:
    case Function::kStddev:
    case Function::kSkew:
    case Function::kKurtosis:
      return make_spread(aggregate);
    case Function::kMin:
    case Function::kMax:
      return make_extreme(aggregate);
    case Function::kFirst:
    case Function::kLast:
    case Function::kDelta:
      return make_end(aggregate);
    case Function::kArgMin:
    case Function::kArgMax:
      return make_arg_extreme(aggregate);
    case Function::kAny:
    case Function::kAll:
      return make_flag(aggregate);
    case Function::kQuantile:
      return make_quantile(aggregate);
    case Function::kEma:
      return make_decay(aggregate);
    case Function::kHistogram:
      return make_histogram(aggregate);
    case Function::kTop:
      return make_top(aggregate);
    case Function::kProfile:
      return make_profile(aggregate);
    case Function::kCorrelation:
      return make_correlation(aggregate);
    case Function::kUser:
      break;
  }
  return make_user(aggregate);
}

std::size_t AggregateBuilder::input(const AggregateSpec& aggregate, Form form) {
  return to_.inputs_.add(aggregate.input, aggregate.where, form);
}

Type AggregateBuilder::input_type(const AggregateSpec& aggregate, const std::string& source,
                                  Takes takes) {
  Type type = to_.inputs_.type_of(source);
  if (takes == Takes::kTexts && holds_texts(type)) return plain_type(TypeId::kLargeUtf8);
  if (is_numeric(type) && (takes != Takes::kNumbers || !is_time(type.id))) return type;
  constexpr std::array<std::string_view, 3> kTaken = {"numbers", "numbers and times",
                                                      "numbers, times and strings"};
  throw unsupported(function_name(aggregate.function), " takes ",
                    kTaken[static_cast<std::size_t>(takes)], ", and \"", source, "\" is ",
                    type_name(type));
}

const SummaryPiece& AggregateBuilder::summary(const AggregateSpec& aggregate) {
  const Needs needs = summaries_[{aggregate.input, aggregate.where}];
  return piece<SummaryPiece>("summary", input(aggregate, Form::kDoubles),
                             parts_of(needs.sum, needs.squares, needs.extremes));
}

const IntegerPiece& AggregateBuilder::integers(const AggregateSpec& aggregate, const Type& type) {
  return piece<IntegerPiece>("integers", input(aggregate, Form::kIntegers), is_unsigned(type.id));
}

AggregateBuilder::Made AggregateBuilder::make_count(const AggregateSpec& aggregate) {
  const Type type = plain_type(TypeId::kUint64);
  if (aggregate.function == Function::kDistinct) {
    const Type source = to_.inputs_.type_of(aggregate.input);
    if (!Distinct::takes(source)) {
      throw unsupported("distinct takes no ", type_name(source));
    }
    const std::size_t hashes = input(aggregate, Form::kHashes);
    const std::string_view kind = aggregate.exact ? "distinct exact" : "distinct";
    const double error = aggregate.exact ? 0 : Distinct::kStandardError;
    return {type,
            piece<DistinctPiece>(kind, hashes, aggregate.exact).count(),
            {{"kedge.standard_error", text_of(error)}}};
  }
  if (aggregate.input.empty() && aggregate.where.empty()) {
    return {type, column_answer(
                      [](const WordColumns& columns, std::size_t length, std::uint64_t* values,
                         std::uint8_t* valid) { read_counts(columns, 0, length, values, valid); })};
  }
  return {type, piece<CountPiece>("count", input(aggregate, Form::kPresence)).count()};
}

AggregateBuilder::Made AggregateBuilder::make_rate(const AggregateSpec& aggregate) {
  if (spec_.time.empty()) throw invalid_argument("rate needs a time column");
  const Type& time = schema_[find_column(schema_, spec_.time)].type;
  const auto unit = share_of_ticks(aggregate.duration, ticks_per_day(time));
  const auto per_unit = [unit](std::optional<double> sum, const TimeRange& window) {
    const double units = static_cast<double>(window.end - window.begin) / unit;
    if (sum) *sum /= units;
    return sum;
  };
  const Type type = plain_type(TypeId::kFloat64);
  if (aggregate.input.empty()) {
    const auto& count = piece<CountPiece>("count", input(aggregate, Form::kPresence));
    return {type, answer_of([&count, per_unit](const std::byte* state, const TimeRange& window) {
              return per_unit(static_cast<double>(count.count_in(state)), window);
            })};
  }
  const Type source = number_type(aggregate);
  if (is_integral(source)) {
    const IntegerPiece& sums = integers(aggregate, source);
    return {type, answer_of([&sums, per_unit](const std::byte* state, const TimeRange& window) {
              return per_unit(sums.sum_in(state), window);
            })};
  }
  const SummaryPiece& sums = summary(aggregate);
  return {type, answer_of([&sums, per_unit](const std::byte* state, const TimeRange& window) {
            return per_unit(sums.sum_in(state), window);
          })};
}

AggregateBuilder::Made AggregateBuilder::make_sum(const AggregateSpec& aggregate) {
  const Type source = number_type(aggregate);
  const bool is_sum = aggregate.function == Function::kSum;
  if (is_integral(source)) {
    const IntegerPiece& sums = integers(aggregate, source);
    if (!is_sum) return {plain_type(TypeId::kFloat64), sums.mean()};
    const bool is_wide = source.id == TypeId::kUint64;
    return {plain_type(is_wide ? TypeId::kUint64 : TypeId::kInt64), sums.sum()};
  }
  const SummaryPiece& sums = summary(aggregate);
  return {plain_type(TypeId::kFloat64), is_sum ? sums.sum() : sums.mean()};
}

AggregateBuilder::Made AggregateBuilder::make_spread(const AggregateSpec& aggregate) {
  number_type(aggregate);
  const Type type = plain_type(TypeId::kFloat64);
  switch (aggregate.function) {
    case Function::kVariance:
      return {type, summary(aggregate).variance(aggregate.number)};
    case Function::kStddev:
      return {type, summary(aggregate).stddev(aggregate.number)};
    default:
      break;
  }
  const auto& powers = piece<PowersPiece>("powers", input(aggregate, Form::kDoubles));
  return {type, aggregate.function == Function::kSkew ? powers.skew() : powers.kurtosis()};
}

AggregateBuilder::Made AggregateBuilder::make_extreme(const AggregateSpec& aggregate) {
  const Type source = input_type(aggregate, aggregate.input, Takes::kTexts);
  const bool is_min = aggregate.function == Function::kMin;
  if (is_string(source.id)) {
    const std::size_t texts = input(aggregate, Form::kTexts);
    return {source,
            piece<TextExtremePiece>(is_min ? "text min" : "text max", texts, !is_min).text()};
  }
  if (is_integral(source)) {
    const IntegerPiece& values = integers(aggregate, source);
    return {source, is_min ? values.least() : values.greatest()};
  }
  const SummaryPiece& values = summary(aggregate);
  return {output_type(source), is_min ? values.least() : values.greatest()};
}

AggregateBuilder::Made AggregateBuilder::make_end(const AggregateSpec& aggregate) {
  const bool is_delta = aggregate.function == Function::kDelta;
  const Type source =
      input_type(aggregate, aggregate.input, is_delta ? Takes::kTimes : Takes::kTexts);
  const bool is_first = aggregate.function == Function::kFirst;
  if (is_string(source.id)) {
    const auto& ends = piece<TextEndsPiece>("text ends", input(aggregate, Form::kTexts));
    return {source, is_first ? ends.first() : ends.last()};
  }
  const bool integral = is_integral(source);
  const auto& ends = piece<EndsPiece>("ends", input(aggregate, form_of(source)), integral);
  if (is_delta) {
    return {plain_type(integral ? TypeId::kInt64 : TypeId::kFloat64), ends.delta()};
  }
  return {output_type(source), is_first ? ends.first() : ends.last()};
}

AggregateBuilder::Made AggregateBuilder::make_arg_extreme(const AggregateSpec& aggregate) {
  const std::string& of = aggregate.of.empty() ? spec_.time : aggregate.of;
  if (of.empty()) throw invalid_argument("of: which column is wanted, without a time column?");
  const Type source = input_type(aggregate, aggregate.input, Takes::kTimes);
  const Type said = input_type(aggregate, of, Takes::kTexts);
  const ArgExtremePiece::Input value{input(aggregate, form_of(source)), kind_of(source)};
  const ArgExtremePiece::Input other{to_.inputs_.add(of, "", form_of(said)), kind_of(said)};
  auto made = std::make_unique<ArgExtremePiece>(aggregate.function == Function::kArgMax,
                                                is_unsigned(source.id), value, other);
  Made out{output_type(said), made->said()};
  to_.pieces_.push_back(std::move(made));
  return out;
}

AggregateBuilder::Made AggregateBuilder::make_flag(const AggregateSpec& aggregate) {
  const Type source = to_.inputs_.type_of(aggregate.input);
  if (source.id != TypeId::kBool || source.dictionary) {
    throw unsupported(function_name(aggregate.function), " takes bools, and \"", aggregate.input,
                      "\" is ", type_name(source));
  }
  const IntegerPiece& flags = integers(aggregate, source);
  return {source, aggregate.function == Function::kAny ? flags.any() : flags.all()};
}

AggregateBuilder::Made AggregateBuilder::make_quantile(const AggregateSpec& aggregate) {
  number_type(aggregate);
  const double error = aggregate.exact ? 0 : aggregate.error;
  const auto& values =
      piece<QuantilePiece>(text("quantile ", error), input(aggregate, Form::kDoubles), error);
  return {plain_type(TypeId::kFloat64),
          values.quantile(aggregate.number),
          {{"kedge.rank_error", text_of(error)}}};
}

AggregateBuilder::Made AggregateBuilder::make_decay(const AggregateSpec& aggregate) {
  if (spec_.time.empty()) throw invalid_argument("ema needs a time column");
  number_type(aggregate);
  const Type& time = schema_[find_column(schema_, spec_.time)].type;
  const auto halflife = share_of_ticks(aggregate.duration, ticks_per_day(time));
  auto made = std::make_unique<DecayPiece>(input(aggregate, Form::kDoubles), halflife);
  Made out{plain_type(TypeId::kFloat64), made->mean()};
  to_.pieces_.push_back(std::move(made));
  return out;
}

AggregateBuilder::Made AggregateBuilder::make_correlation(const AggregateSpec& aggregate) {
  number_type(aggregate);
  input_type(aggregate, aggregate.of, Takes::kNumbers);
  const std::size_t x = input(aggregate, Form::kDoubles);
  const std::size_t y = to_.inputs_.add(aggregate.of, aggregate.where, Form::kDoubles);
  auto made = std::make_unique<CorrelationPiece>(x, y);
  Made out{plain_type(TypeId::kFloat64), made->pearson()};
  to_.pieces_.push_back(std::move(made));
  return out;
}

}  // namespace kedge
