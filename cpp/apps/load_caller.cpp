#include "load_caller.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/base/file.h"

namespace kedge {
namespace {

constexpr char kMethod[] = "/inference.GRPCInferenceService/ModelInfer";
// So many calls are started before answers are looked for, when several are due.
constexpr int kMostAtOnce = 8;
constexpr int kMostTaken = 256;
constexpr std::int64_t kReportEvery = 200'000'000;

std::string content(const std::string& path) {
  if (path.empty()) return {};
  const MappedFile file = read_file(path);
  return {reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()};
}

std::shared_ptr<grpc::ChannelCredentials> credentials(const CallPlace& place) {
  if (place.ca.empty()) return grpc::InsecureChannelCredentials();
  return grpc::SslCredentials({content(place.ca), content(place.key), content(place.cert)});
}

std::chrono::system_clock::time_point after(double seconds) {
  const std::chrono::duration<double> length(seconds);
  return std::chrono::system_clock::now() +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(length);
}

}  // namespace

struct LoadCaller::Pending {
  std::size_t number;
  std::int64_t due;
  std::int64_t sent;
  grpc::ClientContext context;
  grpc::ByteBuffer answer;
  grpc::Status status;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
};

LoadCaller::LoadCaller(const CallPlace& place, std::vector<grpc::ByteBuffer> requests)
    : place_(place), requests_(std::move(requests)) {
  if (requests_.empty()) throw invalid_argument("there is no request to send");
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // else all would share a connection
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // a call that is tried again would count once
  arguments.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);
  for (std::size_t i = 0; i < std::max<std::size_t>(place.connections, 1); ++i) {
    auto channel = grpc::CreateCustomChannel(place.target, credentials(place), arguments);
    if (!channel->WaitForConnected(after(place.timeout_s)))
      throw invalid_argument("nobody answers at ", place.target);
    stubs_.emplace_back(std::move(channel));
  }
}

LoadCaller::~LoadCaller() { queue_.Shutdown(); }

void LoadCaller::begin() noexcept {
  sent_ = done_ = 0;
  next_report_ = kReportEvery;
  begun_ = Clock::now();
}

void LoadCaller::open_loop(std::span<const std::int64_t> due, CallReader& reader) {
  begin();
  while (done_ < due.size()) {
    std::int64_t at = now();
    for (int i = 0; i < kMostAtOnce && sent_ < due.size() && due[sent_] <= at; ++i) {
      start(due[sent_], reader);
      at = now();
    }
    for (int i = 0; i < kMostTaken && take(reader, false); ++i) {
    }
    report(reader, at);
  }
}

void LoadCaller::closed_loop(std::size_t calls, std::size_t at_once, CallReader& reader) {
  begin();
  while (sent_ < std::min(at_once, calls)) start(now(), reader);
  while (done_ < calls) {
    take(reader, true);
    if (sent_ < calls) start(now(), reader);
    report(reader, now());
  }
}

void LoadCaller::start(std::int64_t due, CallReader& reader) {
  const std::size_t number = sent_++;
  const std::int64_t sent = now();
  if (number - done_ >= kMostWaiting) {
    const auto waited = static_cast<std::int64_t>(place_.timeout_s * 1e9);
    ++done_;
    const grpc::Status unsent(grpc::StatusCode::RESOURCE_EXHAUSTED, "unsent");
    reader.took({number, due, due, due + waited, unsent, {}});
    return;
  }
  auto* const call = new Pending{number, due, sent, {}, {}, {}, nullptr};
  call->context.set_deadline(after(place_.timeout_s));
  for (const auto& [name, value] : place_.metadata) call->context.AddMetadata(name, value);
  grpc::GenericStub& stub = stubs_[number % stubs_.size()];
  const grpc::ByteBuffer& request = requests_[number % requests_.size()];
  call->reader = stub.PrepareUnaryCall(&call->context, kMethod, request, &queue_);
  call->reader->StartCall();
  call->reader->Finish(&call->answer, &call->status, call);
}

bool LoadCaller::take(CallReader& reader, bool waits) {
  void* tag = nullptr;
  bool is_ok = false;
  if (waits) {
    queue_.Next(&tag, &is_ok);
  } else if (queue_.AsyncNext(&tag, &is_ok, gpr_time_0(GPR_CLOCK_MONOTONIC)) !=
             grpc::CompletionQueue::GOT_EVENT) {
    return false;
  }
  const std::unique_ptr<Pending> call(static_cast<Pending*>(tag));
  ++done_;
  reader.took({call->number, call->due, call->sent, now(), call->status, call->answer});
  return true;
}

void LoadCaller::report(CallReader& reader, std::int64_t at) {
  if (at < next_report_) return;
  next_report_ = at + kReportEvery;
  reader.goes_on(sent_, done_);
}

}  // namespace kedge
