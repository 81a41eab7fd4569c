#include "kedge/serve/shared_memory_calls.h"

#include "kedge/base/protobuf.h"
#include "kedge/serve/parameters.h"

namespace kedge {
namespace {

std::string_view region_named(std::span<const std::byte> request) {
  std::string_view name;
  for (ProtoReader reader(request, "the request"); reader.next();) {
    if (reader.field() == 1) name = utf8_text(reader, "name");
  }
  return name;
}

// An entry of a map.
void write_status(std::string_view name, const SharedRegion& region, ProtoWriter& out) {
  out.message(1, [&] {
    out.text(1, name);
    out.message(2, [&] {
      out.text(1, name);
      out.text(2, region.key);
      out.integer(3, region.offset);
      out.integer(4, region.bytes);
    });
  });
}

}  // namespace

void write_region_status(const SharedRegions& regions, std::span<const std::byte> request,
                         ProtoWriter& out) {
  const std::string_view wanted = region_named(request);
  const auto known = regions.list();
  if (!wanted.empty() && !known->contains(wanted)) {
    throw Refusal(StatusCode::kNotFound, text("region \"", wanted, "\": is not registered"));
  }
  for (const auto& [name, region] : *known) {
    if (wanted.empty() || wanted == name) write_status(name, *region, out);
  }
}

void register_region(SharedRegions& regions, std::span<const std::byte> request) {
  std::string_view name;
  std::string_view key;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  for (ProtoReader reader(request, "SystemSharedMemoryRegisterRequest"); reader.next();) {
    if (reader.field() == 1) name = utf8_text(reader, "name");
    if (reader.field() == 2) key = utf8_text(reader, "key");
    if (reader.field() == 3) offset = reader.unsigned_integer();
    if (reader.field() == 4) bytes = reader.unsigned_integer();
  }
  regions.add(name, key, offset, bytes);
}

void unregister_region(SharedRegions& regions, std::span<const std::byte> request) {
  regions.remove(region_named(request));
}

}  // namespace kedge
