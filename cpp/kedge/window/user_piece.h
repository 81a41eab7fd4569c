// The state of a user's aggregate: bytes that only the user's code can read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kedge/window/piece.h"
#include "kedge/window/user_code.h"

namespace kedge {

class UserPiece final : public Piece {
 public:
  // `name` is the aggregate's, for errors; `inputs` are read as doubles where `is_double` says so.
  struct Input {
    std::size_t place;
    bool is_double;
  };
  UserPiece(UserCode code, std::string name, std::vector<Input> inputs);

  std::size_t bytes() const noexcept override { return code_.initial.size(); }
  std::size_t plain_words() const noexcept override { return code_.plain_words; }
  void init(std::byte* state) const noexcept override;
  // These throw InvalidArgument when the user's code raises; states hold anything afterwards.
  void update(const Block& block) const override;
  void merge(std::byte* into, const std::byte* from) const override;
  void merge_each(std::byte* into, const std::byte* from, std::ptrdiff_t stride,
                  std::size_t length) const override;
  void prepend_each(std::byte* into, const std::byte* before, std::ptrdiff_t stride,
                    std::size_t length) const override;

  // Points to the piece.
  std::unique_ptr<Answer> answer() const;

 private:
  class FinishAnswer;

  // Rows without a value in some input, and rows that no window takes, are not for the user's code.
  // The bytes are in `memory` unless an input's own will do; absent when all rows count.
  const std::uint8_t* rows_to_keep(const Block& block, std::uint8_t* memory) const noexcept;
  void expect_success(std::int32_t status, const char* function) const;

  UserCode code_;
  std::string name_;
  std::vector<Input> inputs_;
};

}  // namespace kedge
