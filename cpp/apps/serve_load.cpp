// What bench/serve times servers with: calls of one method, and the echo to hold them against.
//
//   serve_load echo                    a bare gRPC server: says its port, ends with its input
//   serve_load call TARGET REQUEST     for each line "CALLS AT_ONCE RATE" of its input, so many
//   calls
//                                      and a line of what they took, in nanoseconds
//
// With rate 0 each call follows another one; else calls are due at that rate, whatever those before
// them do, and each is timed from when it was due.
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/base/file.h"
#include "transport/whole_message.h"

namespace kedge {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kMethod[] = "/inference.GRPCInferenceService/ModelInfer";

// The request's own bytes are the answer, by the raw callback interface.
class Echo final : public grpc::Service {
 public:
  Echo() {
    using Method = grpc::internal::RpcServiceMethod;
    using Handler = grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>;
    AddMethod(new Method(kMethod, grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
    MarkMethodRawCallback(
        0, new Handler([](grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                          grpc::ByteBuffer* answer) {
          *answer = *request;
          grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
          reactor->Finish(grpc::Status::OK);
          return reactor;
        }));
  }
};

void echo() {
  Echo service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  std::printf("{\"port\": %d}\n", port);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  server->Shutdown();
}

struct Order {
  std::size_t calls;
  std::size_t at_once;
  double rate;
};

struct Pending {
  Clock::time_point due;
  grpc::ClientContext context;
  grpc::ByteBuffer answer;
  grpc::Status status;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
};

class Caller {
 public:
  Caller(const std::string& target, std::span<const std::byte> request)
      : stub_(grpc::CreateChannel(target, grpc::InsecureChannelCredentials())),
        request_(buffer_of(request)) {}

  void run(const Order& order) {
    taken_.clear();
    failed_ = started_ = 0;
    const Clock::time_point begun = Clock::now();
    if (order.rate > 0) {
      run_paced(order, begun);
    } else {
      while (started_ < std::min(order.at_once, order.calls)) start(Clock::now());
      while (taken_.size() < order.calls) {
        take();
        if (started_ < order.calls) start(Clock::now());
      }
    }
    print(Clock::now() - begun);
  }

 private:
  // Calls are begun by a thread of their own: a queue that is asked with a deadline keeps it to the
  // millisecond only.
  void run_paced(const Order& order, Clock::time_point begun) {
    std::thread pace([&] {
      for (std::size_t i = 0; i < order.calls; ++i) {
        const std::chrono::duration<double> since(static_cast<double>(i) / order.rate);
        const auto due = begun + std::chrono::duration_cast<Clock::duration>(since);
        std::this_thread::sleep_until(due);
        start(due);
      }
    });
    while (taken_.size() < order.calls) take();
    pace.join();
  }

  void start(Clock::time_point due) {
    auto* const call = new Pending{due, {}, {}, {}, nullptr};
    call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    call->reader = stub_.PrepareUnaryCall(&call->context, kMethod, request_, &queue_);
    call->reader->StartCall();
    call->reader->Finish(&call->answer, &call->status, call);
    ++started_;
  }

  void take() {
    void* tag = nullptr;
    bool is_ok = false;
    queue_.Next(&tag, &is_ok);
    const std::unique_ptr<Pending> call(static_cast<Pending*>(tag));
    taken_.push_back((Clock::now() - call->due).count());
    if (!call->status.ok()) ++failed_;
    answer_ = call->answer;
  }

  void print(Clock::duration took) const {
    std::string out =
        text("{\"elapsed_ns\": ", took.count(), ", \"failed\": ", failed_, ", \"answer\": \"");
    constexpr std::string_view kDigits = "0123456789abcdef";
    if (answer_.Valid()) {
      const WholeMessage answer(answer_);
      for (const std::byte byte : answer.bytes()) {
        out += text(kDigits[std::to_integer<unsigned>(byte) >> 4U],
                    kDigits[std::to_integer<unsigned>(byte) & 15U]);
      }
    }
    out += "\", \"taken_ns\": [";
    std::string_view separator;
    for (const std::int64_t one : taken_) {
      out += text(separator, one);
      separator = ",";
    }
    std::puts((out + "]}").c_str());
    std::fflush(stdout);
  }

  grpc::GenericStub stub_;
  grpc::ByteBuffer request_;
  grpc::CompletionQueue queue_;
  grpc::ByteBuffer answer_;
  std::vector<std::int64_t> taken_;
  std::size_t started_ = 0;
  std::size_t failed_ = 0;
};

void call(const std::string& target, const std::string& path) {
  const MappedFile request = read_file(path);
  Caller caller(target, request.bytes);
  Order order{};
  while (std::cin >> order.calls >> order.at_once >> order.rate) caller.run(order);
}

}  // namespace
}  // namespace kedge

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  try {
    if (words.size() == 1 && words[0] == "echo") {
      kedge::echo();
    } else if (words.size() == 3 && words[0] == "call") {
      kedge::call(words[1], words[2]);
    } else {
      throw kedge::invalid_argument("expected echo, or call TARGET REQUEST");
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "serve_load: %s\n", error.what());
    return 1;
  }
}
