#include "transport/serve_options.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
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
struct Real {
  double ServeOptions::* member;
  double least;
  double most;
};
constexpr double kMostSeconds = 3600;

struct Option {
  std::string_view name;
  std::variant<std::string ServeOptions::*, bool ServeOptions::*, Whole, Real> place;
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
    Option{"--most-calls-each", Whole{&ServeOptions::most_calls_each, 0, 100'000}},
    Option{"--metrics-port", Whole{&ServeOptions::metrics_port, -1, 65535}},
    Option{"--rescan-s", Real{&ServeOptions::rescan_s, 0.05, kMostSeconds}},
    Option{"--grace-s", Real{&ServeOptions::grace_s, 0, kMostSeconds}},
    Option{"--slo-ms", Real{&ServeOptions::slo_ms, 0.001, kMostSeconds * 1000}},
    Option{"--slo-share", Real{&ServeOptions::slo_share, 0.001, 0.999999}},
    Option{"--state", &ServeOptions::state},
    Option{"--remember-rows", Whole{&ServeOptions::remember_rows, 16, 100'000'000}},
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
  } else if (const auto* const real = std::get_if<3>(&option.place)) {
    options.*real->member = number_in(option.name, said(), real->least, real->most);
  }
}

double next_number(std::string_view name, Arguments& arguments) {
  const std::string_view said = arguments.next(name);
  const std::optional<double> number = number_of<double>(said);
  if (!number) throw invalid_argument(name, ": ", said, " is no number");
  return *number;
}

Route read_route(Arguments& arguments) {
  Route route;
  for (std::string Route::* const part : {&Route::model, &Route::live, &Route::candidate}) {
    route.*part = arguments.next("--route");
  }
  for (double Route::* const share : {&Route::canary, &Route::shadow}) {
    route.*share = next_number("--route", arguments);
  }
  return route;
}

TrialRules read_shadow_rule(Arguments& arguments) {
  TrialRules rules;
  rules.model = arguments.next("--shadow-rule");
  ShadowRule& rule = rules.shadow.emplace();
  for (double* const part : {&rule.bound, &rule.delta, &rule.alpha}) {
    *part = next_number("--shadow-rule", arguments);
  }
  rule.min_rows = static_cast<std::uint64_t>(
      number_in("--shadow-rule", arguments.next("--shadow-rule"), std::int64_t{0},
                std::numeric_limits<std::int64_t>::max()));
  return rules;
}

TrialRules read_canary_rule(Arguments& arguments) {
  TrialRules rules;
  rules.model = arguments.next("--canary-rule");
  CanaryRules& rule = rules.canary.emplace();
  for (double* const part : {&rule.factor, &rule.margin, &rule.alpha, &rule.latency_ms}) {
    *part = next_number("--canary-rule", arguments);
  }
  rule.of_errors = number_in("--canary-rule", arguments.next("--canary-rule"), 0, 1) == 1;
  return rules;
}

DriftOptions read_drift(Arguments& arguments) {
  DriftOptions drift;
  for (double* const part :
       {&drift.every_s, &drift.min_effect, &drift.false_alarms, &drift.window_s}) {
    *part = next_number("--drift", arguments);
  }
  drift.check();
  return drift;
}

void read_request_log(Arguments& arguments, RequestLogOptions& log) {
  constexpr std::string_view kName = "--request-log";
  log.folder = arguments.next(kName);
  log.share = next_number(kName, arguments);
  log.most_bytes = static_cast<std::uint64_t>(number_in(
      kName, arguments.next(kName), std::int64_t{1}, std::numeric_limits<std::int64_t>::max()));
}

TraceOptions read_traces(Arguments& arguments) {
  constexpr std::string_view kName = "--traces";
  const double share = next_number(kName, arguments);
  return {share, number_in(kName, arguments.next(kName), 0, 1 << 20)};
}

void read_shared_memory(Arguments& arguments, SharedMemoryOptions& memory) {
  constexpr std::string_view kName = "--shared-memory";
  memory.prefix = arguments.next(kName);
  for (std::uint64_t* const most : {&memory.most_regions, &memory.most_bytes}) {
    *most = static_cast<std::uint64_t>(number_in(kName, arguments.next(kName), std::int64_t{1},
                                                 std::numeric_limits<std::int64_t>::max()));
  }
  memory.check();
}

Batching read_batching(Arguments& arguments) {
  constexpr std::string_view kName = "--batching";
  constexpr std::int64_t kMostWait = 1'000'000;
  constexpr std::int64_t kMostRows = 4096;
  const std::int64_t wait = number_in(kName, arguments.next(kName), std::int64_t{0}, kMostWait);
  const std::int64_t rows = number_in(kName, arguments.next(kName), std::int64_t{2}, kMostRows);
  return {static_cast<std::size_t>(rows), std::chrono::microseconds(wait)};
}

bool is_loopback(std::string_view host) noexcept {
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

void check(const ServeOptions& options) {
  if (options.models.empty()) throw invalid_argument("which models? Name a folder");
  if (!options.rules.empty() && options.state.empty()) {
    throw invalid_argument("a policy that acts wants --state, a folder that keeps what it did");
  }
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
    } else if (name == "--shadow-rule") {
      options.rules.push_back(read_shadow_rule(arguments));
    } else if (name == "--canary-rule") {
      options.rules.push_back(read_canary_rule(arguments));
    } else if (name == "--request-log") {
      read_request_log(arguments, options.request_log);
    } else if (name == "--traces") {
      options.traces = read_traces(arguments);
    } else if (name == "--redact") {
      options.request_log.redact.emplace_back(arguments.next(name));
    } else if (name == "--batching") {
      options.batching = read_batching(arguments);
    } else if (name == "--shared-memory") {
      read_shared_memory(arguments, options.shared_memory);
    } else if (name == "--drift") {
      options.drift = read_drift(arguments);
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
         "  [--insecure-public] [--most-bytes N] [--most-calls N] [--most-calls-each N]\n"
         "  [--threads N] [--metrics-port N] [--rescan-s SECONDS] [--grace-s SECONDS]\n"
         "  [--slo-ms MILLISECONDS --slo-share SHARE]\n"
         "  [--descriptors FILE] [--drift EVERY_S MIN_EFFECT FALSE_ALARMS_PER_S WINDOW_S]\n"
         "  [--state FOLDER [--remember-rows N]]\n"
         "  [--traces SHARE SOCKET]\n"
         "  [--request-log FOLDER SHARE MOST_BYTES [--redact COLUMN]...]\n"
         "  [--shared-memory PREFIX MOST_REGIONS MOST_BYTES] [--batching MAX_WAIT_US MAX_ROWS]\n"
         "  [--route MODEL LIVE CANDIDATE CANARY SHADOW]...\n"
         "  [--shadow-rule MODEL BOUND DELTA ALPHA MIN_ROWS]...\n"
         "  [--canary-rule MODEL FACTOR MARGIN ALPHA LATENCY_MS ERRORS]...";
}

std::string ServeOptions::target() const {
  if (!unix_path.empty()) return text("unix:", std::filesystem::absolute(unix_path).string());
  return host.find(':') != host.npos ? text("[", host, "]:", port) : text(host, ":", port);
}

std::size_t ServeOptions::queues() const {
  if (threads != 0) return static_cast<std::size_t>(threads);
  return std::max(std::thread::hardware_concurrency() / 2, 1U);
}

Objective ServeOptions::objective() const noexcept {
  return {std::chrono::nanoseconds(static_cast<std::int64_t>(slo_ms * 1e6)), slo_share};
}

}  // namespace kedge
