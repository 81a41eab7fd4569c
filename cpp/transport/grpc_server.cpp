#include "transport/grpc_server.h"

#include <sys/stat.h>

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "kedge/base/error.h"
#include "kedge/base/file.h"
#include "transport/listening_place.h"

namespace kedge {
namespace {

constexpr int kMoreStreams = 64;  // than twice the calls: for health, and to be refused

std::string text_in(const std::string& path) {
  const MappedFile file = read_file(path);
  const auto* const first = reinterpret_cast<const char*>(file.bytes.data());
  return {first, first + file.bytes.size()};
}

std::unique_ptr<const std::optional<Tokens>> tokens_in(const std::string& path) {
  auto tokens = std::make_unique<std::optional<Tokens>>();
  if (!path.empty()) tokens->emplace(text_in(path), path);
  return tokens;
}

std::vector<std::byte> bytes_in(const std::string& path) {
  if (path.empty()) return {};
  const MappedFile file = read_file(path);
  return {file.bytes.begin(), file.bytes.end()};
}

std::shared_ptr<grpc::ServerCredentials> credentials_of(const ServeOptions& options) {
  if (options.tls_cert.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions tls(
      options.client_ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  if (!options.client_ca.empty()) tls.pem_root_certs = text_in(options.client_ca);
  tls.pem_key_cert_pairs.push_back({text_in(options.tls_key), text_in(options.tls_cert)});
  return grpc::SslServerCredentials(tls);
}

// A socket that is made meanwhile is its owner's.
class OwnersFiles {
 public:
  OwnersFiles() : before_(umask(0177)) {}
  OwnersFiles(const OwnersFiles&) = delete;
  OwnersFiles& operator=(const OwnersFiles&) = delete;
  ~OwnersFiles() { umask(before_); }

 private:
  mode_t before_;
};

}  // namespace

GrpcServer::GrpcServer(ServeOptions options, const Service& service)
    : options_(std::move(options)),
      token_stamp_(token_stamp()),
      desk_{service,
            Admission(static_cast<std::size_t>(options_.most_calls)),
            {},
            Published(tokens_in(options_.token_file)),
            Reflection(bytes_in(options_.descriptors)),
            options_.batching},
      watch_(desk_.health) {
  if (const std::int64_t most = options_.most_calls_each; most != 0) {
    desk_.of_client.emplace(static_cast<std::size_t>(most));
  }
  listen();
}

GrpcServer::~GrpcServer() { stop(); }

void GrpcServer::listen() {
  if (!options_.unix_path.empty() && is_answered(options_.unix_path)) {
    throw invalid_argument("cannot listen at ", options_.target(), ": somebody answers there");
  }
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(options_.target(), credentials_of(options_), &port);
  builder.RegisterService(&infer_);
  builder.RegisterAsyncGenericService(&others_);
  builder.RegisterService(&watch_);
  builder.SetMaxReceiveMessageSize(static_cast<int>(options_.most_bytes));
  builder.SetMaxSendMessageSize(static_cast<int>(options_.most_bytes));
  // Else two servers share a port and nobody is told.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Further ones of a connection wait at its other end.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             static_cast<int>(2 * options_.most_calls + kMoreStreams));
  for (std::size_t i = 0; i < options_.queues(); ++i) {
    queues_.push_back(
        std::make_unique<CallQueue>(desk_, infer_, others_, builder.AddCompletionQueue()));
  }
  {
    const OwnersFiles made;
    server_ = builder.BuildAndStart();
  }
  if (server_ == nullptr || (options_.unix_path.empty() && port == 0)) {
    stop();
    const std::string why = why_not_listen(options_);
    throw invalid_argument("cannot listen at ", options_.target(), why.empty() ? "" : ": ", why);
  }
  if (options_.unix_path.empty()) options_.port = port;
  place_ = options_.target();
  watch_.start(*queues_.front());
  for (const auto& queue : queues_) queue->start();
}

std::string GrpcServer::token_stamp() const {
  struct stat about{};
  if (options_.token_file.empty() || stat(options_.token_file.c_str(), &about) != 0) return {};
  return text(about.st_mtim.tv_sec, ".", about.st_mtim.tv_nsec, " ", about.st_size);
}

void GrpcServer::reload_tokens() {
  std::string stamp = token_stamp();
  if (stamp == token_stamp_) return;
  desk_.tokens.publish(tokens_in(options_.token_file));
  token_stamp_ = std::move(stamp);
}

void GrpcServer::stop() {
  desk_.health.stop();
  if (server_ != nullptr) {
    watch_.stop();
    const auto grace = std::chrono::duration<double>(options_.grace_s);
    server_->Shutdown(std::chrono::system_clock::now() +
                      std::chrono::duration_cast<std::chrono::system_clock::duration>(grace));
  }
  desk_.service.stop();
  for (const auto& queue : queues_) queue->await_end();
  desk_.side.finish();
  desk_.loader.finish();
  for (SideThread& keeper : desk_.keepers) keeper.finish();
  for (const auto& queue : queues_) queue->finish();
  server_.reset();
  queues_.clear();
}

}  // namespace kedge
