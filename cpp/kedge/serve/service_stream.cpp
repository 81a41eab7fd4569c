// The requests of a stream, each with an end of its own.
#include <new>

#include "kedge/base/give_back.h"
#include "kedge/base/protobuf_write.h"
#include "kedge/serve/service.h"

namespace kedge {
namespace {

// Empty also when the request cannot be read.
std::string_view id_of(std::span<const std::byte> request) {
  std::string_view id;
  try {
    for (ProtoReader reader(request, "ModelInferRequest"); reader.next();) {
      if (reader.field() == 3) id = utf8_text(reader, "id");
    }
  } catch (const Error&) {
    return {};
  }
  return id;
}

}  // namespace

Reply Service::stream(std::span<const std::byte> request, std::vector<std::byte>& out,
                      const CallTime& time, std::string_view traceparent) const noexcept {
  constexpr std::size_t kMostKept = std::size_t{1} << 22;  // bytes
  thread_local std::vector<std::byte> one;
  if (one.capacity() > kMostKept) give_back(one);
  one.clear();
  const Reply reply = handle("ModelStreamInfer", request, one, time, traceparent);
  try {
    ProtoWriter writer(out);
    if (reply.code == StatusCode::kOk) {
      writer.bytes(2, one);
    } else {
      writer.text(1, text(status_name(reply.code), ": ", reply.message));
      const std::string_view id = id_of(request);
      if (!id.empty()) writer.message(2, [&] { writer.text(3, id); });
    }
    return {};
  } catch (const std::bad_alloc&) {
    return {StatusCode::kResourceExhausted, {}};
  }
}

}  // namespace kedge
