// Lines out of chunks that end anywhere.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace kedge::records {

// Holds no more than one line's beginning. Lines end with "\n"; a "\r" before it is theirs.
class Lines {
 public:
  static constexpr std::size_t kMostBytes = 16 << 20;

  explicit Lines(std::size_t most_bytes = kMostBytes) : most_bytes_(most_bytes) {}

  // Calls use(line, whole) for each line that is complete. Of one that is longer than `most_bytes`
  // only the beginning is given, and `whole` is false.
  template <class Use>
  void push(std::string_view chunk, const Use& use) {
    while (!chunk.empty()) {
      const std::size_t size = find_end(chunk);
      if (size == chunk.size()) return keep(chunk);
      end_line(chunk.substr(0, size), use);
      chunk.remove_prefix(size + 1);
    }
  }

  // What is left is a line too, if there is anything.
  template <class Use>
  void finish(const Use& use) {
    if (!kept_.empty()) end_line({}, use);
  }

 private:
  // Where the first "\n" is; the size when there is none. Eight bytes at a time whatever the C
  // library: a small one's memchr takes a tenth of an event.
  static std::size_t find_end(std::string_view bytes) noexcept {
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    std::size_t at = 0;
    for (; bytes.size() - at >= sizeof kOnes; at += sizeof kOnes) {
      std::uint64_t word;
      std::memcpy(&word, bytes.data() + at, sizeof word);
      word ^= kOnes * '\n';
      const std::uint64_t zeros = (word - kOnes) & ~word & (kOnes << 7);
      if (zeros != 0) return at + static_cast<std::size_t>(std::countr_zero(zeros)) / 8;
    }
    while (at < bytes.size() && bytes[at] != '\n') ++at;
    return at;
  }

  template <class Use>
  void end_line(std::string_view rest, const Use& use) {
    if (kept_.empty() && rest.size() <= most_bytes_) return use(rest, true);
    keep(rest);
    use(std::string_view(kept_), !cut_);
    kept_.clear();
    cut_ = false;
  }

  void keep(std::string_view part) {
    const std::size_t room = most_bytes_ - kept_.size();
    cut_ = cut_ || part.size() > room;
    kept_.append(part.substr(0, room));
  }

  std::size_t most_bytes_;
  std::string kept_;
  bool cut_ = false;
};

}  // namespace kedge::records
