// kedge-serve: a folder of models over gRPC.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "kedge/base/error.h"
#include "kedge/base/repeated_work.h"
#include "kedge/serve/json_line.h"
#include "kedge/serve/repository.h"
#include "kedge/serve/service.h"
#include "transport/announce.h"
#include "transport/grpc_server.h"
#include "transport/scrape_port.h"
#include "transport/serve_options.h"

namespace kedge {
namespace {

// The signals that end a server: blocked in all threads, and waited for by one.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  void await() const {
    int signal = 0;
    sigwait(&signals_, &signal);
  }

 private:
  sigset_t signals_{};
};

// A line for whoever collects logs.
void log(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }
void log(JsonLine& line) { log(std::move(line).take()); }

// What the folder and the tokens are by now; what is wrong with them is told once, not every time.
class Rescan {
 public:
  void run(Repository& repository, GrpcServer& server) {
    tried("models", of_models_, [&] { repository.rescan(); });
    tried("tokens", of_tokens_, [&] { server.reload_tokens(); });
  }

 private:
  template <class Look>
  static void tried(std::string_view of, std::string& said, const Look& look) {
    try {
      look();
      said.clear();
    } catch (const std::exception& error) {
      if (said != error.what()) {
        log(JsonLine("rescan failed").add("of", of).add("reason", error.what()));
      }
      said = error.what();
    }
  }

  std::string of_models_;
  std::string of_tokens_;
};

void print(const std::string& lines) {
  std::fwrite(lines.data(), 1, lines.size(), stdout);
  std::fflush(stdout);
}

void tell(Service& service) {
  for (const std::string& line : service.take_events()) log(line);
}

void serve(const ServeOptions& options) {
  const StopSignals signals;
  Repository repository(options.models, options.drift, options.remembered_rows());
  Service service(repository);
  service.route(options.routes, options.rules);
  if (!options.state.empty()) service.keep_in(options.state);
  if (!options.request_log.folder.empty()) service.log_requests(options.request_log);
  if (options.traces.socket >= 0) service.trace(options.traces.share, options.traces.socket);
  if (!options.shared_memory.prefix.empty()) service.share_memory(options.shared_memory);
  service.promise(options.objective());
  service.answer_at_most(static_cast<std::size_t>(options.most_bytes));
  GrpcServer server(options, service);
  std::optional<ScrapePort> scrape;
  if (options.metrics_port >= 0) {
    scrape.emplace(static_cast<std::uint16_t>(options.metrics_port), [&](ScrapeFormat format) {
      return service.metrics(server.admission(), format);
    });
  }
  print(announcement(options, server.place(), scrape ? scrape->port() : std::optional<int>(),
                     repository.read()->states));
  Rescan rescan;
  tell(service);
  RepeatedWork looks(RepeatedWork::Rank::kBackground, options.rescan_s, [&] {
    rescan.run(repository, server);
    tell(service);
  });
  signals.await();
  JsonLine stopping("stopping");
  log(stopping);
  server.stop();
  looks.end();     // which may be loading a model where nobody else wants the processor
  scrape.reset();  // it reads what ends now
  service.end_log();
  service.end_traces();
  tell(service);
  print(options.is_json ? "{\"event\": \"stopped\"}\n" : "stopped\n");
}

}  // namespace
}  // namespace kedge

int main(int count, char** arguments) {
  constexpr int kWrongUse = 64;
  if (count == 2 && std::strcmp(arguments[1], "--version") == 0) {
    std::puts(KEDGE_VERSION);
    return 0;
  }
  // What gRPC says on its own account is said by the errors below.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  try {
    if (count == 1) throw kedge::invalid_argument(kedge::options_help());
    kedge::serve(kedge::read_options({arguments + 1, static_cast<std::size_t>(count - 1)}));
    return 0;
  } catch (const kedge::Error& error) {
    std::fprintf(stderr, "kedge-serve: %s\n", error.what());
    return kWrongUse;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kedge-serve: %s\n", error.what());
    return 1;
  }
}
