#include "kedge/edge/agent.h"

#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/edge/batch_part.h"
#include "kedge/edge/steady_clock.h"

namespace kedge::edge {
namespace {

// So that a trial's calls are many, and its times worth comparing.
constexpr std::size_t kTrialRows = 32;

// Those that were open at the last stop, or new ones.
std::unique_ptr<Window> windows_for(const EdgeConfig& config, std::optional<WindowKeeper>& keeper) {
  if (!config.window) return nullptr;
  if (!config.state.folder.empty()) {
    keeper.emplace(config.state, *config.window, config.input.columns);
    if (auto kept = keeper->take_window()) return kept;
  }
  return std::make_unique<Window>(*config.window,
                                  std::make_shared<const Schema>(config.input.columns));
}

}  // namespace

Agent::Agent(const EdgeConfig& config, EdgeModel model, std::uint64_t epoch)
    : config_(config),
      window_(windows_for(config, keeper_)),
      schema_(window_ ? window_->closed().schema
                      : std::make_shared<const Schema>(config.input.columns)),
      quarantine_(config.quarantine),
      live_(std::make_unique<ScoringModel>(config, *schema_, std::move(model), epoch)),
      writer_(config.output, *schema_, score_names(live_->model())),
      sink_(config.output.to) {
  if (config.spool.folder.empty()) return;
  forwarder_.emplace(config.spool, config.device, live_->start_record());
  live_->resume(forwarder_->last_sketch());
}

void Agent::push(const Batch& rows) {
  counts_.rows += rows.length;
  if (!window_) return score(rows);
  try {
    window_->push(rows);
  } catch (const Error& error) {
    counts_.refused += rows.length;
    quarantine_.take({}, {}, error.what());
    return;
  }
  const Batch closed = window_->closed();
  for (const Batch& late : window_->late().batches) counts_.late += late.length;
  if (closed.length > 0) score(closed);
}

void Agent::close_windows() {
  window_->finish();
  const Batch closed = window_->closed();
  if (closed.length > 0) score(closed);
}

void Agent::finish() {
  if (keeper_) {
    keeper_->finish(*window_, counts_.rows, quarantine_.count());
  } else if (window_) {
    close_windows();
  }
  if (begun_ != 0 && begun_ == sink_.connections()) {
    writer_.end();
    send();
  }
  if (forwarder_) forwarder_->add_sketch(sketch());
}

// Of the live model; empty when it has scored nothing.
std::vector<std::byte> Agent::sketch() {
  if (forwarder_->takes_new_life()) live_->leave_out(forwarder_->last_sketch());
  if (counts_.scored == scored_before_) return {};
  return live_->sketch_record();
}

void Agent::step(std::int64_t now_nanos) {
  sink_.prepare(now_nanos);
  if (trial_.is_trying()) trial_.look(now_nanos);
  take_over();
  if (keeper_) keeper_->step(*window_, counts_.rows, quarantine_.count(), now_nanos);
  if (now_nanos < next_sketch_) return;
  next_sketch_ = now_nanos + config_.spool.sketch_nanos;
  if (forwarder_) forwarder_->add_sketch(sketch());
}

// Between two batches: the next row is the new model's.
void Agent::take_over() {
  if (trial_.stage() != Trial::Stage::kTakeOver) return;
  if (forwarder_) {
    forwarder_->change_model(sketch(), trial_.next().start_record());
  }
  scored_before_ = counts_.scored;
  trial_.take_over(live_);
}

void Agent::add_state(std::string_view json) {
  if (forwarder_) forwarder_->add_state(json);
}

void Agent::score(const Batch& rows) {
  take_over();
  const std::size_t most = trial_.is_trying()
                               ? std::min<std::size_t>(kTrialRows, config_.input.batch_rows)
                               : config_.input.batch_rows;
  if (rows.length <= most) return score_part(rows);
  for (std::size_t first = 0; first < rows.length; first += most) {
    score_part(rows_part(rows, first, most));
  }
}

// The candidate's turn comes when the scores are out.
void Agent::score_part(const Batch& rows) {
  const bool is_trying = trial_.is_trying();
  const std::int64_t begin = is_trying ? steady_nanos() : 0;
  const std::span<const double> scores = live_->scorer().score(rows);
  const std::int64_t nanos = is_trying ? steady_nanos() - begin : 0;
  live_->live().count(live_->scorer().features(), scores);
  counts_.scored += rows.length;
  if (forwarder_) forwarder_->add_scores(scores, static_cast<std::uint32_t>(rows.length));
  write(rows, scores);
  if (is_trying) trial_.score(rows, scores, nanos);
}

void Agent::write(const Batch& rows, std::span<const double> scores) {
  const std::span<const std::string> reasons = live_->scorer().reasons();
  if (sink_.connections() != begun_) {
    begun_ = sink_.connections();
    writer_.begin();
  }
  if (begun_ == 0) {
    counts_.output_lost += rows.length;
    return;
  }
  writer_.add(rows, scores, reasons);
  const std::uint64_t length = rows.length;
  if (!sink_.write(writer_.bytes())) counts_.output_lost += length;
  writer_.clear();
}

void Agent::send() {
  sink_.write(writer_.bytes());
  writer_.clear();
}

AgentCounts Agent::counts() const {
  AgentCounts counts = counts_;
  counts.malformed = quarantine_.count();
  return counts;
}

std::optional<ForwardStats> Agent::forwarded() {
  if (!forwarder_) return std::nullopt;
  return forwarder_->stats();
}

std::optional<WindowStats> Agent::windows() const {
  if (!window_) return std::nullopt;
  return window_->stats();
}

std::optional<KeptWindows> Agent::kept_windows() {
  if (!keeper_) return std::nullopt;
  return keeper_->stats();
}

}  // namespace kedge::edge
