// What was counted up to some earlier looks, so that the rows after one of them can be told from
// those before: fewer of them the longer ago, about four for each doubling of the age.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/base/bytes.h"

namespace kedge {

class TallyHistory {
 public:
  struct Moment {
    std::uint64_t look = 0;
    double time = 0;
    std::vector<std::uint64_t> tallies;  // of all columns

    friend bool operator==(const Moment&, const Moment&) = default;
  };

  // Nothing was counted at look 0.
  explicit TallyHistory(std::size_t tallies);

  // Looks rise by one.
  void append(std::uint64_t look, double time, std::span<const std::uint64_t> tallies);

  const Moment& newest() const noexcept { return moments_.back(); }
  // The first one that is kept from `look` on; the newest if there is none.
  const Moment& from(std::uint64_t look) const noexcept;

  // docs/formats.md, "Monitor". read throws CorruptData for moments that do not rise.
  void write(ByteWriter& out) const;
  static TallyHistory read(ByteReader& in, std::size_t tallies);

  friend bool operator==(const TallyHistory&, const TallyHistory&) = default;

 private:
  TallyHistory() = default;

  std::vector<Moment> moments_;  // in their order
};

}  // namespace kedge
