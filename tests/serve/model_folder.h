#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "folder.h"
#include "kedge/base/file.h"
#include "kedge/model/bundle.h"
#include "kedge/model/golden.h"
#include "kedge/model/quantize.h"
#include "score/random_forest.h"

namespace kedge::test {

// A folder of models that goes away with it.
class ModelFolder {
 public:
  std::string path() const { return folder_.path(); }
  void put(const std::string& name, const std::string& version, std::uint64_t seed) const {
    const Forest forest = random_forest(forest_shapes()[0], seed);
    Bundle bundle;
    bundle.features = forest.features;
    bundle.forest = quantize(forest);
    bundle.golden = make_golden(forest);
    bundle.origin = text("seed ", seed);
    write(name, version, write_bundle(bundle));
  }
  void write(const std::string& name, const std::string& version,
             std::span<const std::byte> bytes) const {
    std::filesystem::create_directories(folder_ / name);
    write_file(folder_ / (name + "/" + version + ".kedge"), bytes);
  }
  void remove(const std::string& name) const { std::filesystem::remove_all(folder_ / name); }

 private:
  Folder folder_;
};

}  // namespace kedge::test
