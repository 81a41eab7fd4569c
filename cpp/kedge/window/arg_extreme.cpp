#include "kedge/window/arg_extreme.h"

#include "kedge/window/ordered_image.h"
#include "kedge/window/owned_text.h"
#include "kedge/window/text_piece.h"

namespace kedge {
namespace {

struct State {
  std::uint64_t rows;
  std::uint64_t image;    // the greatest one so far: of the value, or against its order
  std::uint64_t arrival;  // of the row that has it
  std::uint64_t said;     // its bits, or a text's address
  std::uint64_t said_valid;
};

bool is_better(const State& row, const State& state) noexcept {
  return state.rows == 0 || row.image > state.image ||
         (row.image == state.image && row.arrival < state.arrival);
}

void offer(State& state, const State& row) noexcept {
  const std::uint64_t rows = state.rows + row.rows;
  if (is_better(row, state)) state = row;
  state.rows = rows;
}

// `row` has no address of its own: what it says is `text`, which the state copies.
void offer_text(State& state, State row, std::string_view text) {
  const std::uint64_t rows = state.rows + row.rows;
  if (is_better(row, state)) {
    row.said = state.said;
    state = row;
    if (row.said_valid != 0) set_text(state.said, text);
  }
  state.rows = rows;
}

}  // namespace

std::size_t ArgExtremePiece::bytes() const noexcept { return sizeof(State); }

void ArgExtremePiece::init(std::byte* state) const noexcept { of<State>(state) = {}; }

void ArgExtremePiece::update(const Block& block) const {
  if (owns_memory()) return update_texts(block);
  const Values& values = block.inputs[value_.input];
  const Values& others = block.inputs[said_.input];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i)) continue;
    const auto image = ordered_image(values, i, is_unsigned_);
    if (!image) continue;
    const std::uint64_t said = said_.kind == Kind::kIntegers
                                   ? static_cast<std::uint64_t>(others.integers[i])
                                   : std::bit_cast<std::uint64_t>(others.doubles[i]);
    offer(of<State>(block.states[i]),
          {1, greatest_ ? *image : ~*image, block.arrival + i, said, others.keeps(i)});
  }
}

void ArgExtremePiece::update_texts(const Block& block) const {
  const Values& values = block.inputs[value_.input];
  const Values& others = block.inputs[said_.input];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i) || block.states[i] == block.sink) continue;
    const auto image = ordered_image(values, i, is_unsigned_);
    if (!image) continue;
    offer_text(of<State>(block.states[i]),
               {1, greatest_ ? *image : ~*image, block.arrival + i, 0, others.keeps(i)},
               others.texts[i]);
  }
}

void ArgExtremePiece::merge(std::byte* into, const std::byte* from) const {
  const State& other = of<State>(from);
  if (other.rows == 0) return;
  if (!owns_memory()) return offer(of<State>(into), other);
  const std::string* const text = text_at(other.said);
  offer_text(of<State>(into), other, text == nullptr ? std::string_view() : *text);
}

void ArgExtremePiece::release(std::byte* state) const noexcept {
  release_text(of<State>(state).said);
}

std::size_t ArgExtremePiece::owned_bytes(const std::byte* state) const noexcept {
  return text_bytes(of<State>(state).said);
}

void ArgExtremePiece::write(const std::byte* state, ByteWriter& out) const {
  if (!owns_memory()) return Piece::write(state, out);
  const State& at = of<State>(state);
  for (const std::uint64_t word : {at.rows, at.image, at.arrival}) out.write(word);
  write_text(at.said_valid == 0 ? 0 : at.said, out);
}

void ArgExtremePiece::read(std::byte* state, ByteReader& in) const {
  if (!owns_memory()) return Piece::read(state, in);
  State& at = of<State>(state);
  for (std::uint64_t* const word : {&at.rows, &at.image, &at.arrival}) {
    *word = in.read<std::uint64_t>();
  }
  read_text(at.said, in);
  at.said_valid = at.said != 0;
}

std::unique_ptr<Result> ArgExtremePiece::said() const {
  if (owns_memory()) {
    return text_result([this](const std::byte* at) {
      const State& state = of<State>(at);
      return state.said_valid == 0 ? 0 : state.said;
    });
  }
  return answer_of([this](const std::byte* at, const TimeRange&) -> std::optional<std::uint64_t> {
    const State& state = of<State>(at);
    if (state.rows == 0 || state.said_valid == 0) return {};
    return state.said;
  });
}

}  // namespace kedge
