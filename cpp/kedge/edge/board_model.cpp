#include "kedge/edge/board_model.h"

#include <utility>

#include "kedge/base/error.h"

namespace kedge::edge {
namespace {

// Of the board's own model; without bytes when there is none.
SlotImage own_image(const std::string& path) {
  try {
    const OpenFile file(path);
    return {0, file.size(), digest_of(file, file.size())};
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

BoardModel::BoardModel(const EdgeConfig& config) : config_(config) {
  if (!config.update) return;
  storage_.emplace(config.update->folder);
  slots_.emplace(*storage_, config.update->slot_bytes, config.update->folder);
  update_.emplace(*slots_, config.update->model, own_image(config.model),
                  [this](const StateReport& report) { reports_.push_back(state_json(report)); });
}

EdgeModel BoardModel::load() {
  if (!update_ || slots_->state().active == SlotState::kNone) return load_model(config_.model);
  try {
    return load_model(update_->running(), slots_->state().running.digest);
  } catch (const Error& error) {
    update_->lose_running(error.what());
    return load_model(config_.model);
  }
}

std::uint64_t BoardModel::epoch() const noexcept {
  return config_.epoch + (slots_ ? slots_->state().commits : 0);
}

std::vector<std::string> BoardModel::take_reports() { return std::exchange(reports_, {}); }

}  // namespace kedge::edge
