#include "kedge/window/fold.h"

namespace kedge {

Fold::Fold(Aggregation& aggregation)
    : aggregation_(aggregation), states_(kFoldRows), sink_(aggregation.stride()) {
  aggregation_.init(sink());
}

void Fold::run(const StreamRows& rows, std::size_t start, std::size_t length) {
  if (length == 0) return;
  aggregation_.update({states_.data(), sink(), rows.times.data() + start, rows.arrival + start,
                       length, aggregation_.inputs().read(start, length)});
}

}  // namespace kedge
