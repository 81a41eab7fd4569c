#include "kedge/drift/value_feed.h"

#include "kedge/base/error.h"

namespace kedge {

ValueFeed::ValueFeed(Monitor& monitor, std::size_t every) : monitor_(monitor) {
  if (every < 1 || every > kMostFed) {
    throw invalid_argument("every = ", every, " is not from 1 to ", kMostFed);
  }
  if (!monitor.options().clock.empty()) throw invalid_argument("values fed have no event times");
  const Profile& reference = monitor.reference();
  if (reference.columns().size() != 1 || !reference.slices().empty()) {
    throw invalid_argument(
        "values are fed to a monitor of one column without slices, this one has ",
        reference.columns().size(), " and ", reference.slices().size(), " slicings");
  }
  const ColumnProfile& column = reference.columns()[0];
  if (column.kind() != "number") {
    throw invalid_argument("values are fed to a monitor of numbers, \"", column.name, "\" is a ",
                           column.kind());
  }
  const Type type;
  column.check_takes(type);
  values_.resize(every);
  Column view;
  view.length = every;
  view.values = values_.data();
  batch_.schema = std::make_shared<const Schema>(Schema{{column.name, type, true}});
  batch_.length = every;
  batch_.columns.push_back(view);
}

bool ValueFeed::look() {
  filled_ = 0;
  std::vector<Alarm> alarms = monitor_.update({&batch_, 1}, 1);
  const bool alarmed = !alarms.empty();
  for (Alarm& alarm : alarms) alarms_.push_back(std::move(alarm));
  return alarmed;
}

}  // namespace kedge
