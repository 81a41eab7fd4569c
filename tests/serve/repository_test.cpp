#include "kedge/serve/repository.h"

#include <atomic>
#include <filesystem>
#include <thread>

#include "check.h"
#include "kedge/base/bytes.h"
#include "kedge/serve/status.h"
#include "no_override.h"
#include "serve/model_folder.h"

namespace kedge {
namespace {

namespace fs = std::filesystem;

std::string origin(const Repository& repository, std::string_view name,
                   std::string_view version = {}) {
  const Repository::Pin catalog = repository.read();
  return catalog->find(name, version).model->bundle().origin;
}

std::string refusal(const std::function<void()>& run) {
  try {
    run();
  } catch (const Refusal& error) {
    return text(status_name(error.code()), ": ", error.what());
  }
  return "no refusal";
}

}  // namespace

TEST("versions rise as numbers do, and names come after them") {
  const VersionOrder less;
  CHECK(less("2", "10") && !less("10", "2") && less("02", "2") && !less("2", "02"));
  CHECK(less("10", "a") && less("a", "b") && !less("a", "1") && !less("1", "1"));
}

TEST("a name that is not UTF-8 is told of, and not served") {
  const test::ModelFolder folder;
  folder.put("a", "1", 1);
  folder.put("b\xff", "1", 2);
  folder.put("c", "\xff", 3);
  const Repository repository(folder.path());
  const Repository::Pin catalog = repository.read();
  CHECK(catalog->models.size() == 1 && catalog->states.size() == 3);
  for (const ModelStatus& state : catalog->states) {
    CHECK(state.is_ready == (state.name == "a"));
    CHECK(state.is_ready || state.reason == "the file's name is not UTF-8");
    CHECK(is_utf8(state.name) && is_utf8(state.version));
  }
}

TEST("a bundle beside the folders of models is told of, with where it belongs") {
  const test::ModelFolder folder;
  folder.put("a", "1", 1);
  folder.put(".", "churn", 2);
  Repository repository(folder.path());
  const std::string reason = "a version lies in the folder of its model: churn/1.kedge";
  CHECK(repository.read()->models.size() == 1);
  CHECK(repository.read()->states.back().name == "churn");
  CHECK(repository.read()->states.back().reason == reason);
  CHECK(refusal([&] { repository.load("churn"); }) ==
        text("FAILED_PRECONDITION: model \"churn\"; version \"\": ", reason));
}

TEST("a repository that is as it was is not published anew") {
  const test::ModelFolder folder;
  folder.put("a", "1", 1);
  Repository repository(folder.path());
  const Repository::Pin held = repository.read();
  repository.rescan();  // would wait for whoever holds it
  CHECK(held->models.size() == 1);
}

TEST("a repository serves what its folder has") {
  const test::ModelFolder folder;
  folder.put("a", "2", 1);
  folder.put("a", "10", 3);
  Repository repository(folder.path());
  CHECK(origin(repository, "a") == "seed 3" && origin(repository, "a", "2") == "seed 1");
  CHECK(refusal([&] { origin(repository, "b"); }) ==
        "NOT_FOUND: model \"b\" is not served, there is \"a\"");
  CHECK(refusal([&] { origin(repository, "a", "3"); }) ==
        "NOT_FOUND: model \"a\": version \"3\" is not served, there is \"2\", \"10\"");
  folder.put("b", "1", 5);
  folder.remove("a");
  repository.rescan();
  CHECK(origin(repository, "b") == "seed 5");
  CHECK(refusal([&] { origin(repository, "a"); }).starts_with("NOT_FOUND"));
  CHECK_ERROR("No such file", Repository(folder.path() + "/none"));
}

TEST("a bundle that cannot be served leaves the one before it, and says why") {
  const test::ModelFolder folder;
  folder.put("a", "1", 1);
  Repository repository(folder.path());
  folder.write("a", "1", as_bytes("no bundle"));
  folder.write("c", "1", as_bytes("nor this"));
  repository.rescan();
  CHECK(origin(repository, "a") == "seed 1");
  {
    const Repository::Pin catalog = repository.read();
    CHECK(catalog->states.size() == 2);
    CHECK(catalog->states[0].is_ready && !catalog->states[0].reason.empty());
    CHECK(!catalog->states[1].is_ready && !catalog->states[1].reason.empty());
  }
  CHECK(refusal([&] {
          repository.load("c");
        }).starts_with("FAILED_PRECONDITION: model \"c\"; version \"1\": "));
  CHECK(refusal([&] { repository.load("../a"); }).starts_with("NOT_FOUND"));
  folder.put("a", "1", 3);
  repository.load("a");
  CHECK(origin(repository, "a") == "seed 3");
}

TEST("a file that could not be read is tried again, and told of once") {
  const test::ModelFolder folder;
  folder.put("a", "1", 1);
  const fs::path file = folder.path() + "/a/1.kedge";
  fs::permissions(file, fs::perms::none);
  const test::NoOverride may_not;
  Repository repository(folder.path());
  repository.rescan();
  CHECK(repository.take_loads().size() == 1);
  CHECK(repository.read()->states[0].reason.find("Permission denied") != std::string::npos);
  fs::permissions(file, fs::perms::owner_read);
  repository.rescan();
  CHECK(repository.take_loads().size() == 1);
  CHECK(origin(repository, "a") == "seed 1");
  repository.rescan();
  CHECK(repository.take_loads().empty());
}

TEST("what was unloaded comes back when it is loaded") {
  const test::ModelFolder folder;
  folder.put("a", "1", 1);
  Repository repository(folder.path());
  repository.unload("a");
  repository.rescan();
  CHECK(refusal([&] { origin(repository, "a"); }).starts_with("NOT_FOUND"));
  CHECK(refusal([&] { repository.unload("a"); }).starts_with("NOT_FOUND"));
  repository.load("a");
  CHECK(origin(repository, "a") == "seed 1");
}

TEST("threads score while models are swapped, and no call fails") {
  const test::ModelFolder folder;
  folder.put("a", "1", 1);
  Repository repository(folder.path());
  std::atomic<bool> is_over = false;
  std::atomic<int> failures = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!is_over) {
        const Repository::Pin catalog = repository.read();
        const Model& model = *catalog->find("a", {}).model;
        const std::vector<double> row(model.features());
        std::vector<double> out(model.outputs());
        model.score(rows_of(row, model.features()), out.data(), false);
        if (!model.bundle().origin.starts_with("seed ")) ++failures;
      }
    });
  }
  for (int i = 0; i < 10; ++i) repository.load("a");
  is_over = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(failures == 0);
}

}  // namespace kedge
