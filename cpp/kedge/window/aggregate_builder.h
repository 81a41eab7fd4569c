// From the aggregates of a definition to pieces and answers. Aggregates that read the same values
// share a piece, which is why all are looked at before any piece is made.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "kedge/window/aggregation.h"

namespace kedge {

class SummaryPiece;
class IntegerPiece;

class AggregateBuilder {
 public:
  AggregateBuilder(Aggregation& to, const WindowSpec& spec, const Schema& schema)
      : to_(to), spec_(spec), schema_(schema) {}

  // Throws InvalidArgument and Unsupported that name the aggregate.
  void build();

 private:
  // What one aggregate becomes.
  struct Made {
    Type type;
    std::unique_ptr<Answer> answer;
  };

  void note_summary(const AggregateSpec& aggregate);
  Made make(const AggregateSpec& aggregate);
  Made make_count(const AggregateSpec& aggregate);
  Made make_rate(const AggregateSpec& aggregate);
  Made make_sum(const AggregateSpec& aggregate);
  Made make_spread(const AggregateSpec& aggregate);
  Made make_extreme(const AggregateSpec& aggregate);
  Made make_end(const AggregateSpec& aggregate);
  Made make_arg_extreme(const AggregateSpec& aggregate);
  Made make_flag(const AggregateSpec& aggregate);
  Made make_quantile(const AggregateSpec& aggregate);
  Made make_decay(const AggregateSpec& aggregate);
  Made make_correlation(const AggregateSpec& aggregate);

  std::size_t input(const AggregateSpec& aggregate, Form form);
  // The type of what the aggregate reads. Throws Unsupported unless it is a number (or, for
  // `times`, a time).
  Type number_type(const AggregateSpec& aggregate, const std::string& source, bool times);
  Type number_type(const AggregateSpec& aggregate) {
    return number_type(aggregate, aggregate.input, false);
  }

  // The piece of this kind over this input; made on the first call.
  template <class MadePiece, class... Arguments>
  const MadePiece& piece(std::string_view kind, std::size_t input, const Arguments&... arguments);
  const SummaryPiece& summary(const AggregateSpec& aggregate);
  const IntegerPiece& integers(const AggregateSpec& aggregate, const Type& type);

  struct Needs {
    bool sum = false;
    bool squares = false;
    bool extremes = false;
  };

  Aggregation& to_;
  const WindowSpec& spec_;
  const Schema& schema_;
  std::map<std::pair<std::string, std::string>, Needs> summaries_;  // by input and condition
  std::map<std::pair<std::string, std::size_t>, const Piece*> made_;
};

}  // namespace kedge
