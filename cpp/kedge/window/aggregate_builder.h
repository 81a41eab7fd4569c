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

// Of values that come out as they went in. Halves come out as floats: nothing that writes columns
// knows them.
Type output_type(const Type& type);

class AggregateBuilder {
 public:
  AggregateBuilder(Aggregation& to, const WindowSpec& spec, const Schema& schema,
                   const UserCodes* codes)
      : to_(to), spec_(spec), schema_(schema), codes_(codes) {}

  // Throws InvalidArgument and Unsupported that name the aggregate.
  void build();

 private:
  // What one aggregate becomes.
  struct Made {
    Type type;
    std::unique_ptr<Result> result;
    std::vector<std::pair<std::string, std::string>> metadata = {};
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
  Made make_histogram(const AggregateSpec& aggregate);
  Made make_top(const AggregateSpec& aggregate);
  Made make_profile(const AggregateSpec& aggregate);
  Made make_user(const AggregateSpec& aggregate);

  std::size_t input(const AggregateSpec& aggregate, Form form);
  enum class Takes : std::uint8_t { kNumbers, kTimes, kTexts };  // each also what is before it
  // The type of what the aggregate reads; large_utf8 of all kinds of text. Throws Unsupported
  // unless the aggregate takes it.
  Type input_type(const AggregateSpec& aggregate, const std::string& source, Takes takes);
  Type number_type(const AggregateSpec& aggregate) {
    return input_type(aggregate, aggregate.input, Takes::kNumbers);
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
  const UserCodes* codes_;
  std::map<std::pair<std::string, std::string>, Needs> summaries_;  // by input and condition
  std::map<std::pair<std::string, std::size_t>, const Piece*> made_;
};

template <class MadePiece, class... Arguments>
const MadePiece& AggregateBuilder::piece(std::string_view kind, std::size_t input,
                                         const Arguments&... arguments) {
  const Piece*& slot = made_[{std::string(kind), input}];
  if (slot == nullptr) {
    auto made = std::make_unique<MadePiece>(arguments..., input);
    slot = made.get();
    to_.pieces_.push_back(std::move(made));
  }
  return static_cast<const MadePiece&>(*slot);
}

}  // namespace kedge
