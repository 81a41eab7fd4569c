#include "kedge/serve/lookout.h"

#include <exception>
#include <string>
#include <vector>

#include "kedge/base/text.h"
#include "kedge/serve/json_line.h"

namespace kedge {
namespace {

std::string line_of(const ServedModel& served, const Alarm& alarm) {
  JsonLine line("drift_alarm");
  line.add("model", served.name).add("version", served.version);
  line.add("column", alarm.column).add("what", alarm.what);
  line.add("log_evidence", alarm.log_evidence).add("rows", alarm.rows);
  line.add("look", alarm.update).add("since_look", alarm.since).add("episode", alarm.episode);
  line.add("distance", alarm.distance).add("at_least", alarm.at_least);
  line.add("at_most", alarm.at_most).add("low", alarm.low).add("high", alarm.high);
  line.add("name", alarm.name).add("reference_share", alarm.reference_share);
  line.add("current_share", alarm.current_share);
  return std::move(line).take();
}

// Copies: what takes a while is not done under a pin, for which a reload would wait.
std::vector<ServedModel> watched(const Repository& repository) {
  std::vector<ServedModel> out;
  const Repository::Pin catalog = repository.read();
  for (const auto& [name, versions] : catalog->models) {
    for (const auto& [version, served] : versions) {
      if (served.drift) out.push_back(served);
    }
  }
  return out;
}

double every_of(double every_s) noexcept { return every_s > 0 ? every_s : 1; }

}  // namespace

Lookout::Lookout(const Repository& repository, FollowUp& follow_up, EventLines& events,
                 double every_s)
    : repository_(&repository),
      follow_up_(&follow_up),
      events_(&events),
      drift_(RepeatedWork::Rank::kBackground, every_of(every_s), [this] { look_at_drift(); }),
      trials_(RepeatedWork::Rank::kUsual, every_of(every_s),
              [this] { attempt(follow_up_said_, {}, [&] { follow_up_->look(); }); }) {}

void Lookout::look_at_drift() {
  for (const ServedModel& served : watched(*repository_)) {
    const std::string of = text("model \"", served.name, "\", version \"", served.version, "\": ");
    attempt(drift_said_[of], of, [&] {
      for (const Alarm& alarm : served.drift->look()) {
        // A column that stays where it is alarms again and again; one line says so.
        if (alarm.episode == alarm.update) events_->add(line_of(served, alarm));
      }
    });
  }
  std::erase_if(drift_said_, [](const auto& entry) { return entry.second.empty(); });
}

void Lookout::attempt(std::string& said, const std::string& of, const std::function<void()>& work) {
  try {
    work();
    said.clear();
  } catch (const std::exception& error) {
    if (said == error.what()) return;
    said = error.what();
    JsonLine line("look_failed");
    line.add("reason", of + said);
    events_->add(std::move(line).take());
  }
}

}  // namespace kedge
