// A model file as a board has it: mapped, checked, and named by its hash.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kedge/base/file.h"
#include "kedge/base/open_file.h"
#include "kedge/base/sha256.h"
#include "kedge/score/model.h"

namespace kedge::edge {

struct EdgeModel {
  std::unique_ptr<const Model> model;
  std::vector<std::byte> profile;  // of its reference, or none; not in the model's bundle
  Sha256Sum sha256{};
  std::uint64_t bytes = 0;
};

// Throws as map_file, read_bundle and Model do: a bundle that wants another runtime is refused by
// that runtime's name.
EdgeModel load_model(const std::string& path);
// Of bytes whose digest is known.
EdgeModel load_model(const MappedFile& file, const Sha256Sum& sha256);

Sha256Sum digest_of(const MappedFile& file);
// Of the first bytes, read in pieces. Throws as OpenFile.
Sha256Sum digest_of(const OpenFile& file, std::uint64_t bytes);

}  // namespace kedge::edge
