// Rows that no window took, as they came, each with its reason: nothing is dropped silently.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/window/watermark.h"

namespace kedge {

enum class LateReason : std::uint8_t {
  kClosed,         // a window that it belongs to was closed already
  kNullTime,       // there is no telling which window
  kOutsideBounds,  // before the first or behind the last bound, or farther than times can be
};
inline constexpr std::size_t kLateReasons = 3;
std::string_view late_reason_name(LateReason reason) noexcept;

class LateRows {
 public:
  // Columns of types that nobody can read are left out.
  explicit LateRows(const Schema& schema);

  // Notes the row and says true when its time is none.
  bool takes(std::size_t row, std::int64_t time) {
    if (time > kFarTime) return false;
    note(row, time == kNoTime ? LateReason::kNullTime : LateReason::kOutsideBounds);
    return true;
  }
  // Of the batch that collect() will be given next.
  void note(std::size_t row, LateReason reason) {
    rows_.push_back(static_cast<std::uint32_t>(row));
    reasons_.push_back(reason);
  }
  // Copies the noted rows out of their batch.
  void collect(const Batch& batch);

  // The rows since the last take, with "late_reason" behind their columns.
  Batches take();
  const Batches& waiting() const noexcept { return late_; }
  // As `waiting` had them, of a stored stream.
  void restore(Batches late);

  // Ever noted, by reason.
  std::uint64_t count(LateReason reason) const noexcept {
    return counts_[static_cast<std::size_t>(reason)];
  }
  std::uint64_t& count(LateReason reason) noexcept {
    return counts_[static_cast<std::size_t>(reason)];
  }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::vector<std::size_t> columns_;  // of the batch's, those that are kept
  std::vector<std::uint32_t> rows_;
  std::vector<LateReason> reasons_;
  std::array<std::uint64_t, kLateReasons> counts_{};
  Batches late_;
  std::size_t bytes_ = 0;
};

}  // namespace kedge
