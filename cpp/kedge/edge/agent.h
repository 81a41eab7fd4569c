// What a board does with rows: windows, scores, sketches, and all that goes out of it.
//
// Memory is made when the agent is, and grows to what the largest batch needs; an event takes none.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "kedge/edge/byte_sink.h"
#include "kedge/edge/config.h"
#include "kedge/edge/forwarder.h"
#include "kedge/edge/quarantine.h"
#include "kedge/edge/row_writer.h"
#include "kedge/edge/scoring_model.h"
#include "kedge/edge/trial.h"
#include "kedge/edge/window_keeper.h"
#include "kedge/window/window.h"

namespace kedge::edge {

struct AgentCounts {
  std::uint64_t rows = 0;     // of the input
  std::uint64_t refused = 0;  // by the windows
  std::uint64_t late = 0;
  std::uint64_t scored = 0;
  std::uint64_t output_lost = 0;
  std::uint64_t malformed = 0;
};

class Agent {
 public:
  // `config` outlives it. Throws where model, definition and columns do not fit each other.
  Agent(const EdgeConfig& config, EdgeModel model, std::uint64_t epoch);

  // Rows of the input's columns.
  void push(const Batch& rows);
  // No rows come any more: open windows are kept for the next start or, where nothing keeps them,
  // close.
  void finish();
  // What is due by then: sketches, the windows' state, connections, the trial of a candidate.
  void step(std::int64_t now_nanos);

  // Any thread may begin a trial, which goes on while rows are pushed.
  Trial& trial() noexcept { return trial_; }
  const Schema& schema() const noexcept { return *schema_; }  // of the rows that are scored
  // Of any thread; nothing without a spool.
  void add_state(std::string_view json);

  Quarantine& quarantine() noexcept { return quarantine_; }
  const ScoringModel& live() const noexcept { return *live_; }
  const Model& model() const noexcept { return live_->model(); }
  const Profile& profile() const noexcept { return live_->live().profile(); }
  AgentCounts counts() const;
  std::optional<ForwardStats> forwarded();
  std::optional<WindowStats> windows() const;
  std::optional<KeptWindows> kept_windows();

 private:
  void close_windows();
  void score(const Batch& rows);
  void score_part(const Batch& rows);
  void write(const Batch& rows, std::span<const double> scores);
  void send();
  void take_over();
  std::vector<std::byte> sketch();

  const EdgeConfig& config_;
  std::optional<WindowKeeper> keeper_;
  std::unique_ptr<Window> window_;
  std::shared_ptr<const Schema> schema_;
  Quarantine quarantine_;
  std::unique_ptr<ScoringModel> live_;
  Trial trial_;
  RowWriter writer_;
  ByteSink sink_;
  std::optional<Forwarder> forwarder_;
  std::uint64_t begun_ = 0;  // connections whose stream has its beginning
  std::int64_t next_sketch_ = 0;
  std::uint64_t scored_before_ = 0;  // by models that were live
  AgentCounts counts_;
};

}  // namespace kedge::edge
