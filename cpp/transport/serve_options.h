// How a server listens, whom it lets in, and what it holds back. Names, defaults and bounds are
// those of python/kedge/serve/options.py, which starts this program with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/serve/router.h"

namespace kedge {

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
  std::int64_t metrics_port = -1;
  double rescan_s = 1;
  double grace_s = 10;
  std::vector<Route> routes;
  bool is_json = false;

  // Where it listens, as gRPC spells it.
  std::string target() const;
  std::size_t queues() const;
};

// Of arguments without the program's own name: "--port", "8001". Throws InvalidArgument for what is
// not known, out of its bounds, or must be asked for by its name.
ServeOptions read_options(std::span<const char* const> arguments);

std::string_view options_help() noexcept;

}  // namespace kedge
