#include "kedge/serve/loads.h"

namespace kedge {

void Loads::add(Load load) {
  const std::lock_guard guard(lock_);
  ++counts_[{load.name, load.version}][static_cast<std::size_t>(load.outcome)];
  if (untold_.size() == kMostUntold) untold_.erase(untold_.begin());
  untold_.push_back(std::move(load));
}

std::vector<Load> Loads::take() {
  const std::lock_guard guard(lock_);
  return std::exchange(untold_, {});
}

Loads::Counts Loads::counts() const {
  const std::lock_guard guard(lock_);
  return counts_;
}

}  // namespace kedge
