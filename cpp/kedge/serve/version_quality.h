// How good each version's answers turned out to be, from the labels that came for them.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kedge/quality/counts.h"
#include "kedge/serve/service_records.h"

namespace kedge {

// Any number of threads.
class VersionQuality {
 public:
  // All counts of a version begin anew when its answers have become of another kind.
  void add(const LabelsRecord& record);
  // What was counted, and in its place.
  std::vector<QualityRecord> records() const;
  void restore(const QualityRecord& record);

  // kedge_feedback_rows_total, kedge_quality_loss and kedge_quality_auc.
  void expose(std::string& out) const;

 private:
  struct Counted {
    AnswerKind kind;
    QualityCounts counts;
  };
  using Key = std::pair<std::string, std::string>;  // model and version

  mutable std::mutex lock_;
  std::map<Key, Counted> versions_;
};

}  // namespace kedge
