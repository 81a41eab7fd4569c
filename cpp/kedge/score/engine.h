// What scores rows: one interface, and the list of those there are.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "kedge/model/quantize.h"
#include "kedge/score/rows.h"

namespace kedge {

// Immutable; any number of threads may score with one. Every engine that can serve a model gives
// the same bits.
class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  // The raw scores of each row, `outputs` of them, as float when the model sums floats and as
  // double otherwise. The rows must have the model's features. Allocates nothing once the calling
  // thread has scored with this model, or a larger one, before.
  virtual void score(const Rows& rows, void* raw) const noexcept = 0;
};

struct EngineRow {
  std::string_view name;
  std::size_t least_rows;  // what it is meant for: calls of so many rows and more
  bool (*can_serve)(const RankedForest& forest) noexcept;
  std::unique_ptr<Engine> (*make)(const RankedForest& forest);
};

// The first row serves every model. Of those that can serve a model and are meant for a call, the
// last one is the fastest.
std::span<const EngineRow> engines() noexcept;

}  // namespace kedge
