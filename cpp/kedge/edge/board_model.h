// The model that a board runs: its own, or what an update has put in its place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kedge/base/folder_storage.h"
#include "kedge/edge/config.h"
#include "kedge/edge/edge_model.h"
#include "kedge/edge/update.h"

namespace kedge::edge {

class BoardModel {
 public:
  // Finds what is on the disk; nothing at all without [update]. Throws as FolderStorage and Slots.
  explicit BoardModel(const EdgeConfig& config);
  BoardModel(const BoardModel&) = delete;
  BoardModel& operator=(const BoardModel&) = delete;

  // What runs: the board's own model also where a slot's cannot be had. Throws as load_model.
  EdgeModel load();
  // Of what is counted: another one from each commit on, as a model may come back.
  std::uint64_t epoch() const noexcept;

  // With [update].
  Storage& storage() noexcept { return *storage_; }
  Slots& slots() noexcept { return *slots_; }
  Update& update() noexcept { return *update_; }
  // Reports since the last call, as JSON.
  std::vector<std::string> take_reports();

 private:
  const EdgeConfig& config_;
  std::optional<FolderStorage> storage_;
  std::optional<Slots> slots_;
  std::optional<Update> update_;
  std::vector<std::string> reports_;
};

}  // namespace kedge::edge
