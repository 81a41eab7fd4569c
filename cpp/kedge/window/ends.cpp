#include "kedge/window/ends.h"

namespace kedge {
namespace {

struct End {
  std::int64_t time;
  std::uint64_t bits;
};
struct State {
  std::uint64_t count;
  End first;
  End last;
};

}  // namespace

std::size_t EndsPiece::bytes() const noexcept { return sizeof(State); }

void EndsPiece::init(std::byte* state) const noexcept {
  of<State>(state) = {0, {INT64_MAX, 0}, {INT64_MIN, 0}};
}

void EndsPiece::update(const Block& block) const {
  const Values& values = block.inputs[input_];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i)) continue;
    State& state = of<State>(block.states[i]);
    const std::uint64_t bits = integers_ ? static_cast<std::uint64_t>(values.integers[i])
                                         : std::bit_cast<std::uint64_t>(values.doubles[i]);
    ++state.count;
    if (block.times[i] < state.first.time) state.first = {block.times[i], bits};
    if (block.times[i] >= state.last.time) state.last = {block.times[i], bits};
  }
}

void EndsPiece::merge(std::byte* into, const std::byte* from) const {
  State& state = of<State>(into);
  const State& other = of<State>(from);
  state.count += other.count;
  if (other.first.time < state.first.time) state.first = other.first;
  if (other.last.time >= state.last.time) state.last = other.last;
}

std::unique_ptr<Answer> EndsPiece::first() const {
  return answer_of([this](const std::byte* at, const TimeRange&) -> std::optional<std::uint64_t> {
    const State& state = of<State>(at);
    if (state.count == 0) return {};
    return state.first.bits;
  });
}

std::unique_ptr<Answer> EndsPiece::last() const {
  return answer_of([this](const std::byte* at, const TimeRange&) -> std::optional<std::uint64_t> {
    const State& state = of<State>(at);
    if (state.count == 0) return {};
    return state.last.bits;
  });
}

std::unique_ptr<Answer> EndsPiece::delta() const {
  if (!integers_) {
    return answer_of([this](const std::byte* at, const TimeRange&) -> std::optional<double> {
      const State& state = of<State>(at);
      if (state.count == 0) return {};
      return std::bit_cast<double>(state.last.bits) - std::bit_cast<double>(state.first.bits);
    });
  }
  return answer_of([this](const std::byte* at, const TimeRange&) -> std::optional<std::int64_t> {
    const State& state = of<State>(at);
    std::int64_t difference = 0;
    if (state.count == 0 ||
        __builtin_sub_overflow(static_cast<std::int64_t>(state.last.bits),
                               static_cast<std::int64_t>(state.first.bits), &difference)) {
      return {};
    }
    return difference;
  });
}

}  // namespace kedge
