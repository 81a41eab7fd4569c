// Lines that are no rows: all are counted, and a sample of them is kept in a file that does not
// grow beyond its bound.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kedge/edge/config.h"

namespace kedge::edge {

class Quarantine {
 public:
  explicit Quarantine(const QuarantineConfig& config);
  Quarantine(const Quarantine&) = delete;
  Quarantine& operator=(const Quarantine&) = delete;
  ~Quarantine();

  // The file has a line of JSON for those that are kept: each of the first hundred, then ever
  // rarer ones, until it is full. Never fails: a full disk costs the sample, not the stream.
  void take(std::string_view line, std::string_view field, std::string_view reason);
  std::uint64_t count() const noexcept { return count_; }

 private:
  std::uint64_t most_bytes_;
  std::uint64_t bytes_ = 0;
  std::uint64_t count_ = 0;
  int file_ = -1;
  std::string entry_;
};

}  // namespace kedge::edge
