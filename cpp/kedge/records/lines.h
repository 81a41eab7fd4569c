// Lines out of chunks that end anywhere.
#pragma once

#include <cstddef>
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
      const void* const found = std::memchr(chunk.data(), '\n', chunk.size());
      if (found == nullptr) return keep(chunk);
      const auto size = static_cast<std::size_t>(static_cast<const char*>(found) - chunk.data());
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
