#include "kedge/serve/version_quality.h"

#include <limits>
#include <string>

#include "check.h"

namespace kedge {
namespace {

std::string exposed(const VersionQuality& quality) {
  std::string out;
  quality.expose(out);
  return out;
}

bool is_of_one_row_without_loss(const std::string& metrics) {
  return metrics.find("kedge_feedback_rows_total{model=\"m\",version=\"1\"} 1\n") != metrics.npos &&
         metrics.find("loss=\"absolute\"} 0\n") != metrics.npos &&
         metrics.find("loss=\"squared\"} 0\n") != metrics.npos;
}

}  // namespace

TEST("an answer that no sum can take counts as none, also after a restart") {
  Prediction prediction;
  prediction.version = "1";
  prediction.rows = {std::numeric_limits<double>::infinity(), -1e200, 1,
                     std::numeric_limits<double>::quiet_NaN()};
  VersionQuality quality;
  quality.add({"m", {{"id", prediction, {1, 1, 1, 1}}}});
  CHECK(is_of_one_row_without_loss(exposed(quality)));
  VersionQuality again;
  for (const QualityRecord& record : quality.records()) again.restore(record);
  CHECK(is_of_one_row_without_loss(exposed(again)));
}

}  // namespace kedge
