#include "kedge/edge/edge_model.h"

#include <algorithm>

namespace kedge::edge {

Sha256Sum digest_of(const MappedFile& file) {
  Sha256 hash;
  hash.add(file.bytes);
  return hash.finish();
}

Sha256Sum digest_of(const OpenFile& file, std::uint64_t bytes) {
  constexpr std::uint64_t kPiece = 64 << 10;
  std::vector<std::byte> piece(std::min(bytes, kPiece));
  Sha256 hash;
  for (std::uint64_t at = 0; at < bytes; at += piece.size()) {
    piece.resize(std::min(bytes - at, kPiece));
    file.read(at, piece);
    hash.add(piece);
  }
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
