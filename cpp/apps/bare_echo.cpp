#include "bare_echo.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server_builder.h>

#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "kedge/base/error.h"

namespace kedge {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kMethod[] = "/inference.GRPCInferenceService/ModelInfer";

// Calls that wait for the end of a stall, in the order in which they came.
class Stall {
 public:
  explicit Stall(const Stalls& stalls) : stalls_(stalls), waker_([this] { wake(); }) {}
  ~Stall() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_one();
    waker_.join();
  }

  void answer(grpc::ServerUnaryReactor* reactor) {
    if (stalls_.period.count() == 0) return reactor->Finish(grpc::Status::OK);
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = Clock::now();
    if (first_ == Clock::time_point{}) first_ = now;
    const auto phase = (now - first_) % stalls_.period;
    if (phase >= stalls_.length && waiting_.empty()) return reactor->Finish(grpc::Status::OK);
    if (waiting_.empty()) end_ = now - phase + stalls_.length;
    waiting_.push_back(reactor);
    changed_.notify_one();
  }

 private:
  void wake() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return is_over_ || !waiting_.empty(); });
      if (!is_over_) changed_.wait_until(lock, end_, [this] { return is_over_; });
      for (auto* const reactor : std::exchange(waiting_, {})) reactor->Finish(grpc::Status::OK);
      if (is_over_) return;
    }
  }

  const Stalls stalls_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<grpc::ServerUnaryReactor*> waiting_;
  Clock::time_point first_{};
  Clock::time_point end_{};
  bool is_over_ = false;
  std::thread waker_;
};

// The request's own bytes are the answer, by the raw callback interface.
class Echo final : public grpc::Service {
 public:
  explicit Echo(const Stalls& stalls) : stall_(stalls) {
    using Method = grpc::internal::RpcServiceMethod;
    using Handler = grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>;
    AddMethod(new Method(kMethod, grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
    MarkMethodRawCallback(
        0, new Handler([this](grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                              grpc::ByteBuffer* answer) {
          *answer = *request;
          grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
          stall_.answer(reactor);
          return reactor;
        }));
  }

 private:
  Stall stall_;
};

}  // namespace

void serve_echo(const std::string& place, const Stalls& stalls) {
  Echo service(stalls);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(place, grpc::InsecureServerCredentials(), &port);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(-1);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) throw invalid_argument("cannot listen at ", place);
  std::printf("{\"port\": %d}\n", port);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  server->Shutdown();
}

}  // namespace kedge
