// kedge-load: the load of `kedge bench`, and what to hold servers against.
//
//   kedge-load run TARGET --due FILE --requests FILE ...   calls at given times, counted
//   kedge-load call TARGET REQUEST                         calls as its input asks, each one's time
//   kedge-load echo [PLACE [PERIOD_MS STALL_MS]]           a bare gRPC server, with stalls
#include <absl/synchronization/mutex.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "bare_echo.h"
#include "kedge/base/error.h"
#include "load_calls.h"
#include "load_run.h"

namespace kedge {
namespace {

std::chrono::milliseconds milliseconds(const std::string& word) {
  const std::optional<std::int64_t> value = number_of<std::int64_t>(word);
  if (!value || *value < 1) throw invalid_argument(word, ": expected milliseconds from 1");
  return std::chrono::milliseconds(*value);
}

void echo(const std::vector<std::string>& words) {
  Stalls stalls;
  if (words.size() == 4) stalls = {milliseconds(words[2]), milliseconds(words[3])};
  serve_echo(words.size() > 1 ? words[1] : "127.0.0.1:0", stalls);
}

void obey(const std::vector<std::string>& words) {
  const std::string word = words.empty() ? "" : words[0];
  if (word == "echo" && (words.size() <= 2 || words.size() == 4)) return echo(words);
  if (word == "call" && words.size() == 3) return answer_calls(words[1], words[2]);
  if (word == "run" && words.size() > 1) {
    return run_load(read_load_options(std::span(words).subspan(1)));
  }
  throw invalid_argument("expected run, call or echo");
}

}  // namespace
}  // namespace kedge

int main(int count, char** arguments) {
  constexpr int kWrongUse = 64;
  if (count == 2 && std::string(arguments[1]) == "--version") {
    std::puts(KEDGE_VERSION);
    return 0;
  }
  // Debian builds Abseil's mutexes so that each looks for deadlocks: a seventh of a call's time.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  setenv("GRPC_VERBOSITY", "NONE", 0);  // what is wrong is said by the errors below
  try {
    kedge::obey({arguments + 1, arguments + count});
    return 0;
  } catch (const kedge::Error& error) {
    std::fprintf(stderr, "kedge-load: %s\n", error.what());
    return kWrongUse;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kedge-load: %s\n", error.what());
    return 1;
  }
}
