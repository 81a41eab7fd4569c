#include "kedge/serve/router.h"

#include "check.h"
#include "kedge/base/bytes.h"
#include "kedge/base/protobuf_write.h"

namespace kedge {
namespace {

Catalog two_versions() {
  Catalog catalog;
  for (const char* version : {"1", "2"}) {
    ServedModel served;
    served.name = "m";
    served.version = version;
    catalog.models["m"][version] = served;
  }
  return catalog;
}

std::vector<std::byte> request_of(std::string_view version, std::string_view id) {
  std::vector<std::byte> out;
  ProtoWriter writer(out);
  writer.text(1, "m");
  writer.text(2, version);
  writer.text(3, id);
  return out;
}

// Versions that answer and are compared: "1", "2" or "1+2".
std::string way(const Router& router, const Catalog& catalog, std::string_view id,
                std::string_view version = {}) {
  const std::vector<std::byte> bytes = request_of(version, id);
  InferRequest request;
  request.read(bytes);
  const Router::Choice choice = router.choose(catalog, request);
  std::string out = choice.served->version;
  if (choice.compared != nullptr) out += "+" + choice.compared->version;
  return out;
}

TEST("without a route the latest version answers") {
  const Router router;
  CHECK(way(router, two_versions(), "a") == "2" && way(router, two_versions(), "a", "1") == "1");
}

TEST("a question without a version is about the one that answers") {
  Router router;
  CHECK(router.live("m").empty());
  router.set({{"m", "1", "2", 0.5, 0.0}});
  CHECK(router.live("m") == "1" && router.live("n").empty());
}

TEST("a share of the ids goes to the candidate, always the same, and stays when it grows") {
  const Catalog catalog = two_versions();
  Router few;
  Router more;
  few.set({{"m", "1", "2", 0.1, 0.5}});
  more.set({{"m", "1", "2", 0.3, 0.5}});
  int to_candidate = 0;
  int compared = 0;
  constexpr int kIds = 10'000;
  for (int i = 0; i < kIds; ++i) {
    const std::string id = text("request ", i);
    const std::string first = way(few, catalog, id);
    CHECK(first == way(few, catalog, id));
    CHECK(first != "2" || way(more, catalog, id) == "2");
    CHECK(way(few, catalog, id, "1") == "1");
    to_candidate += first == "2" ? 1 : 0;
    compared += first == "1+2" ? 1 : 0;
  }
  // Six standard deviations of so many draws are 180 and 300.
  CHECK(to_candidate > 820 && to_candidate < 1180);
  CHECK(compared > 4200 && compared < 4800);
}

TEST("requests without an id go by turns") {
  const Catalog catalog = two_versions();
  Router router;
  router.set({{"m", "1", "2", 0.5, 0}});
  int to_candidate = 0;
  for (int i = 0; i < 1000; ++i) to_candidate += way(router, catalog, {}) == "2" ? 1 : 0;
  CHECK(to_candidate > 400 && to_candidate < 600);
}

TEST("a candidate that is not served gets no requests") {
  Catalog catalog = two_versions();
  catalog.models["m"].erase("2");
  Router router;
  router.set({{"m", "1", "2", 1, 1}});
  CHECK(way(router, catalog, "a") == "1");
}

TEST("routes that cannot be are refused, and those before them stay") {
  const Catalog catalog = two_versions();
  Router router;
  router.set({{"m", "2", "1", 1, 0}});
  CHECK_ERROR("canary = 1.5", router.set({{"m", "1", "2", 1.5, 0}}));
  CHECK_ERROR("shadow = -1", router.set({{"m", "1", "2", 0, -1}}));
  CHECK_ERROR("must be two versions", router.set({{"m", "1", "1", 0, 0}}));
  CHECK_ERROR("\"m\" has two routes", router.set({{"m", "1", "2", 0, 0}, {"m", "2", "1", 0, 0}}));
  CHECK(way(router, catalog, "a") == "1");
  router.set({});
  CHECK(way(router, catalog, "a") == "2");
}

}  // namespace
}  // namespace kedge
