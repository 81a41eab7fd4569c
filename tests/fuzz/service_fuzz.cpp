// Any bytes to any method of a service with models: a status comes back, and nothing else happens.
// The first byte says which method, the rest is the request.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz.h"
#include "kedge/base/bytes.h"
#include "kedge/base/file.h"
#include "kedge/base/protobuf_write.h"
#include "kedge/model/bundle.h"
#include "kedge/model/golden.h"
#include "kedge/model/quantize.h"
#include "kedge/serve/repository.h"
#include "kedge/serve/service.h"
#include "protobuf_mutator.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMethods[] = {"ModelInfer",
                                         "Explain",
                                         "ModelStreamInfer",
                                         "ModelReady",
                                         "ModelMetadata",
                                         "ModelConfig",
                                         "ModelStatistics",
                                         "RepositoryIndex",
                                         "RepositoryModelLoad",
                                         "RepositoryModelUnload",
                                         "ServerMetadata",
                                         "Nothing",
                                         "SystemSharedMemoryStatus",
                                         "SystemSharedMemoryRegister",
                                         "SystemSharedMemoryUnregister"};

// A stump over features a and color, of which the second has names.
Bundle stump() {
  Forest forest;
  forest.features = {{.name = "a"}, {.name = "color"}};
  forest.features[1].kind = FeatureKind::kCategory;
  forest.features[1].categories = {"red", "green", "blue"};
  forest.start = {0};
  forest.bias = {0};
  Tree tree;
  tree.nodes.push_back({.feature = 0, .threshold = 0.5, .left = -1, .right = -2});
  tree.leaves = {-1, 2};
  tree.node_covers = {2};
  tree.leaf_covers = {1, 1};
  forest.trees.push_back(tree);
  Bundle bundle;
  bundle.features = forest.features;
  bundle.forest = quantize(forest);
  bundle.golden = make_golden(forest);
  return bundle;
}

constexpr const char* kObject = "/kedge-fuzz-object";
constexpr std::size_t kObjectBytes = 4096;

// Made once, in a folder that the process leaves behind empty, beside an object of shared memory,
// which processes share.
class Served {
 public:
  Served() : folder_(fs::temp_directory_path() / text("kedge-service-fuzz-", ::getpid())) {
    fs::create_directories(folder_ / "m");
    write_file((folder_ / "m" / "1.kedge").string(), write_bundle(stump()));
    repository_.emplace(folder_.string());
    service_.emplace(*repository_);
    service_->route({{"m", "1", "2", 0.5, 0.5}});
    object_ = ::shm_open(kObject, O_RDWR | O_CREAT, 0600);
    fuzz_check(object_ >= 0 && ::ftruncate(object_, kObjectBytes) == 0);
    service_->share_memory({"kedge-fuzz-", 4, 2 * kObjectBytes});
    restore();
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  ~Served() {
    fs::remove_all(folder_);
    ::shm_unlink(kObject);
    ::close(object_);
  }

  const Service& service() const { return *service_; }
  // The next input finds what this one found.
  void restore() {
    repository_->load("m");
    ask("SystemSharedMemoryUnregister", {});
    std::vector<std::byte> region;
    ProtoWriter out(region);
    out.text(1, "r");
    out.text(2, kObject);
    out.integer(4, kObjectBytes);
    ask("SystemSharedMemoryRegister", region);
  }

 private:
  void ask(std::string_view method, std::span<const std::byte> request) const {
    std::vector<std::byte> out;
    service_->handle(method, request, out);
  }

  fs::path folder_;
  std::optional<Repository> repository_;
  std::optional<Service> service_;
  int object_ = -1;
};

// Twice at the same time is what it is alone, unless it may write where it reads.
void run_together(const Service& service, std::span<const std::byte> request, const Reply& alone,
                  const std::vector<std::byte>& answer) {
  if (as_text(request).find(kRegionName) != std::string_view::npos) return;
  const CallTime time{std::chrono::seconds(1), std::chrono::nanoseconds(0)};
  std::vector<std::byte> outs[2] = {{std::byte{7}}, {std::byte{7}}};
  InferTurn turns[2] = {{request, &outs[0], time, {}, {}}, {request, &outs[1], time, {}, {}}};
  service.infer_together(turns, 16);
  for (std::size_t i = 0; i < 2; ++i) {
    fuzz_check(turns[i].reply.code == alone.code && turns[i].reply.message == alone.message);
    fuzz_check(outs[i] == answer);
  }
}

void run(std::string_view method, std::span<const std::byte> request) {
  static Served served;
  std::vector<std::byte> out{std::byte{7}};
  const CallTime time{std::chrono::seconds(1), std::chrono::nanoseconds(0)};
  const Reply reply = method == "ModelStreamInfer"
                          ? served.service().stream(request, out, time)
                          : served.service().handle(method, request, out, time);
  fuzz_check(reply.code == StatusCode::kOk || out.size() == 1);
  fuzz_check(status_name(reply.code) != "INTERNAL");
  fuzz_check(is_utf8(reply.message));
  if (method == "ModelInfer") run_together(served.service(), request, reply, out);
  if (method.starts_with("RepositoryModel") || method.starts_with("System")) served.restore();
}

}  // namespace
}  // namespace kedge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  kedge::run(kedge::kMethods[data[0] % std::size(kedge::kMethods)],
             kedge::fuzz_bytes(data + 1, size - 1));
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  if (size < 2 || seed % 4 == 0) return LLVMFuzzerMutate(data, size, most);
  kedge::ProtobufMutator mutator(seed);
  const kedge::FuzzBytes made = mutator.mutate({data + 1, size - 1});
  if (made.size() + 1 > most) return LLVMFuzzerMutate(data, size, most);
  std::copy(made.begin(), made.end(), data + 1);
  return made.size() + 1;
}
