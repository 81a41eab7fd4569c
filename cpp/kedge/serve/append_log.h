// A file that records are added to: one that was kept survives the process and the machine. None is
// taken away, but others that say the same may be put in the place of all.
// docs/formats.md, "Append log".
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace kedge {

inline constexpr std::size_t kMostRecordBytes = std::size_t{1} << 26;

using TakeRecord = std::function<void(std::span<const std::byte>)>;
// Gives records, in order, to what it is called with; the same ones each time.
using GiveRecords = std::function<void(const TakeRecord&)>;

// Gives every record of a log's bytes to `take`, in order, and returns where the last whole one
// ends: what is behind it was being written when everything stopped. Throws CorruptData that names
// the offset when it is no log, or a damaged record has a whole one behind it.
std::size_t read_log(std::span<const std::byte> bytes, const TakeRecord& take);

// Any number of threads may append: those that come while the disk is busy are kept together by its
// next turn.
class AppendLog {
 public:
  // Opens the file, or makes it, for this process alone; its records so far go to `take`, and what
  // read_log leaves is cut off. Throws InvalidArgument with the path and the system's reason, or as
  // read_log and `take` do.
  AppendLog(std::string path, const TakeRecord& take);
  AppendLog(const AppendLog&) = delete;
  AppendLog& operator=(const AppendLog&) = delete;
  ~AppendLog();

  // Returns once the record is on the disk. Throws Refusal(kUnavailable) when it is not: then
  // nothing is taken any more, as what the system says of such a file is not to be relied on.
  void append(std::span<const std::byte> record);

  // What was there when it was opened, and what was put in its place.
  void read(const TakeRecord& take) const;
  // Before anything is appended: puts other records in the place of all, in a file of their own
  // that takes over the name once the disk has it. Whenever the process or the machine ends, one of
  // the two is there, whole. Throws InvalidArgument with the path and the system's reason.
  void replace(const GiveRecords& give);

  // Of the file with such records; and as it was opened, or put in its place.
  static std::uint64_t bytes_of(const GiveRecords& give);
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  void open(const TakeRecord& take);
  void write(std::unique_lock<std::mutex>& guard);

  std::string path_;
  int file_ = -1;
  std::uint64_t bytes_ = 0;
  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<std::byte> waiting_;  // records as they are stored
  std::uint64_t added_ = 0;
  std::uint64_t kept_ = 0;
  bool is_writing_ = false;
  std::string broken_;  // why; empty while it is not
};

}  // namespace kedge
