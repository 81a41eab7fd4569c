#include "kedge/serve/repository_calls.h"

#include "kedge/base/protobuf.h"
#include "kedge/serve/parameters.h"

namespace kedge {

void write_index(const Catalog& catalog, std::span<const std::byte> request, ProtoWriter& out) {
  bool only_ready = false;
  for (ProtoReader reader(request, "RepositoryIndexRequest"); reader.next();) {
    if (reader.field() == 2) only_ready = reader.unsigned_integer() != 0;
  }
  for (const ModelStatus& status : catalog.states) {
    if (only_ready && !status.is_ready) continue;
    out.message(1, [&] {
      out.text(1, status.name);
      out.text(2, status.version);
      out.text(3, status.is_ready ? "READY" : "UNAVAILABLE");
      out.text(4, status.reason);
    });
  }
}

std::string_view model_to_change(std::span<const std::byte> request) {
  std::string_view name;
  for (ProtoReader reader(request, "the request"); reader.next();) {
    if (reader.field() == 2) name = utf8_text(reader, "model_name");
  }
  return name;
}

}  // namespace kedge
