// kedge-serve: a folder of models over gRPC.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <optional>
#include <string>

#include "kedge/base/error.h"
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
  bool came_within(double seconds) const {
    const auto whole = static_cast<std::time_t>(seconds);
    const timespec patience{whole, static_cast<long>((seconds - static_cast<double>(whole)) * 1e9)};
    return sigtimedwait(&signals_, nullptr, &patience) > 0;
  }

 private:
  sigset_t signals_{};
};

// What the folder and the tokens are by now; what is wrong with them is told once, not every time.
class Rescan {
 public:
  void run(Repository& repository, GrpcServer& server) {
    try {
      repository.rescan();
      server.reload_tokens();
      said_.clear();
    } catch (const Error& error) {
      if (said_ != error.what())
        std::fprintf(stderr, "what was served goes on: %s\n", error.what());
      said_ = error.what();
    }
  }

 private:
  std::string said_;
};

void print(const std::string& lines) {
  std::fwrite(lines.data(), 1, lines.size(), stdout);
  std::fflush(stdout);
}

void serve(const ServeOptions& options) {
  const StopSignals signals;
  Repository repository(options.models);
  Service service(repository);
  service.route(options.routes);
  GrpcServer server(options, service);
  std::optional<ScrapePort> scrape;
  if (options.metrics_port >= 0) {
    scrape.emplace(static_cast<std::uint16_t>(options.metrics_port),
                   [&] { return service.metrics(server.admission()); });
  }
  print(announcement(options, server.place(), scrape ? scrape->port() : std::optional<int>(),
                     repository.read()->states));
  Rescan rescan;
  while (!signals.came_within(options.rescan_s)) rescan.run(repository, server);
  std::fputs("calls that have begun come to their end\n", stderr);
  server.stop();
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
