// What a model's versions answered of late, by the request's id: what labels are joined to.
//
// Memory is bounded by the number of rows that are remembered: the oldest requests give way. A row
// takes 8 bytes, 16 with a candidate's; a request about 200 and the bytes of its id.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kedge/serve/answer_kind.h"

namespace kedge {

struct Prediction {
  AnswerKind kind;
  std::string version;
  std::vector<double> rows;
  std::string candidate;  // that scored the same rows in the shadow; empty for none
  std::vector<double> candidate_rows;
};

// Any number of threads. A call holds a lock, one of sixteen by the request's id, for as long as it
// takes to copy what it brings.
class RecentPredictions {
 public:
  static constexpr std::size_t kMostIdBytes = 256;  // longer ones are not remembered

  explicit RecentPredictions(std::size_t most_rows) : most_rows_(most_rows / kShards) {}

  // Of a request with an id, which has rows; a later one with the same id takes its place.
  void remember(std::string_view id, std::string_view version, AnswerKind kind,
                std::span<const double> rows);
  // The same that a candidate says, if the request is remembered and has as many rows.
  void compare(std::string_view id, std::string_view candidate, std::span<const double> rows);

  enum class Found : std::uint8_t { kNew, kLabelled, kUnknown };
  struct Claim {
    Found found = Found::kUnknown;
    Prediction prediction;  // of kNew: now it is labelled
  };
  Claim claim(std::string_view id);
  // A claim that came to nothing.
  void give_back(std::string_view id);
  // One that was labelled before this process began.
  void restore_labelled(std::string_view id);
  // The ids of those that are remembered as labelled; of two that came to one shard the older
  // first.
  std::vector<std::string> labelled();

 private:
  static constexpr std::size_t kShards = 16;
  struct Kept {
    std::string id;
    Prediction prediction;
    bool is_labelled = false;
    bool is_gone = false;  // another one has its id
  };
  struct Shard {
    std::mutex lock;
    std::deque<Kept> kept;                                  // in the order they came
    std::uint64_t first = 0;                                // the place of the first one
    std::unordered_map<std::string, std::uint64_t> places;  // by id
    std::size_t rows = 0;
  };

  Shard& shard_of(std::string_view id) noexcept;
  static Kept* find(Shard& shard, std::string_view id);
  void add(Shard& shard, Kept kept) const;

  std::size_t most_rows_;  // of a shard
  std::array<Shard, kShards> shards_;
};

}  // namespace kedge
