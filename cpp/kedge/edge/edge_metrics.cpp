#include "kedge/edge/edge_metrics.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "kedge/base/system_error.h"
#include "kedge/base/text.h"

namespace kedge::edge {
namespace {

constexpr std::int64_t kEveryNanos = 10'000'000'000;

void add(std::string& out, std::string_view name, std::string_view kind, std::string_view help,
         std::uint64_t value) {
  out += text("# HELP kedge_edge_", name, ' ', help, "\n# TYPE kedge_edge_", name, ' ', kind,
              "\nkedge_edge_", name, ' ', value, '\n');
}

void add_forwarded(std::string& out, const ForwardStats& stats) {
  add(out, "spool_bytes", "gauge", "On the disk.", stats.spool.bytes);
  add(out, "spool_records", "gauge", "Records that are not durable yet.",
      stats.next_record - stats.durable_record);
  add(out, "spool_written_bytes_total", "counter", "Written to the disk.",
      stats.spool.written_bytes);
  add(out, "spool_syncs_total", "counter", "Calls that waited for the disk.", stats.spool.syncs);
  add(out, "spool_dropped_events_total", "counter", "Events in gaps.", stats.spool.dropped_events);
  add(out, "spool_waits_total", "counter", "Times that scoring waited for the disk.", stats.waits);
  add(out, "spool_failures_total", "counter", "Calls to the disk that failed.", stats.failures);
  add(out, "upload_connected", "gauge", "Whether a receiver is there.", stats.is_connected ? 1 : 0);
}

void add_kept(std::string& out, const KeptWindows& kept) {
  add(out, "window_state_rows", "gauge", "Rows of the input that the stored state has.", kept.rows);
  add(out, "window_state_behind_rows", "gauge", "Rows since then, which a kill would lose.",
      kept.next_rows - kept.rows);
  add(out, "window_state_writes_total", "counter", "States that were stored.", kept.writes);
  add(out, "window_state_failures_total", "counter", "States that could not be.", kept.failures);
  add(out, "window_state_cuts_total", "counter",
      "Starts behind a kill or a power cut: rows since the state before it are lost.", kept.cuts);
  add(out, "window_state_refused", "gauge", "Whether this start set a state aside.",
      kept.is_refused ? 1 : 0);
}

void add_updates(std::string& out, const UpdateStats& stats) {
  add(out, "model_version", "gauge", "Of the model that runs; 0 of the board's own.",
      stats.version);
  add(out, "candidate_version", "gauge", "Of the model that is tried, or 0.", stats.candidate);
  add(out, "trial_rows", "gauge", "Rows that the last candidate has scored.", stats.trial_rows);
  add(out, "update_commits_total", "counter", "Models that took over.", stats.commits);
  add(out, "update_refusals_total", "counter", "Offers that could not be trusted.", stats.refusals);
  add(out, "update_failures_total", "counter", "Attempts that came to nothing.", stats.failures);
}

}  // namespace

std::string metrics_text(Agent& agent, UpdateThread* updates) {
  const AgentCounts counts = agent.counts();
  std::string out;
  add(out, "rows_total", "counter", "Rows of the input.", counts.rows);
  add(out, "malformed_total", "counter", "Lines that were no rows.", counts.malformed);
  add(out, "refused_total", "counter", "Rows that the windows could not take.", counts.refused);
  add(out, "late_total", "counter", "Rows that came too late for their windows.", counts.late);
  add(out, "scored_total", "counter", "Rows that were scored.", counts.scored);
  add(out, "output_lost_total", "counter", "Scores that nobody was there to take.",
      counts.output_lost);
  if (const auto windows = agent.windows()) {
    add(out, "window_keys", "gauge", "Keys with an open window.", windows->keys);
    add(out, "window_state_bytes", "gauge", "State of the windows.", windows->state_bytes);
  }
  if (const auto kept = agent.kept_windows()) add_kept(out, *kept);
  if (const auto stats = agent.forwarded()) add_forwarded(out, *stats);
  if (updates != nullptr) add_updates(out, updates->stats());
  return out;
}

MetricsPort::MetricsPort(const Endpoint& to) : to_(to) {
  if (to_.is_socket()) listener_ = listen_at(to_);
}

MetricsPort::~MetricsPort() {
  if (listener_ >= 0) ::close(listener_);
  if (to_.kind == EndpointKind::kUnix) ::unlink(to_.path.c_str());
}

void MetricsPort::step(Agent& agent, UpdateThread* updates, std::int64_t now_nanos, bool is_last) {
  if (to_.kind == EndpointKind::kFile && (is_last || now_nanos >= next_)) {
    next_ = now_nanos + kEveryNanos;
    write(metrics_text(agent, updates));
  }
  if (listener_ < 0) return;
  for (int caller = accept_at(listener_); caller >= 0; caller = accept_at(listener_)) {
    const std::string body = metrics_text(agent, updates);
    const std::string answer =
        text("HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: ",
             body.size(), "\r\n\r\n", body);
    ::send(caller, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(caller, SHUT_WR);
    ::close(caller);
  }
}

// Not flushed to the disk: who reads it wants what is true, not what was true before a power cut.
void MetricsPort::write(const std::string& text) const {
  const std::string beside = to_.path + ".part";
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return;
  const bool whole = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(file);
  if (whole) std::rename(beside.c_str(), to_.path.c_str());
}

}  // namespace kedge::edge
