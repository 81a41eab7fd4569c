#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "kedge/base/bytes.h"
#include "kedge/base/folder_storage.h"
#include "kedge/base/json.h"
#include "kedge/trust/canonical_json.h"
#include "kedge/trust/delegation.h"
#include "kedge/trust/trust_client.h"
#include "kedge/trust/update_package.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

using namespace trust;

using FetchFunction = nb::typed<nb::callable, std::optional<nb::bytes>(std::string, std::size_t)>;

// A function of Python's as a repository: of a path and the most bytes to bytes, or None.
class PythonFetch final : public Fetch {
 public:
  explicit PythonFetch(nb::callable given) : given_(std::move(given)) {}

  bool fetch(const std::string& path, std::size_t most, const Sink& sink) override {
    const nb::object got = given_(path, most);
    if (got.is_none()) return false;
    const auto bytes = bytes_of(nb::cast<nb::bytes>(got));
    if (bytes.size() > most) {
      throw resource_exhausted(path, ": ", bytes.size(), " bytes, at most ", most, " are read");
    }
    sink(bytes);
    return true;
  }

 private:
  nb::callable given_;
};

// A client with the folder where it keeps what it trusts.
class FolderClient {
 public:
  FolderClient(std::string folder, const nb::bytes& root)
      : storage_(std::move(folder)), client_(storage_, bytes_of(root)) {}

  void refresh(FetchFunction fetch, std::optional<std::int64_t> now, std::int64_t grace) {
    PythonFetch from(std::move(fetch));
    client_.refresh(from, {now, grace});
  }

  std::optional<nb::bytes> download(FetchFunction fetch, std::string_view path,
                                    std::optional<std::int64_t> now, std::int64_t grace) {
    PythonFetch from(std::move(fetch));
    const auto target = client_.find_target(from, path, {now, grace});
    if (!target) return std::nullopt;
    std::vector<std::byte> whole;
    client_.download(from, *target, [&](std::span<const std::byte> piece) {
      whole.insert(whole.end(), piece.begin(), piece.end());
    });
    return python_bytes(whole);
  }

  std::vector<std::tuple<std::string, std::string>> targets() const {
    std::vector<std::tuple<std::string, std::string>> out;
    for (const TargetFile& target : client_.targets()) out.emplace_back(target.path, target.custom);
    return out;
  }
  std::int64_t floor() const noexcept { return client_.floor(); }

 private:
  FolderStorage storage_;
  TrustClient client_;
};

std::optional<nb::bytes> fetch_from(UpdatePackage& package, const std::string& path,
                                    std::size_t most) {
  const auto whole = package.fetch_whole(path, most);
  if (!whole) return std::nullopt;
  return python_bytes(*whole);
}

}  // namespace

void bind_trust(nb::module_& m) {
  m.def(
      "canonical_json",
      [](const nb::bytes& json) {
        const Document document = read_json(as_text(bytes_of(json)));
        return python_bytes(as_bytes(canonical_json(document.root())));
      },
      "json"_a, "The bytes that TUF signs for a JSON text.");
  m.def("matches_path", &matches_path, "pattern"_a, "path"_a,
        "Whether a delegation's pattern stands for a path.");
  nb::class_<FolderClient>(m, "TrustClient",
                           "What boards verify updates with: a client of The Update Framework.")
      .def(nb::init<std::string, const nb::bytes&>(), "folder"_a, "root"_a)
      .def("refresh", &FolderClient::refresh, "fetch"_a, "now"_a.none(), "grace"_a = 0,
           "Take the repository's metadata; fetch(path, most) gives bytes, or None.")
      .def("download", &FolderClient::download, "fetch"_a, "path"_a, "now"_a.none(), "grace"_a = 0,
           "The bytes of a target, checked, or None when no role names it.")
      .def_prop_ro("targets", &FolderClient::targets,
                   "Path and custom part, as canonical JSON, of what the top-level role signs.")
      .def_prop_ro("floor", &FolderClient::floor,
                   "The latest time signed as past, in seconds since 1970.");
  nb::class_<UpdatePackage>(m, "UpdatePackage", "A repository's files in one.")
      .def(nb::init<const std::string&>(), "path"_a)
      .def("fetch", &fetch_from, "path"_a, "most"_a,
           "The bytes of a file in it, or None; TrustClient takes this for a repository.");
}

}  // namespace kedge
