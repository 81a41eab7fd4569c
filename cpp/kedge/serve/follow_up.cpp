#include "kedge/serve/follow_up.h"

#include <algorithm>
#include <filesystem>

#include "kedge/base/error.h"
#include "kedge/serve/feedback.h"
#include "kedge/serve/json_line.h"
#include "kedge/serve/metric_text.h"
#include "kedge/serve/status.h"

namespace kedge {
namespace {

constexpr std::size_t kIdsOfRecord = 4096;

std::string line_of(const TrialRecord& record) {
  JsonLine line(record.is_promotion ? "promotion" : "rollback");
  line.add("model", record.route.model).add("live", record.route.live);
  line.add("candidate", record.route.candidate).add("rule", record.rule);
  line.add("log_evidence_yes", record.decision.log_evidence_yes);
  line.add("log_evidence_no", record.decision.log_evidence_no);
  line.add("rows", record.decision.rows);
  line.add("canary", record.route.canary).add("shadow", record.route.shadow);
  return std::move(line).take();
}

}  // namespace

void FollowUp::open(const std::string& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    throw invalid_argument("state: there is no folder \"", folder, "\"");
  }
  const std::string path = (std::filesystem::path(folder) / "service.log").string();
  auto log = std::make_shared<AppendLog>(
      path, [this](std::span<const std::byte> record) { take_up(read_record(record)); });
  compact(*log);
  const std::lock_guard guard(lock_);
  log_ = std::move(log);
}

void FollowUp::close() {
  const std::lock_guard guard(lock_);
  log_ = nullptr;
}

std::shared_ptr<AppendLog> FollowUp::log() const {
  const std::lock_guard guard(lock_);
  return log_;
}

void FollowUp::take_up(const ServiceRecord& record) {
  if (const auto* const ended = std::get_if<TrialRecord>(&record)) return trials_.restore(*ended);
  if (const auto* const counted = std::get_if<QualityRecord>(&record)) {
    return quality_.restore(*counted);
  }
  if (const auto* const labelled = std::get_if<LabelledRecord>(&record)) {
    for (const std::string& id : labelled->ids) restore_labelled(labelled->model, id);
    return;
  }
  const auto& labels = std::get<LabelsRecord>(record);
  quality_.add(labels);
  trials_.add(labels);
  for (const LabelledRequest& request : labels.requests) {
    restore_labelled(labels.model, request.id);
  }
}

void FollowUp::restore_labelled(const std::string& model, std::string_view id) {
  if (RecentPredictions* const known = recent(model)) known->restore_labelled(id);
}

// Labels of a trial that is not over: its bets depend on the order of rows. And of a model that is
// not served, whose ids nobody remembers.
void FollowUp::give_needed(const LabelsRecord& record, const TakeRecord& take) const {
  if (recent(record.model) == nullptr) return take(to_bytes(record));
  LabelsRecord left{record.model, {}};
  for (const LabelledRequest& request : record.requests) {
    if (trials_.wants(record.model, request.prediction)) left.requests.push_back(request);
  }
  if (!left.requests.empty()) take(to_bytes(left));
}

// The counts come last: they are of all labels, also of those that are kept whole.
void FollowUp::give_needed(const AppendLog& log, const TakeRecord& take) const {
  log.read([&](std::span<const std::byte> bytes) {
    const ServiceRecord record = read_record(bytes);
    if (const auto* const labels = std::get_if<LabelsRecord>(&record)) {
      give_needed(*labels, take);
    } else if (const auto* const labelled = std::get_if<LabelledRecord>(&record)) {
      if (recent(labelled->model) == nullptr) take(bytes);
    } else if (std::holds_alternative<TrialRecord>(record)) {
      take(bytes);
    }
  });
  const Repository::Pin catalog = repository_->read();
  for (const auto& [model, versions] : catalog->models) {
    RecentPredictions* const known = versions.rbegin()->second.recent;
    if (known == nullptr) continue;
    const std::vector<std::string> ids = known->labelled();
    for (std::size_t from = 0; from < ids.size(); from += kIdsOfRecord) {
      const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(from);
      const auto count = static_cast<std::ptrdiff_t>(std::min(kIdsOfRecord, ids.size() - from));
      take(to_bytes(LabelledRecord{model, {begin, begin + count}}));
    }
  }
  for (const QualityRecord& record : quality_.records()) take(to_bytes(record));
}

// One that fails costs nothing but its room: the log is as it was.
void FollowUp::compact(AppendLog& log) {
  const GiveRecords give = [&](const TakeRecord& take) { give_needed(log, take); };
  const std::uint64_t before = log.bytes();
  if (AppendLog::bytes_of(give) > before / 2) return;
  JsonLine line("compaction");
  line.add("before_bytes", before);
  try {
    log.replace(give);
    line.add("after_bytes", log.bytes());
  } catch (const Error& error) {
    line.add("reason", error.what());
  }
  events_->add(std::move(line).take());
}

// The repository's, of a name for as long as that lives.
RecentPredictions* FollowUp::recent(std::string_view model) const {
  const Repository::Pin catalog = repository_->read();
  const auto versions = catalog->models.find(model);
  return versions == catalog->models.end() ? nullptr : versions->second.rbegin()->second.recent;
}

void FollowUp::feedback(std::span<const std::byte> request, ProtoWriter& out) {
  const std::shared_ptr<AppendLog> log = this->log();
  const FeedbackRequest read = read_feedback(request);
  {
    const Repository::Pin catalog = repository_->read();
    catalog->find(read.model, {});
  }
  RecentPredictions* const known = recent(read.model);
  if (log == nullptr || known == nullptr) {
    throw Refusal(StatusCode::kFailedPrecondition,
                  "feedback is not kept: the server was given no folder for its state");
  }
  JoinedLabels joined(read, *known);
  if (!joined.record().requests.empty()) {
    log->append(to_bytes(joined.record()));
    joined.keep();
    quality_.add(joined.record());
    trials_.add(joined.record());
  }
  unknown_.fetch_add(joined.unknown(), std::memory_order_relaxed);
  duplicates_.fetch_add(joined.duplicates(), std::memory_order_relaxed);
  joined.write(out);
}

void FollowUp::look() {
  const std::shared_ptr<AppendLog> log = this->log();
  if (log == nullptr) return;
  trials_.look([&](const TrialRecord& record) {
    log->append(to_bytes(record));
    events_->add(line_of(record));
  });
}

void FollowUp::expose(std::string& out) const {
  if (log() == nullptr) return;
  quality_.expose(out);
  const auto add = [&](std::string_view name, std::string_view help, std::uint64_t count) {
    add_family(name, "counter", help, out);
    out += text(name, " ", count, "\n");
  };
  add("kedge_feedback_unknown_total", "Labels whose request is not remembered.",
      unknown_.load(std::memory_order_relaxed));
  add("kedge_feedback_duplicates_total", "Labels of requests that had one.",
      duplicates_.load(std::memory_order_relaxed));
  trials_.expose(out);
}

}  // namespace kedge
