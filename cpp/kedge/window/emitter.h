// Closed windows on their way out: bounds, key, answers and name of each, in the order given.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/window/aggregation.h"
#include "kedge/window/keys.h"
#include "kedge/window/output.h"

namespace kedge {

// What a result is worth where windows give more than one.
enum class Standing : std::uint8_t { kEarly, kFinal, kRetracted };

struct Revision {
  std::uint32_t number = 0;  // how many results of this window there were before
  Standing standing = Standing::kFinal;
};

class Emitter {
 public:
  // Without a time field there are no bounds.
  Emitter(const Field* time, const std::vector<Field>& keys, const Aggregation& aggregation,
          const WindowSpec& spec);

  // One row for each state; at most kOutputBlock. `names` tell apart the windows of one key.
  // `revisions` are those of a definition that updates.
  void emit(const Keys& keys, std::span<const std::uint32_t> ids, const Finished& finished,
            std::span<const std::uint64_t> names, std::span<const Revision> revisions = {});
  // The same of windows that have a beginning of their own.
  void emit(const Keys& keys, std::span<const std::uint32_t> ids, const Finished& finished,
            std::span<const Revision> revisions = {});

  Output& output() noexcept { return output_; }

 private:
  void emit_bounds(std::span<const TimeRange> windows);
  void emit_revisions(std::size_t column, std::span<const Revision> revisions);
  void emit_names(const Keys& keys, std::span<const std::uint32_t> ids,
                  std::span<const std::uint64_t> names, OutputColumn& to);
  // The states' words that some answers read as columns.
  WordColumns columns_of(std::span<const std::byte* const> states);

  const Aggregation& aggregation_;
  bool has_time_;
  std::size_t first_key_;
  std::size_t first_answer_;
  std::uint64_t definition_;
  Output output_;
  bool reads_columns_;
  Buffer columns_;
  std::vector<std::uint64_t> values_;
  std::vector<std::uint64_t> names_;
};

}  // namespace kedge
