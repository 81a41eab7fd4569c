// What a configuration will take, before it takes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kedge/edge/agent.h"

namespace kedge::edge {

struct MemoryPart {
  std::string_view what;
  std::uint64_t bytes = 0;
  bool is_bounded = true;
};

std::vector<MemoryPart> memory_plan(const EdgeConfig& config, const EdgeModel& model);
// A line for each, the sum, and what the definition of the windows is called.
std::string plan_text(const EdgeConfig& config, const std::vector<MemoryPart>& plan);

}  // namespace kedge::edge
