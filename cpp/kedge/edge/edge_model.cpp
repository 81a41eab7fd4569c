#include "kedge/edge/edge_model.h"

namespace kedge::edge {

Sha256Sum digest_of(const MappedFile& file) {
  Sha256 hash;
  hash.add(file.bytes);
  return hash.finish();
}

EdgeModel load_model(const MappedFile& file, const Sha256Sum& sha256) {
  Bundle bundle = read_bundle(file.bytes, file.owner);
  std::vector<std::byte> profile = std::move(bundle.profile);
  return {std::make_unique<const Model>(std::move(bundle)), std::move(profile), sha256,
          file.bytes.size()};
}

EdgeModel load_model(const std::string& path) {
  const MappedFile file = map_file(path);
  return load_model(file, digest_of(file));
}

}  // namespace kedge::edge
