// What a board knows of its two slots: one record that is written whole. docs/formats.md, "Slot
// state".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kedge/base/sha256.h"
#include "kedge/edge/gate_bounds.h"

namespace kedge::edge {

// A model's file, as its signers name it.
struct SlotImage {
  std::uint64_t version = 0;
  std::uint64_t bytes = 0;
  Sha256Sum digest{};

  friend bool operator==(const SlotImage&, const SlotImage&) = default;
};

struct SlotState {
  static constexpr std::size_t kBytes = 512;
  static constexpr std::size_t kMostReason = 120;
  static constexpr std::uint8_t kNone = 255;
  static constexpr std::size_t kRefused = 4;

  std::uint64_t sequence = 0;                 // of the record
  std::uint64_t floor = 0;                    // the highest version that was ever committed
  std::uint64_t commits = 0;                  // so many
  std::uint32_t trials = 0;                   // starts that the candidate has left
  std::uint8_t active = kNone;                // slot; none: the board's own model runs
  std::uint8_t candidate = kNone;             // slot; none: nothing is tried
  SlotImage running;                          // in the active slot
  SlotImage trying;                           // in the candidate's
  GateBounds bounds;                          // of the candidate
  std::array<SlotImage, kRefused> refused{};  // not to be tried again, the newest first
  bool was_tried = false;                     // the newest, on live rows
  std::string reason;                         // of the newest, until another model is committed
  std::uint64_t forgotten = 0;                // the highest version that had no room in `refused`

  bool is_refused(const SlotImage& image) const;
  // The lowest of the others is forgotten when there is no room: what it was is not to be tried
  // again by its version, and as few others as can be.
  void refuse(const SlotImage& image);

  // kBytes bytes. A longer reason is cut.
  std::vector<std::byte> to_bytes() const;
  // None when they are no record: torn, or never written. Throws Unsupported for a newer version.
  static std::optional<SlotState> from_bytes(std::span<const std::byte> bytes);

  friend bool operator==(const SlotState&, const SlotState&) = default;
};

}  // namespace kedge::edge
