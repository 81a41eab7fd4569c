// Names that nobody listed, in bounded memory: those with the smallest hashes, with their counts.
// Which names are kept does not depend on the order of the rows or of merges, and a kept name was
// kept since it first came, so its count is exact. They are a sample of the names, not the frequent
// ones; while there are no more than kMostNovel of them, they are all.
//
// Thread safety: one writer, or many readers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/sketch/string_table.h"

namespace kedge {

inline constexpr std::size_t kMostNovel = 1000;

// A longer name is kept as its first bytes, up to a whole character, then '#' and the sixteen
// hexadecimal digits of its hash; two such texts are taken for one name.
inline constexpr std::size_t kMostNameBytes = 256;
std::string shortened_name(std::string_view name);

struct NameCount {
  std::string name;
  std::uint64_t count;

  friend bool operator==(const NameCount&, const NameCount&) = default;
};

class NovelNames {
 public:
  void add(const NameKey& key, std::uint64_t count) {
    if (!admits(key.hash) && key.length <= kMostNameBytes) return;
    keep(key, count);
  }
  void add(const NovelNames& other);
  // What is left when the other is taken away: exact counts of those names that both sides would
  // keep. Throws InvalidArgument when the other has more of a name than this one.
  NovelNames without(const NovelNames& other) const;

  // In falling order of their counts, then by name.
  std::vector<NameCount> names() const;
  // False once a name was left out, here or in what was merged or subtracted.
  bool is_complete() const noexcept { return !limit_.has_value(); }
  std::uint64_t total() const noexcept;

  void write(ByteWriter& out) const;
  static NovelNames read(ByteReader& in);

  friend bool operator==(const NovelNames&, const NovelNames&) = default;

 private:
  // In rising order of hash, then of name.
  struct Kept {
    std::uint64_t hash;
    NameCount entry;

    friend bool operator==(const Kept&, const Kept&) = default;
  };

  bool admits(std::uint64_t hash) const noexcept { return !limit_ || hash < *limit_; }
  void keep(const NameKey& key, std::uint64_t count);
  void keep(std::uint64_t hash, std::string_view name, std::uint64_t count);
  std::size_t place_of(std::uint64_t hash, std::string_view name) const noexcept;
  bool is_at(std::size_t place, std::uint64_t hash, std::string_view name) const noexcept;
  // Leaves out every name whose hash is not below.
  void lower_limit(std::uint64_t hash);

  std::vector<Kept> kept_;
  std::optional<std::uint64_t> limit_;  // the smallest hash of a name that was left out
};

}  // namespace kedge
