// Closed windows on their way out: bounds, key, answers and name of each, in the order given.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/window/aggregation.h"
#include "kedge/window/keys.h"
#include "kedge/window/output.h"

namespace kedge {

class Emitter {
 public:
  // Without a time field there are no bounds. `definition` is the hash of the definition.
  Emitter(const Field* time, const std::vector<Field>& keys, const Aggregation& aggregation,
          std::uint64_t definition);

  // One row for each state; at most kOutputBlock. `names` tell apart the windows of one key.
  void emit(const Keys& keys, std::span<const std::uint32_t> ids, const Finished& finished,
            std::span<const std::uint64_t> names);
  // The same of windows that have a beginning of their own.
  void emit(const Keys& keys, std::span<const std::uint32_t> ids, const Finished& finished);

  Output& output() noexcept { return output_; }

 private:
  void emit_bounds(std::span<const TimeRange> windows);

  const Aggregation& aggregation_;
  bool has_time_;
  std::size_t first_key_;
  std::size_t first_answer_;
  std::uint64_t definition_;
  Output output_;
  std::vector<std::uint64_t> values_;
  std::vector<std::uint64_t> names_;
  std::vector<std::uint8_t> valid_;
};

}  // namespace kedge
