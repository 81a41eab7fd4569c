// What a service keeps in its append log: labels that it acknowledged, and what its trials came to;
// of labels that only count, the counts.
// docs/formats.md, "Service records".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "kedge/decide/verdict.h"
#include "kedge/serve/answer_kind.h"
#include "kedge/serve/recent_predictions.h"
#include "kedge/serve/router.h"

namespace kedge {

// A request's rows and what became of them, as many.
struct LabelledRequest {
  std::string id;
  Prediction prediction;
  std::vector<double> labels;
};

struct LabelsRecord {
  std::string model;
  std::vector<LabelledRequest> requests;
};

// A trial that ended, and the route that it was about.
struct TrialRecord {
  Route route;
  bool is_promotion = false;  // else the candidate was rolled back
  std::string rule;           // that showed it: "shadow" or "canary"
  Decision decision;
};

// All that labels said of a version so far: it takes the place of what was counted before.
struct QualityRecord {
  std::string model;
  std::string version;
  AnswerKind kind;
  QualityCounts counts;
};

// Requests whose labels are kept, so that they are not taken twice.
struct LabelledRecord {
  std::string model;
  std::vector<std::string> ids;
};

using ServiceRecord = std::variant<LabelsRecord, TrialRecord, QualityRecord, LabelledRecord>;

std::vector<std::byte> to_bytes(const ServiceRecord& record);
// Throws CorruptData that says what is wrong.
ServiceRecord read_record(std::span<const std::byte> bytes);

}  // namespace kedge
