// kedge-edge: windows, scores, sketches and forwarding on a board, told by one file.
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/edge/agent.h"
#include "kedge/edge/board_model.h"
#include "kedge/edge/byte_source.h"
#include "kedge/edge/config.h"
#include "kedge/edge/edge_metrics.h"
#include "kedge/edge/event_times.h"
#include "kedge/edge/memory_plan.h"
#include "kedge/edge/row_decoder.h"
#include "kedge/edge/steady_clock.h"
#include "kedge/edge/update_thread.h"

namespace kedge::edge {
namespace {

constexpr int kPatienceMs = 500;
constexpr std::size_t kReadBytes = 64 << 10;

volatile std::sig_atomic_t told_to_stop = 0;

void stop(int) { told_to_stop = 1; }

void listen_to_signals() {
  struct sigaction action{};
  action.sa_handler = stop;  // without SA_RESTART: whoever waits is woken
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void say_peak_memory() {
  std::FILE* const status = std::fopen("/proc/self/status", "r");
  if (status == nullptr) return;
  char line[256];
  while (std::fgets(line, sizeof line, status) != nullptr) {
    if (std::strncmp(line, "VmHWM:", 6) == 0) std::fprintf(stderr, "peak memory: %s", line + 6);
  }
  std::fclose(status);
}

// `times` is null when nobody asks for them.
void run(const EdgeConfig& config, EventTimes* times) {
  listen_to_signals();
  BoardModel board(config);
  Agent agent(config, board.load(), board.epoch());
  std::optional<UpdateThread> thread;
  if (config.update) thread.emplace(config, board, agent);
  UpdateThread* const updates = thread ? &*thread : nullptr;
  MetricsPort metrics(config.metrics);
  RowDecoder decoder(config.input, agent.quarantine(),
                     [&](const Batch& rows) { agent.push(rows); });
  const auto end_stream = [&] {
    times == nullptr ? decoder.end_stream() : times->end_stream([&] { decoder.end_stream(); });
  };
  ByteSource source(config.input.from);
  std::vector<char> bytes(kReadBytes);
  while (told_to_stop == 0) {
    std::size_t size = 0;
    agent.step(steady_nanos());
    const SourceState state = source.read(bytes, kPatienceMs, size);
    if (state == SourceState::kBytes && times == nullptr) decoder.push({bytes.data(), size});
    if (state == SourceState::kBytes && times != nullptr) {
      times->push({bytes.data(), size}, [&](std::string_view line) { decoder.push(line); });
    }
    if (state == SourceState::kNewStream) end_stream();
    metrics.step(agent, updates, steady_nanos());
    if (state == SourceState::kEnd) break;
  }
  end_stream();
  thread.reset();
  agent.finish();
  metrics.step(agent, updates, steady_nanos(), true);
  const AgentCounts counts = agent.counts();
  std::fprintf(stderr, "%s",
               text(counts.rows, " rows, ", counts.scored, " scored, ", counts.malformed,
                    " malformed, ", counts.late, " late\n")
                   .c_str());
}

void plan(const EdgeConfig& config) {
  const EdgeModel model = load_model(config.model);
  std::fputs(plan_text(config, memory_plan(config, model)).c_str(), stdout);
}

}  // namespace
}  // namespace kedge::edge

int main(int count, char** arguments) {
  constexpr int kWrongUse = 64;
  const std::vector<std::string> words(arguments + 1, arguments + count);
  try {
    if (words.size() == 1 && words[0] == "--version") return std::puts(KEDGE_VERSION), 0;
    const bool is_plan = words.size() == 2 && words[0] == "--plan";
    const bool is_measured = words.size() == 2 && words[0] == "--peak-memory";
    const bool is_timed = words.size() == 2 && words[0] == "--times";
    if (words.size() != 1 && !is_plan && !is_measured && !is_timed) {
      std::fputs("usage: kedge-edge [--plan | --peak-memory | --times] EDGE.toml\n", stderr);
      return kWrongUse;
    }
    const kedge::edge::EdgeConfig config = kedge::edge::read_config(words.back());
    if (is_timed && config.input.format == kedge::edge::RowFormat::kArrow) {
      throw kedge::invalid_argument("--times is of lines: input.format = \"arrow\" has none");
    }
    kedge::edge::EventTimes times;
    is_plan ? kedge::edge::plan(config) : kedge::edge::run(config, is_timed ? &times : nullptr);
    if (is_measured) kedge::edge::say_peak_memory();
    if (is_timed) std::fprintf(stderr, "%s\n", times.summary().c_str());
    return 0;
  } catch (const kedge::Error& error) {
    std::fprintf(stderr, "kedge-edge: %s\n", error.what());
    return kWrongUse;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kedge-edge: %s\n", error.what());
    return 1;
  }
}
