// A service behind gRPC: it listens, and is called until it stops.
#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kedge/serve/service.h"
#include "transport/call_queue.h"
#include "transport/desk.h"
#include "transport/health_watch.h"
#include "transport/serve_options.h"

namespace kedge {

// For one thread; calls come on threads of its own.
class GrpcServer {
 public:
  // Throws InvalidArgument when the place is taken, or a certificate, a key or the tokens cannot be
  // read.
  GrpcServer(ServeOptions options, const Service& service);
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;
  ~GrpcServer();

  // Where it listens, with the port that it has.
  const std::string& place() const noexcept { return place_; }
  AdmissionCounts admission() const noexcept { return desk_.admission.read(); }

  // Takes the tokens of the file anew if it has changed. Throws as the constructor does, and those
  // before it stay.
  void reload_tokens();
  // Takes no more calls, and returns when those that have begun are done or out of time.
  void stop();

 private:
  std::string token_stamp() const;
  void listen();

  ServeOptions options_;
  std::string token_stamp_;
  Desk desk_;
  HealthWatch watch_;
  InferMethod infer_;
  grpc::AsyncGenericService others_;
  std::vector<std::unique_ptr<CallQueue>> queues_;
  std::unique_ptr<grpc::Server> server_;
  std::string place_;
};

}  // namespace kedge
