// The models of a folder, `name/version.kedge` each, of which several versions are served at once.
//
// No text of a request becomes a path: names are looked for among those that the folder has.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/score/model.h"
#include "kedge/serve/call_metrics.h"
#include "kedge/serve/drift_watch.h"
#include "kedge/serve/loads.h"
#include "kedge/serve/model_form.h"
#include "kedge/serve/published.h"
#include "kedge/serve/recent_predictions.h"

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
  CallMetrics* metrics = nullptr;       // the repository's
  std::shared_ptr<DriftWatch> drift;    // none: nobody looks
  RecentPredictions* recent = nullptr;  // the repository's, of all versions; none: nobody asks
  std::optional<AnswerKind> kind = std::nullopt;
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
  // None: it is not served.
  const ServedModel* look_up(std::string_view name, std::string_view version) const;
};

// Any number of threads may read; calls that change it take turns, and return when nobody reads
// what was before.
class Repository {
 public:
  using Pin = Published<Catalog>::Pin;

  // Reads the folder once. Throws InvalidArgument when there is none, or for options that cannot
  // be. Of each model so many rows of answers are remembered for labels to come.
  explicit Repository(std::string folder, const DriftOptions& drift = {},
                      std::size_t remembered_rows = 0);

  Pin read() const noexcept { return Pin(catalog_); }
  const DriftOptions& drift() const noexcept { return drift_; }

  // Serves what the folder has: loads what is new or changed, forgets what is gone. A file is
  // loaded beside the one that is served and takes its place once it scored its golden rows; one
  // that cannot be is told of in `states`, and what was served goes on. It is not tried again until
  // it changes, unless it could not even be read: permissions and full tables of files pass.
  void rescan();
  // Loads every version of a model, also after an unload. Throws Refusal(kNotFound) when the folder
  // has no such name, and (kFailedPrecondition) when none of its versions can be served.
  void load(std::string_view name);
  // Stops serving a model until it is loaded. Throws Refusal(kNotFound) when it is not served.
  void unload(std::string_view name);

  // What became of files since they were last taken; and how often, ever.
  std::vector<Load> take_loads() { return loads_.take(); }
  Loads::Counts load_counts() const { return loads_.counts(); }

 private:
  struct File {
    std::string name;  // "?" for what is no UTF-8
    std::string version;
    std::string path;
    std::string stamp;
    std::string fault;  // why it is not served whatever it has; empty: it may be
  };
  struct Held {
    std::string stamp;  // of the file that was tried last
    bool is_read = false;
    std::shared_ptr<const Model> model;
    std::shared_ptr<const ModelForm> form;
    std::shared_ptr<DriftWatch> drift;
    std::string reason;
  };
  using Key = std::pair<std::string, std::string>;

  std::vector<File> files() const;
  static void add_files(const std::filesystem::path& model, std::vector<File>& out);
  // Whether there is something to tell: of a file that is tried again, only what is new.
  bool try_to_load(const File& file, bool is_another, Held& held);
  // Whether anything is another than before.
  bool take(const std::vector<File>& files, std::string_view anew);
  RecentPredictions* recent_of(const std::string& name);
  void publish();

  std::string folder_;
  DriftOptions drift_;
  std::size_t remembered_rows_;
  std::mutex changes_;
  std::map<Key, Held> held_;
  std::set<std::string, std::less<>> unloaded_;
  Loads loads_;
  std::map<Key, std::unique_ptr<CallMetrics>> metrics_;
  std::map<std::string, std::unique_ptr<RecentPredictions>> recent_;  // by name
  Published<Catalog> catalog_;
};

}  // namespace kedge
