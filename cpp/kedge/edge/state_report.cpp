#include "kedge/edge/state_report.h"

#include "kedge/base/hex.h"
#include "kedge/base/text.h"
#include "kedge/edge/json_text.h"

namespace kedge::edge {
std::string state_json(const StateReport& report) {
  std::string json = "{\"model\":";
  append_json_string(json, report.model);
  json += text(",\"version\":", report.running.version, ",\"digest\":\"",
               hex_of(report.running.digest), "\",\"slot\":");
  json += report.slot != SlotState::kNone ? text(int{report.slot}) : "null";
  json += ",\"state\":";
  append_json_string(json, report.state);
  json += ",\"reason\":";
  append_json_string(json, report.reason);
  if (report.candidate.bytes != 0) {
    json += text(",\"candidate_version\":", report.candidate.version, ",\"candidate_digest\":\"",
                 hex_of(report.candidate.digest), '"');
  }
  return json + '}';
}

}  // namespace kedge::edge
