// The models of a folder, `name/version.kedge` each, of which several versions are served at once.
//
// No text of a request becomes a path: names are looked for among those that the folder has.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/score/model.h"
#include "kedge/serve/call_metrics.h"
#include "kedge/serve/model_form.h"
#include "kedge/serve/published.h"

namespace kedge {

// Whole numbers by their size and before anything else, other texts byte by byte.
struct VersionOrder {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const noexcept;
};

struct ServedModel {
  std::string name;
  std::string version;
  std::shared_ptr<const Model> model;
  std::shared_ptr<const ModelForm> form;
  CallMetrics* metrics = nullptr;  // the repository's
};

// What is served, and what is not, for a reason.
struct ModelStatus {
  std::string name;
  std::string version;
  bool is_ready = false;
  std::string reason;  // why the file that is there is not served; the one before it may be
};

// A version that is or was served, and its calls: a reload goes on counting.
struct ServedCalls {
  std::string name;
  std::string version;
  const CallMetrics* calls;  // the repository's
};

// Immutable. Of each name the versions in rising order, none of them without one.
struct Catalog {
  using Versions = std::map<std::string, ServedModel, VersionOrder>;
  std::map<std::string, Versions, std::less<>> models;
  std::vector<ModelStatus> states;  // by name and version
  std::vector<ServedCalls> calls;   // likewise

  // The latest version when `version` is empty. Throws Refusal(kNotFound) that lists what there is.
  const ServedModel& find(std::string_view name, std::string_view version) const;
};

// Any number of threads may read; calls that change it take turns, and return when nobody reads
// what was before.
class Repository {
 public:
  using Pin = Published<Catalog>::Pin;

  // Reads the folder once. Throws InvalidArgument when there is none.
  explicit Repository(std::string folder);

  Pin read() const noexcept { return Pin(catalog_); }

  // Serves what the folder has: loads what is new or changed, forgets what is gone. A file is
  // loaded beside the one that is served and takes its place once it scored its golden rows; one
  // that cannot be is told of in `states`, and what was served goes on.
  void rescan();
  // Loads every version of a model, also after an unload. Throws Refusal(kNotFound) when the folder
  // has no such name, and (kFailedPrecondition) when none of its versions can be served.
  void load(std::string_view name);
  // Stops serving a model until it is loaded. Throws Refusal(kNotFound) when it is not served.
  void unload(std::string_view name);

 private:
  struct File {
    std::string name;
    std::string version;
    std::string path;
    std::string stamp;  // another one when the file is
  };
  struct Held {
    std::string stamp;  // of the file that was tried last
    std::shared_ptr<const Model> model;
    std::shared_ptr<const ModelForm> form;
    std::string reason;
  };
  using Key = std::pair<std::string, std::string>;

  std::vector<File> files() const;
  void take(const std::vector<File>& files, std::string_view anew);
  void publish();

  std::string folder_;
  std::mutex changes_;
  std::map<Key, Held> held_;
  std::set<std::string, std::less<>> unloaded_;
  std::map<Key, std::unique_ptr<CallMetrics>> metrics_;
  Published<Catalog> catalog_;
};

}  // namespace kedge
