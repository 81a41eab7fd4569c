// How a server listens, whom it lets in, and what it holds back. Names, defaults and bounds are
// those of python/kedge/serve/options.py, which starts this program with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/serve/drift_watch.h"
#include "kedge/serve/objective.h"
#include "kedge/serve/request_log.h"
#include "kedge/serve/router.h"
#include "kedge/serve/shared_regions.h"
#include "kedge/serve/trials.h"
#include "transport/batching.h"

namespace kedge {

// Where spans go: none without a socket, which whoever starts the program has opened.
struct TraceOptions {
  double share = 0;
  int socket = -1;
};

struct ServeOptions {
  std::string models;
  std::string host = "127.0.0.1";
  std::int64_t port = 8001;
  std::string unix_path;
  std::string tls_cert;
  std::string tls_key;
  std::string client_ca;
  std::string token_file;
  std::string descriptors;  // a file, a FileDescriptorSet: what reflection tells
  bool insecure_public = false;
  std::int64_t most_bytes = 64 << 20;
  std::int64_t threads = 0;  // that have a queue each; 0 for half of the processors
  std::int64_t most_calls = 256;
  std::int64_t most_calls_each = 0;  // of a client; 0 for no limit of its own
  std::int64_t metrics_port = -1;
  double rescan_s = 1;
  double grace_s = 10;
  double slo_ms = 100;  // of the objective: a share of calls within so much
  double slo_share = 0.999;
  std::vector<Route> routes;
  std::vector<TrialRules> rules;
  DriftOptions drift;
  RequestLogOptions request_log;  // none without a folder
  TraceOptions traces;
  SharedMemoryOptions shared_memory;  // none without a prefix
  Batching batching;
  std::string state;                     // a folder for what must not be lost; empty for none
  std::int64_t remember_rows = 100'000;  // of each model's answers, for labels to come
  bool is_json = false;

  // Where it listens, as gRPC spells it.
  std::string target() const;
  std::size_t queues() const;
  std::size_t remembered_rows() const noexcept {
    return state.empty() ? 0 : static_cast<std::size_t>(remember_rows);
  }
  Objective objective() const noexcept;
};

// Of arguments without the program's own name: "--port", "8001". Throws InvalidArgument for what is
// not known, out of its bounds, or must be asked for by its name.
ServeOptions read_options(std::span<const char* const> arguments);

std::string_view options_help() noexcept;

}  // namespace kedge
