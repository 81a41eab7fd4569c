// What was given of windows that are still open: results so far, to be corrected as rows come.
//
// Thread safety: as a Window, one caller at a time.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/window/emitter.h"

namespace kedge {

// Of one window of one key. Rows never leave an open window, so a result is still true while the
// number of rows is.
struct Given {
  std::uint64_t rows = 0;   // it had them when its result was last given
  std::uint32_t times = 0;  // its result was given so often

  // The next result, of so many rows.
  Revision give(std::uint64_t rows_now, Standing standing) noexcept {
    rows = rows_now;
    return {times++, standing};
  }
  void write(ByteWriter& out) const;
  void read(ByteReader& in);
};

// Of windows that every key has alike, by where they begin.
class GivenWindows {
 public:
  // Of each key; as many as are asked for.
  std::span<Given> of(std::int64_t begin, std::size_t keys);
  // Last results of these keys' window.
  std::span<const Revision> finals(std::int64_t begin, std::span<const std::uint32_t> ids);
  void forget(std::int64_t begin) { windows_.erase(begin); }

  std::size_t bytes() const noexcept;
  void renumber(std::span<const std::uint32_t> new_ids, std::size_t size);
  void write(ByteWriter& out) const;
  void read(ByteReader& in, std::uint32_t keys);

 private:
  std::map<std::int64_t, std::vector<Given>> windows_;
  std::vector<Revision> finals_;
};

}  // namespace kedge
