#include "transport/listening_place.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>

#include "kedge/base/text.h"

namespace kedge {
namespace {

std::string reason_of(int error) { return std::generic_category().message(error); }

// A socket for as long as something is tried with it.
class Tried {
 public:
  explicit Tried(int family) : socket_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  Tried(const Tried&) = delete;
  Tried& operator=(const Tried&) = delete;
  ~Tried() {
    if (socket_ >= 0) ::close(socket_);
  }
  int get() const noexcept { return socket_; }

 private:
  int socket_;
};

std::string why_not_listen(const addrinfo& at) {
  const Tried tried(at.ai_family);
  if (tried.get() < 0) return reason_of(errno);
  const int is_on = 1;
  ::setsockopt(tried.get(), SOL_SOCKET, SO_REUSEADDR, &is_on, sizeof is_on);
  const bool is_free =
      ::bind(tried.get(), at.ai_addr, at.ai_addrlen) == 0 && ::listen(tried.get(), 1) == 0;
  return is_free ? std::string() : reason_of(errno);
}

std::string why_not_listen(const std::string& unix_path) {
  constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
  if (unix_path.size() > kMost) {
    return text("the path has ", unix_path.size(), " bytes, at most ", kMost, " are allowed");
  }
  const auto folder = std::filesystem::absolute(unix_path).parent_path().string();
  return ::access(folder.c_str(), W_OK | X_OK) == 0 ? std::string() : reason_of(errno);
}

}  // namespace

bool is_answered(const std::string& unix_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (unix_path.size() >= sizeof address.sun_path) return false;
  unix_path.copy(address.sun_path, unix_path.size());
  const Tried tried(AF_UNIX);
  if (tried.get() < 0) return false;
  return ::connect(tried.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::string why_not_listen(const ServeOptions& options) {
  if (!options.unix_path.empty()) return why_not_listen(options.unix_path);
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = text(options.port);
  if (const int error = ::getaddrinfo(options.host.c_str(), port.c_str(), &wanted, &found)) {
    return ::gai_strerror(error);
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  return why_not_listen(*found);
}

}  // namespace kedge
