// What a board is told is refused before anything runs, by name and with the bound.
#include "kedge/edge/config.h"

#include <string>

#include "check.h"
#include "folder.h"
#include "kedge/base/bytes.h"
#include "kedge/base/file.h"

namespace kedge {
namespace {

using edge::Endpoint;
using edge::EndpointKind;

edge::EdgeConfig config_in(const std::string& folder, const std::string& device,
                           const std::string& more) {
  const std::string path = folder + "/edge.toml";
  write_file(path, as_bytes("device = \"" + device + "\"\nmodel = \"m\"\n" + more +
                            "\n[input]\n[input.columns]\na = \"float64\"\n"));
  return edge::read_config(path);
}

TEST("config: a socket's path is as long as the system takes, with its folder before it") {
  const test::Folder folder;
  const std::string name(107 - folder.path().size() - 1, 's');
  const auto at = [&](const std::string& socket) {
    return config_in(folder.path(), "d", "[metrics]\nto = \"unix:" + socket + "\"\n").metrics;
  };
  CHECK(at(name).path.size() == 107);
  const std::string refusal = "metrics.to: the socket's path \"" + folder.path() + "/" + name +
                              "x\" has 108 bytes, at most 107 are possible";
  CHECK_ERROR(refusal, at(name + "x"));
}

TEST("config: no socket is reached by a path that has no room in its address") {
  Endpoint endpoint;
  endpoint.kind = EndpointKind::kUnix;
  endpoint.path = "/" + std::string(4096, 'x');
  CHECK_ERROR("has 4097 bytes, at most 107 are possible", edge::listen_at(endpoint));
  CHECK_ERROR("has 4097 bytes, at most 107 are possible", edge::connect_to(endpoint));
}

TEST("config: a device's name has a length of one byte in its greeting") {
  const test::Folder folder;
  CHECK(config_in(folder.path(), std::string(127, 'd'), "").device.size() == 127);
  CHECK_ERROR("device: a device's name of 128 bytes, 1 to 127",
              config_in(folder.path(), std::string(128, 'd'), ""));
  CHECK_ERROR("device: a device's name of 0 bytes, 1 to 127", config_in(folder.path(), "", ""));
}

}  // namespace
}  // namespace kedge
