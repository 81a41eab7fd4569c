// What a board tells its hub of its model: the payload of a state record. docs/formats.md, "Spool
// segment".
#pragma once

#include <string>

#include "kedge/edge/slot_state.h"

namespace kedge::edge {

struct StateReport {
  std::string model;
  SlotImage running;
  std::uint8_t slot = SlotState::kNone;
  std::string state;  // "running", "trying", "reverted", "refused"
  std::string reason;
  SlotImage candidate;  // without bytes when there is none
};

std::string state_json(const StateReport& report);

}  // namespace kedge::edge
