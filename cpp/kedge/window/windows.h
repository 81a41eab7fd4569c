// Open windows of one kind: they take rows, and close when the watermark says so.
//
// Thread safety: one caller at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "kedge/base/bytes.h"
#include "kedge/window/emitter.h"
#include "kedge/window/fold.h"
#include "kedge/window/keys.h"
#include "kedge/window/late.h"
#include "kedge/window/watermark.h"

namespace kedge {

// What all kinds share; it outlives them.
struct Stream {
  const WindowSpec& spec;
  Aggregation& aggregation;
  Keys& keys;
  Watermark& watermark;
  Fold& fold;
  Emitter& emitter;
  LateRows& late;
  const std::uint64_t& arrived;  // rows so far: those to come have this number, and higher ones
  std::int64_t trigger;          // the definition's, in ticks
  std::int64_t expire;           // likewise
};

class Windows {
 public:
  virtual ~Windows() = default;

  // StreamRows in their order; the watermark moves with each of them, and windows close as it does.
  // Cannot fail but for want of memory.
  virtual void take(const StreamRows& rows) = 0;
  // Closes what the watermark has reached without a row.
  virtual void close_reached() = 0;
  // Closes everything.
  virtual void close_all() = 0;

  // How many windows of a key are open.
  virtual std::uint64_t open() const noexcept = 0;
  // StreamRows between windows that are shorter than their step: they belong to none.
  virtual std::uint64_t outside() const noexcept { return 0; }
  virtual std::size_t bytes() const noexcept = 0;
  // 1 for each key that something open still needs.
  virtual void mark_used(std::span<std::uint8_t> used) const noexcept = 0;
  // Keys have new numbers, `size` of them; those that were not marked are gone.
  virtual void renumber(std::span<const std::uint32_t> new_ids, std::size_t size) = 0;

  virtual void write(ByteWriter& out) const = 0;
  // Of windows that have taken no row yet.
  virtual void read(ByteReader& in) = 0;
};

// The kind that the definition says; `time` is any type where it has no time column.
std::unique_ptr<Windows> make_windows(const Stream& stream, const Type& time);

}  // namespace kedge
