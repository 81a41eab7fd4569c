#include "kedge/window/user_piece.h"

#include <array>

#include "kedge/base/error.h"
#include "kedge/window/user_spec.h"

namespace kedge {

UserPiece::UserPiece(UserCode code, std::string name, std::vector<Input> inputs)
    : code_(std::move(code)), name_(std::move(name)), inputs_(std::move(inputs)) {}

void UserPiece::init(std::byte* state) const noexcept {
  std::ranges::copy(code_.initial, state + offset());
}

void UserPiece::expect_success(std::int32_t status, const char* function) const {
  if (status == 0) return;
  throw invalid_argument("aggregates[\"", name_, "\"]: ", function, " raised an exception");
}

const std::uint8_t* UserPiece::rows_to_keep(const Block& block,
                                            std::uint8_t* memory) const noexcept {
  const std::uint8_t* keep = nullptr;
  const auto narrow = [&](const auto& keeps) {
    for (std::size_t i = 0; i < block.length; ++i) {
      const bool before = keep == nullptr || keep[i] != 0;
      memory[i] = before && keeps(i) ? 1 : 0;
    }
    keep = memory;
  };
  for (const Input& input : inputs_) {
    const std::uint8_t* theirs = block.inputs[input.place].keep;
    if (theirs == nullptr || theirs == keep) continue;
    if (keep == nullptr) {
      keep = theirs;
    } else {
      narrow([theirs](std::size_t i) { return theirs[i] != 0; });
    }
  }
  bool any_sink = false;
  for (std::size_t i = 0; i < block.length; ++i) any_sink |= block.states[i] == block.sink;
  if (any_sink) narrow([&block](std::size_t i) { return block.states[i] != block.sink; });
  return keep;
}

void UserPiece::update(const Block& block) const {
  std::array<std::uint8_t, kFoldRows> memory;
  std::array<const void*, kMostUserInputs> values{};
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const Values& input = block.inputs[inputs_[i].place];
    values[i] = inputs_[i].is_double ? static_cast<const void*>(input.doubles) : input.integers;
  }
  const std::uint8_t* keep = rows_to_keep(block, memory.data());
  expect_success(code_.step(block.states, offset(), values.data(), keep, block.length), "step");
}

void UserPiece::merge(std::byte* into, const std::byte* from) const {
  merge_each(into, from, 0, 1);
}

void UserPiece::merge_each(std::byte* into, const std::byte* from, std::ptrdiff_t stride,
                           std::size_t length) const {
  expect_success(code_.merge(into + offset(), from + offset(), stride, length), "merge");
}

void UserPiece::prepend_each(std::byte* into, const std::byte* before, std::ptrdiff_t stride,
                             std::size_t length) const {
  std::vector<std::byte> scratch(bytes());
  expect_success(code_.prepend(into + offset(), before + offset(), stride, length, scratch.data()),
                 "merge");
}

class UserPiece::FinishAnswer final : public Answer {
 public:
  explicit FinishAnswer(const UserPiece& piece) : piece_(piece) {}

  void read(const Finished& finished, std::uint64_t* values, std::uint8_t* valid) const override {
    const std::size_t length = finished.states.size();
    const auto status =
        piece_.code_.finish(finished.states.data(), piece_.offset(), length, values, valid);
    piece_.expect_success(status, "finish");
    for (std::size_t i = 0; i < length; ++i) {
      if (valid[i] == 0) {
        values[i] = 0;
      } else if (piece_.code_.result == TypeId::kFloat64) {
        values[i] = bits_of(std::bit_cast<double>(values[i]));
      }
    }
  }

 private:
  const UserPiece& piece_;
};

std::unique_ptr<Answer> UserPiece::answer() const { return std::make_unique<FinishAnswer>(*this); }

}  // namespace kedge
