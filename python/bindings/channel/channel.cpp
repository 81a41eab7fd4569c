// gRPC's C++ client for Python: bytes in, bytes out. The thread that makes a call waits for it
// itself, so that there is no other to wake, and holds no lock of Python's meanwhile. A process
// that was forked off has none of gRPC's threads: what it inherits is left as it lies.
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "kedge/base/utf8.h"
#include "transport/whole_message.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

using Metadata = std::vector<std::pair<std::string, std::string>>;
using Files = std::tuple<nb::bytes, nb::bytes, nb::bytes>;
using Clock = std::chrono::system_clock;

constexpr std::chrono::milliseconds kLook(50);  // for a key that interrupts, or an end

// What this process has made, and a forked one does not end.
template <class T>
class Own {
 public:
  explicit Own(std::unique_ptr<T> made) : made_(std::move(made)), process_(getpid()) {}
  Own(const Own&) = delete;
  Own& operator=(const Own&) = delete;
  ~Own() {
    if (!is_ours()) static_cast<void>(made_.release());
  }
  bool is_ours() const noexcept { return getpid() == process_; }
  T& operator*() const noexcept { return *made_; }
  T* operator->() const noexcept { return made_.get(); }

 private:
  std::unique_ptr<T> made_;
  pid_t process_;
};

// One for each thread, which takes what it has put in before it returns.
class CallsQueue {
 public:
  CallsQueue() = default;
  CallsQueue(const CallsQueue&) = delete;
  CallsQueue& operator=(const CallsQueue&) = delete;
  ~CallsQueue() {
    if (!queue_.is_ours()) return;
    queue_->Shutdown();
    void* tag = nullptr;
    for (bool is_ok = false; queue_->Next(&tag, &is_ok);) continue;
  }
  grpc::CompletionQueue& get() const noexcept { return *queue_; }

 private:
  Own<grpc::CompletionQueue> queue_{std::make_unique<grpc::CompletionQueue>()};
};

std::string text_of(const nb::bytes& bytes) {
  return {static_cast<const char*>(bytes.data()), bytes.size()};
}

std::shared_ptr<grpc::ChannelCredentials> credentials_of(const Files& pem) {
  const auto& [ca, key, cert] = pem;
  if (ca.size() == 0) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = text_of(ca);
  options.pem_private_key = text_of(key);
  options.pem_cert_chain = text_of(cert);
  return grpc::SslCredentials(options);
}

std::shared_ptr<grpc::Channel> channel_to(const std::string& target, const Files& pem,
                                          int most_bytes) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(most_bytes);
  return grpc::CreateCustomChannel(target, credentials_of(pem), arguments);
}

class NativeChannel {
 public:
  NativeChannel(const std::string& target, const Files& pem, int most_bytes)
      : stub_(std::make_shared<Own<grpc::GenericStub>>(
            std::make_unique<grpc::GenericStub>(channel_to(target, pem, most_bytes)))) {}

  // The connection ends with the last call that is under way.
  void close() noexcept {
    is_closed_ = true;
    stub_.reset();
  }

  nb::tuple call(const std::string& path, const nb::bytes& request, double timeout,
                 const Metadata& metadata) {
    const auto stub = stub_;
    if (!stub) throw nb::value_error("the client is closed");
    grpc::ClientContext context;
    context.set_deadline(Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                            std::chrono::duration<double>(timeout)));
    for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
    const std::span bytes(reinterpret_cast<const std::byte*>(request.data()), request.size());
    grpc::ByteBuffer answer;
    const auto [status, interrupt] = run(**stub, context, path, bytes, answer);
    if (interrupt) std::rethrow_exception(interrupt);
    std::optional<WholeMessage> whole;
    if (status.ok()) whole.emplace(answer);
    const std::span got = whole ? whole->bytes() : std::span<const std::byte>();
    return nb::make_tuple(static_cast<int>(status.error_code()), utf8_of(status.error_message()),
                          nb::bytes(got.data(), got.size()));
  }

 private:
  std::pair<grpc::Status, std::exception_ptr> run(grpc::GenericStub& stub,
                                                  grpc::ClientContext& context,
                                                  const std::string& path,
                                                  std::span<const std::byte> request,
                                                  grpc::ByteBuffer& answer) {
    const nb::gil_scoped_release released;
    thread_local const CallsQueue own;
    grpc::CompletionQueue& queue = own.get();
    grpc::Status status;
    const auto reader = stub.PrepareUnaryCall(&context, path, buffer_of(request), &queue);
    reader->StartCall();
    reader->Finish(&answer, &status, nullptr);
    std::exception_ptr interrupt;
    void* tag = nullptr;
    bool is_ok = false;
    while (queue.AsyncNext(&tag, &is_ok, Clock::now() + kLook) !=
           grpc::CompletionQueue::GOT_EVENT) {
      if (!interrupt) interrupt = interrupt_of_python();
      if (interrupt || is_closed_) context.TryCancel();
    }
    return {status, interrupt};
  }

  static std::exception_ptr interrupt_of_python() {
    const nb::gil_scoped_acquire acquired;
    if (PyErr_CheckSignals() == 0) return nullptr;
    return std::make_exception_ptr(nb::python_error());
  }

  std::shared_ptr<Own<grpc::GenericStub>> stub_;  // none when it is closed
  std::atomic<bool> is_closed_ = false;
};

}  // namespace
}  // namespace kedge

NB_MODULE(_channel, m) {
  nb::class_<kedge::NativeChannel>(m, "NativeChannel", "A connection to a server of gRPC.")
      .def(nb::init<const std::string&, const kedge::Files&, int>(), "target"_a, "pem"_a,
           "most_bytes"_a,
           "Connect when the first call is made. `pem` are the certificates to trust, a private "
           "key and its certificate, empty where there is none.")
      .def("call", &kedge::NativeChannel::call, "path"_a, "request"_a, "timeout"_a, "metadata"_a,
           nb::sig("def call(self, path: str, request: bytes, timeout: float, metadata: "
                   "collections.abc.Sequence[tuple[str, str]]) -> tuple[int, str, bytes]"),
           "The code, its message and the answer to a call of one message, made within so many "
           "seconds.")
      .def("close", &kedge::NativeChannel::close,
           "End it; calls that are under way are cancelled.");
}
