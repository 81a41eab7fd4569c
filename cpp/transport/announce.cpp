#include "transport/announce.h"

#include <string_view>

#include "kedge/base/json_string.h"
#include "kedge/base/text.h"

namespace kedge {
namespace {

constexpr std::string_view kTransport = "grpc++";

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

std::string printable(std::string_view value) {
  std::string out(value);
  for (char& c : out) c = is_control(c) ? '?' : c;
  return out;
}

std::string_view state_of(const ModelStatus& model) noexcept {
  return model.is_ready ? "READY" : "UNAVAILABLE";
}

std::string json(const std::string& place, const std::optional<int>& metrics_port,
                 std::span<const ModelStatus> models) {
  std::string out = text("{\"event\": \"serving\", \"target\": ", json_quoted(place),
                         ", \"transport\": ", json_quoted(kTransport), ", \"metrics\": ");
  out += metrics_port ? json_quoted(text("127.0.0.1:", *metrics_port)) : "null";
  out += ", \"models\": [";
  std::string_view separator;
  for (const ModelStatus& model : models) {
    out += text(separator, "{\"name\": ", json_quoted(model.name),
                ", \"version\": ", json_quoted(model.version),
                ", \"state\": ", json_quoted(state_of(model)),
                ", \"reason\": ", json_quoted(model.reason), "}");
    separator = ", ";
  }
  return out + "]}\n";
}

std::string_view tls_of(const ServeOptions& options) noexcept {
  if (options.tls_cert.empty()) return "no TLS";
  return options.client_ca.empty() ? "TLS" : "mutual TLS";
}

}  // namespace

std::string announcement(const ServeOptions& options, const std::string& place,
                         std::optional<int> metrics_port, std::span<const ModelStatus> models) {
  if (options.is_json) return json(place, metrics_port, models);
  std::string out =
      text("serving ", options.models, " at ", place, " by ", kTransport, ", ", tls_of(options),
           ", ", options.token_file.empty() ? "no tokens" : "tokens", "\n");
  if (metrics_port) out += text("  metrics at http://127.0.0.1:", *metrics_port, "/metrics\n");
  for (const ModelStatus& model : models) {
    out += text("  ", printable(model.name), " ", printable(model.version), " ", state_of(model));
    if (!model.reason.empty()) out += text(": ", printable(model.reason));
    out += '\n';
  }
  if (models.empty()) out += "  no model yet: the folder is watched\n";
  return out;
}

}  // namespace kedge
