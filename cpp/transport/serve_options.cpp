#include "transport/serve_options.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <thread>
#include <variant>

#include "kedge/base/error.h"

namespace kedge {
namespace {

struct Whole {
  std::int64_t ServeOptions::* member;
  std::int64_t least;
  std::int64_t most;
};
struct Seconds {
  double ServeOptions::* member;
  double least;
};
constexpr double kMostSeconds = 3600;

struct Option {
  std::string_view name;
  std::variant<std::string ServeOptions::*, bool ServeOptions::*, Whole, Seconds> place;
};

constexpr std::array kOptions{
    Option{"--host", &ServeOptions::host},
    Option{"--port", Whole{&ServeOptions::port, 0, 65535}},
    Option{"--unix", &ServeOptions::unix_path},
    Option{"--tls-cert", &ServeOptions::tls_cert},
    Option{"--tls-key", &ServeOptions::tls_key},
    Option{"--client-ca", &ServeOptions::client_ca},
    Option{"--token-file", &ServeOptions::token_file},
    Option{"--descriptors", &ServeOptions::descriptors},
    Option{"--insecure-public", &ServeOptions::insecure_public},
    Option{"--most-bytes", Whole{&ServeOptions::most_bytes, 1024, 1 << 30}},
    Option{"--threads", Whole{&ServeOptions::threads, 0, 256}},
    Option{"--most-calls", Whole{&ServeOptions::most_calls, 1, 100'000}},
    Option{"--metrics-port", Whole{&ServeOptions::metrics_port, -1, 65535}},
    Option{"--rescan-s", Seconds{&ServeOptions::rescan_s, 0.05}},
    Option{"--grace-s", Seconds{&ServeOptions::grace_s, 0}},
    Option{"--json", &ServeOptions::is_json},
};

// The arguments, each taken once.
class Arguments {
 public:
  explicit Arguments(std::span<const char* const> left) : left_(left) {}
  bool is_over() const noexcept { return left_.empty(); }
  std::string_view next(std::string_view wanted) {
    if (left_.empty()) throw invalid_argument(wanted, " lacks a value");
    const std::string_view taken = left_.front();
    left_ = left_.subspan(1);
    return taken;
  }

 private:
  std::span<const char* const> left_;
};

template <class Number>
Number number_in(std::string_view name, std::string_view said, Number least, Number most) {
  const std::optional<Number> number = number_of<Number>(said);
  if (number && *number >= least && *number <= most) return *number;
  throw invalid_argument(name, " = ", said, ": allowed are ", least, " to ", most);
}

void set(ServeOptions& options, const Option& option, Arguments& arguments) {
  const auto said = [&] { return arguments.next(option.name); };
  if (const auto* const text = std::get_if<0>(&option.place)) {
    options.** text = said();
  } else if (const auto* const is_on = std::get_if<1>(&option.place)) {
    options.** is_on = true;
  } else if (const auto* const whole = std::get_if<2>(&option.place)) {
    options.*whole->member = number_in(option.name, said(), whole->least, whole->most);
  } else if (const auto* const seconds = std::get_if<3>(&option.place)) {
    options.*seconds->member = number_in(option.name, said(), seconds->least, kMostSeconds);
  }
}

Route read_route(Arguments& arguments) {
  Route route;
  for (std::string Route::* const part : {&Route::model, &Route::live, &Route::candidate}) {
    route.*part = arguments.next("--route");
  }
  for (double Route::* const share : {&Route::canary, &Route::shadow}) {
    const std::string_view said = arguments.next("--route");
    const std::optional<double> number = number_of<double>(said);
    if (!number) throw invalid_argument("--route: ", said, " is no share");
    route.*share = *number;
  }
  return route;
}

bool is_loopback(std::string_view host) noexcept {
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

void check(const ServeOptions& options) {
  if (options.models.empty()) throw invalid_argument("which models? Name a folder");
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    throw invalid_argument("--tls-cert and --tls-key go together, one is missing");
  }
  const bool is_encrypted = !options.tls_cert.empty();
  if (!options.client_ca.empty() && !is_encrypted) {
    throw invalid_argument("--client-ca needs --tls-cert and --tls-key");
  }
  const bool is_known = !options.token_file.empty() || !options.client_ca.empty();
  if ((is_encrypted && is_known) || options.insecure_public || !options.unix_path.empty() ||
      is_loopback(options.host)) {
    return;
  }
  throw invalid_argument("--host ", options.host,
                         " is reached by other machines: give it --tls-cert and --tls-key, and "
                         "--token-file or --client-ca, or say --insecure-public");
}

}  // namespace

ServeOptions read_options(std::span<const char* const> given) {
  ServeOptions options;
  Arguments arguments(given);
  while (!arguments.is_over()) {
    const std::string_view name = arguments.next("");
    const auto known = std::ranges::find(kOptions, name, &Option::name);
    if (known != kOptions.end()) {
      set(options, *known, arguments);
    } else if (name == "--route") {
      options.routes.push_back(read_route(arguments));
    } else if (options.models.empty() && !name.starts_with('-')) {
      options.models = name;
    } else {
      throw invalid_argument("there is no option ", name);
    }
  }
  check(options);
  return options;
}

std::string_view options_help() noexcept {
  return "usage: kedge-serve MODELS [--host ADDRESS] [--port N] [--unix PATH] [--json]\n"
         "  [--tls-cert FILE --tls-key FILE [--client-ca FILE]] [--token-file FILE]\n"
         "  [--insecure-public] [--most-bytes N] [--most-calls N] [--threads N]\n"
         "  [--metrics-port N] [--rescan-s SECONDS] [--grace-s SECONDS]\n"
         "  [--descriptors FILE]"
         " [--route MODEL LIVE CANDIDATE CANARY SHADOW]...";
}

std::string ServeOptions::target() const {
  if (!unix_path.empty()) return text("unix:", std::filesystem::absolute(unix_path).string());
  return host.find(':') != host.npos ? text("[", host, "]:", port) : text(host, ":", port);
}

std::size_t ServeOptions::queues() const {
  if (threads != 0) return static_cast<std::size_t>(threads);
  return std::max(std::thread::hardware_concurrency() / 2, 1U);
}

}  // namespace kedge
