#include "kedge/window/integers.h"

#include "kedge/base/twofold.h"

namespace kedge {
namespace {

struct State {
  std::uint64_t count;
  std::uint64_t low;  // the sum's 128 bits in two's complement
  std::uint64_t high;
  std::int64_t least;  // images
  std::int64_t greatest;
};

void add(State& state, std::uint64_t low, std::uint64_t high) noexcept {
  state.low += low;
  state.high += high + (state.low < low ? 1 : 0);
}

}  // namespace

IntegerPiece::IntegerPiece(bool is_unsigned, std::size_t input)
    : input_(input), flip_(is_unsigned ? std::uint64_t{1} << 63 : 0), is_unsigned_(is_unsigned) {}

std::size_t IntegerPiece::bytes() const noexcept { return sizeof(State); }

void IntegerPiece::init(std::byte* state) const noexcept {
  of<State>(state) = {0, 0, 0, INT64_MAX, INT64_MIN};
}

void IntegerPiece::update(const Block& block) const {
  const Values& values = block.inputs[input_];
  for (std::size_t i = 0; i < block.length; ++i) {
    State& state = of<State>(values.keeps(i) ? block.states[i] : block.sink);
    const std::int64_t value = values.integers[i];
    const auto bits = static_cast<std::uint64_t>(value);
    const auto image = static_cast<std::int64_t>(bits ^ flip_);
    ++state.count;
    add(state, bits, !is_unsigned_ && value < 0 ? ~std::uint64_t{0} : 0);
    state.least = std::min(state.least, image);
    state.greatest = std::max(state.greatest, image);
  }
}

void IntegerPiece::merge(std::byte* into, const std::byte* from) const {
  State& state = of<State>(into);
  const State& other = of<State>(from);
  state.count += other.count;
  add(state, other.low, other.high);
  state.least = std::min(state.least, other.least);
  state.greatest = std::max(state.greatest, other.greatest);
}

std::optional<double> IntegerPiece::sum_in(const std::byte* at) const noexcept {
  const State& state = of<State>(at);
  if (state.count == 0) return std::nullopt;
  // Three parts of at most 53 bits each are exact doubles.
  const auto top = static_cast<double>(static_cast<std::int64_t>(state.high)) * 0x1p64;
  const auto middle = static_cast<double>(state.low >> 32) * 0x1p32;
  const auto bottom = static_cast<double>(state.low & 0xffffffff);
  return (exact_sum(top, middle) + Twofold{bottom, 0}).value();
}

std::unique_ptr<Answer> IntegerPiece::sum() const {
  return answer_of([this](const std::byte* at, const TimeRange&) -> std::optional<std::uint64_t> {
    const State& state = of<State>(at);
    const bool is_negative = !is_unsigned_ && state.low >> 63 != 0;
    if (state.count == 0 || state.high != (is_negative ? ~std::uint64_t{0} : 0)) return {};
    return state.low;
  });
}

std::unique_ptr<Answer> IntegerPiece::mean() const {
  return answer_of([this](const std::byte* at, const TimeRange&) {
    auto sum = sum_in(at);
    if (sum) *sum /= static_cast<double>(of<State>(at).count);
    return sum;
  });
}

std::optional<std::int64_t> IntegerPiece::least_in(const std::byte* at) const noexcept {
  const State& state = of<State>(at);
  if (state.count == 0) return std::nullopt;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(state.least) ^ flip_);
}

std::optional<std::int64_t> IntegerPiece::greatest_in(const std::byte* at) const noexcept {
  const State& state = of<State>(at);
  if (state.count == 0) return std::nullopt;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(state.greatest) ^ flip_);
}

std::unique_ptr<Answer> IntegerPiece::least() const {
  return answer_of([this](const std::byte* at, const TimeRange&) { return least_in(at); });
}

std::unique_ptr<Answer> IntegerPiece::greatest() const {
  return answer_of([this](const std::byte* at, const TimeRange&) { return greatest_in(at); });
}

std::unique_ptr<Answer> IntegerPiece::any() const {
  return answer_of([this](const std::byte* at, const TimeRange&) -> std::optional<std::uint64_t> {
    const State& state = of<State>(at);
    if (state.count == 0) return {};
    return state.low != 0;
  });
}

std::unique_ptr<Answer> IntegerPiece::all() const {
  return answer_of([this](const std::byte* at, const TimeRange&) -> std::optional<std::uint64_t> {
    const State& state = of<State>(at);
    if (state.count == 0) return {};
    return state.low == state.count;
  });
}

}  // namespace kedge
