#include "kedge/serve/call_span.h"

#include "kedge/base/protobuf_write.h"
#include "kedge/base/text.h"
#include "kedge/base/utf8.h"

namespace kedge {
namespace {

// Field numbers of opentelemetry.proto.trace.v1.
constexpr std::uint32_t kSpans = 2;  // of ScopeSpans
constexpr std::uint32_t kTrace = 1;
constexpr std::uint32_t kId = 2;
constexpr std::uint32_t kParent = 4;
constexpr std::uint32_t kName = 5;
constexpr std::uint32_t kKind = 6;
constexpr std::uint32_t kStart = 7;
constexpr std::uint32_t kEnd = 8;
constexpr std::uint32_t kAttributes = 9;
constexpr std::uint32_t kStatus = 15;
constexpr std::uint32_t kFlags = 16;

constexpr std::uint64_t kServer = 2;          // a kind
constexpr std::uint64_t kError = 2;           // a status
constexpr std::uint32_t kSampled = 0x1;       // a flag
constexpr std::uint32_t kKnowsWhere = 0x100;  // whether its parent is elsewhere
constexpr std::uint32_t kElsewhere = 0x200;

std::string_view service_of(std::string_view method) noexcept {
  return method == "Explain" || method == "Feedback" ? "kedge.v1.Kedge"
                                                     : "inference.GRPCInferenceService";
}

// OpenTelemetry's rule for servers: what the caller did wrong is no error of the span.
bool is_error(StatusCode code) noexcept {
  return code == StatusCode::kDeadlineExceeded || code == StatusCode::kUnimplemented ||
         code == StatusCode::kInternal || code == StatusCode::kUnavailable;
}

void add_text(ProtoWriter& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  out.message(kAttributes, [&] {
    out.text(1, key);
    out.message(2, [&] { out.text(1, utf8_of(value)); });
  });
}

void add_number(ProtoWriter& out, std::string_view key, std::uint64_t value) {
  out.message(kAttributes, [&] {
    out.text(1, key);
    out.message(2, [&] { out.integer(3, value); });
  });
}

void add_time(ProtoWriter& out, std::string_view key, std::chrono::nanoseconds value) {
  if (value.count() > 0) add_number(out, key, static_cast<std::uint64_t>(value.count()));
}

void write_attributes(const CallSpan& span, ProtoWriter& out) {
  add_text(out, "rpc.system", "grpc");
  add_text(out, "rpc.service", service_of(span.method));
  add_text(out, "rpc.method", span.method);
  add_number(out, "rpc.grpc.status_code", static_cast<std::uint64_t>(span.code));
  add_text(out, "kedge.model", span.model.read());
  add_text(out, "kedge.version", span.version.read());
  add_text(out, "kedge.request", span.request.read());
  if (span.rows != 0) add_number(out, "kedge.rows", span.rows);
  add_time(out, "kedge.queue_ns", span.waited);
  add_time(out, "kedge.decode_ns", span.decoded);
  add_time(out, "kedge.answer_ns", span.answered - span.decoded);
}

}  // namespace

void write_span(const CallSpan& span, std::vector<std::byte>& bytes) {
  ProtoWriter out(bytes);
  const auto since_1970 = [&](std::chrono::nanoseconds when) {
    return static_cast<std::uint64_t>((span.begun + when).count());
  };
  out.message(kSpans, [&] {
    out.bytes(kTrace, span.trace);
    out.bytes(kId, span.id);
    if (span.has_parent) out.bytes(kParent, span.parent);
    out.text(kName, text(service_of(span.method), "/", span.method));
    out.integer(kKind, kServer);
    out.fixed64(kStart, since_1970(-span.waited));
    out.fixed64(kEnd, since_1970(span.took));
    write_attributes(span, out);
    if (is_error(span.code)) {
      out.message(kStatus, [&] {
        out.text(2, status_name(span.code));
        out.integer(3, kError);
      });
    }
    out.fixed32(kFlags, kSampled | kKnowsWhere | (span.has_parent ? kElsewhere : 0));
  });
}

}  // namespace kedge
