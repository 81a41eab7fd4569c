#include "kedge/serve/append_log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/file.h"
#include "kedge/base/hash.h"
#include "kedge/serve/status.h"

namespace kedge {
namespace {

constexpr std::string_view kMagic = "KDGL";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHead = 8;        // of the file
constexpr std::size_t kRecordHead = 8;  // length and checksum

std::string reason_of(int error) { return std::generic_category().message(error); }

std::uint32_t checksum_of(std::uint32_t length, std::span<const std::byte> record) noexcept {
  return crc32c(record, crc32c(std::as_bytes(std::span(&length, 1))));
}

// The record that begins there, if it is whole.
std::optional<std::span<const std::byte>> record_at(std::span<const std::byte> bytes,
                                                    std::size_t offset) {
  const ByteReader in(bytes, "append log");
  if (bytes.size() - offset < kRecordHead) return std::nullopt;
  const auto length = in.at<std::uint32_t>(offset);
  if (length > kMostRecordBytes || length > bytes.size() - offset - kRecordHead)
    return std::nullopt;
  const auto record = bytes.subspan(offset + kRecordHead, length);
  if (in.at<std::uint32_t>(offset + 4) != checksum_of(length, record)) return std::nullopt;
  return record;
}

// Whether a whole record is anywhere behind the one there, which is not: what was being written
// ends the file. Its length is believed only where it would take too long to look: one that reaches
// beyond the end was being written.
bool goes_on(std::span<const std::byte> bytes, std::size_t offset) {
  constexpr std::size_t kMostSummed = std::size_t{1} << 30;
  const ByteReader in(bytes, "append log");
  const auto reaches_beyond = [&] {
    const auto length = in.at<std::uint32_t>(offset);
    return length <= kMostRecordBytes && length > bytes.size() - offset - kRecordHead;
  };
  std::size_t summed = 0;
  for (std::size_t next = offset + 1; next + kRecordHead <= bytes.size(); ++next) {
    const auto length = in.at<std::uint32_t>(next);
    if (length > bytes.size() - next - kRecordHead) continue;
    summed += length;
    if (summed > kMostSummed) return !reaches_beyond();
    if (record_at(bytes, next)) return true;
  }
  return false;
}

bool write_bytes(int file, std::span<const std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

bool write_all(int file, std::span<const std::byte> bytes) noexcept {
  return write_bytes(file, bytes) && ::fdatasync(file) == 0;
}

std::vector<std::byte> head_of_file() {
  ByteWriter out;
  out.write_bytes(as_bytes(kMagic));
  out.write(kVersion);
  return out.take();
}

void add_record(std::span<const std::byte> record, std::vector<std::byte>& to) {
  if (record.size() > kMostRecordBytes) {
    throw resource_exhausted("a record of ", record.size(), " bytes, at most ", kMostRecordBytes,
                             " are kept");
  }
  const auto length = static_cast<std::uint32_t>(record.size());
  const std::array head{length, checksum_of(length, record)};
  const auto head_bytes = std::as_bytes(std::span(head));
  to.reserve(to.size() + head_bytes.size() + record.size());
  to.insert(to.end(), head_bytes.begin(), head_bytes.end());
  to.insert(to.end(), record.begin(), record.end());
}

// A whole log, all of it on the disk.
bool write_log(int file, const GiveRecords& give) {
  constexpr std::size_t kBlock = std::size_t{1} << 20;
  std::vector<std::byte> bytes = head_of_file();
  bool is_written = true;
  give([&](std::span<const std::byte> record) {
    add_record(record, bytes);
    if (bytes.size() < kBlock) return;
    is_written = is_written && write_bytes(file, bytes);
    bytes.clear();
  });
  return is_written && write_all(file, bytes);
}

// Whether the name is still the file's: another server may have put a new one there meanwhile.
bool has_name(int file, const std::string& path) noexcept {
  struct stat own{};
  struct stat named{};
  return ::fstat(file, &own) == 0 && ::stat(path.c_str(), &named) == 0 &&
         own.st_ino == named.st_ino && own.st_dev == named.st_dev;
}

// So that the file is found after a power cut as well.
void keep_name(const std::string& path) {
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  const int file = ::open(folder.c_str(), O_RDONLY | O_CLOEXEC);
  const bool is_kept = file >= 0 && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (!is_kept) throw invalid_argument("\"", folder, "\": ", reason_of(error));
}

}  // namespace

std::size_t read_log(std::span<const std::byte> bytes, const TakeRecord& take) {
  ByteReader in(bytes, "append log");
  if (as_text(in.read_bytes(kMagic.size())) != kMagic) {
    throw corrupt_data("append log: does not begin with \"", kMagic, "\"");
  }
  if (const auto version = in.read<std::uint32_t>(); version != kVersion) {
    throw unsupported("append log: version ", version, " is not ", kVersion);
  }
  std::size_t offset = kHead;
  while (const auto record = record_at(bytes, offset)) {
    take(*record);
    offset += kRecordHead + record->size();
  }
  if (goes_on(bytes, offset)) {
    throw corrupt_data("append log: the record at ", offset, " is damaged, and others follow it");
  }
  return offset;
}

AppendLog::AppendLog(std::string path, const TakeRecord& take) : path_(std::move(path)) {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file_ < 0) throw invalid_argument("\"", path_, "\": ", reason_of(errno));
  try {
    open(take);
  } catch (...) {
    ::close(file_);
    throw;
  }
}

AppendLog::~AppendLog() { ::close(file_); }

void AppendLog::open(const TakeRecord& take) {
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0 || !has_name(file_, path_)) {
    throw invalid_argument("\"", path_, "\": another server has it");
  }
  const MappedFile file = read_file(path_);
  // A head that was cut short has no record behind it.
  const bool has_head = file.bytes.size() >= kHead;
  const std::size_t end = has_head ? read_log(file.bytes, take) : 0;
  if (end != file.bytes.size() && ::ftruncate(file_, static_cast<off_t>(end)) != 0) {
    throw invalid_argument("\"", path_, "\": ", reason_of(errno));
  }
  bytes_ = has_head ? end : kHead;
  // Also of what was there: whoever wrote it may have been killed before the disk had it.
  const std::vector<std::byte> head = has_head ? std::vector<std::byte>() : head_of_file();
  if (!write_all(file_, head)) throw invalid_argument("\"", path_, "\": ", reason_of(errno));
  keep_name(path_);
}

void AppendLog::read(const TakeRecord& take) const { read_log(read_file(path_).bytes, take); }

std::uint64_t AppendLog::bytes_of(const GiveRecords& give) {
  std::uint64_t bytes = kHead;
  give([&](std::span<const std::byte> record) { bytes += kRecordHead + record.size(); });
  return bytes;
}

void AppendLog::replace(const GiveRecords& give) {
  const std::uint64_t size = bytes_of(give);
  const std::string next = path_ + ".new";
  const int file = ::open(next.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) throw invalid_argument("\"", next, "\": ", reason_of(errno));
  bool is_there = false;
  try {
    is_there = ::flock(file, LOCK_EX | LOCK_NB) == 0 && write_log(file, give) &&
               ::rename(next.c_str(), path_.c_str()) == 0;
  } catch (...) {
    ::close(file);
    throw;
  }
  if (!is_there) {
    const int error = errno;
    ::close(file);
    throw invalid_argument("\"", next, "\": ", reason_of(error));
  }
  ::close(std::exchange(file_, file));
  bytes_ = size;
  try {
    keep_name(path_);
  } catch (const Error& error) {
    broken_ = error.what();  // the machine may come back with the file that was there before
    throw;
  }
}

void AppendLog::append(std::span<const std::byte> record) {
  std::unique_lock guard(lock_);
  if (broken_.empty()) {
    add_record(record, waiting_);
    ++added_;
  }
  const std::uint64_t own = added_;
  while (broken_.empty() && kept_ < own) {
    if (is_writing_) {
      changed_.wait(guard);
    } else {
      write(guard);
    }
  }
  if (!broken_.empty()) {
    throw Refusal(StatusCode::kUnavailable, text("nothing can be kept: ", broken_));
  }
}

// All that waits, by one thread for all of them.
void AppendLog::write(std::unique_lock<std::mutex>& guard) {
  std::vector<std::byte> bytes;
  bytes.swap(waiting_);
  const std::uint64_t last = added_;
  is_writing_ = true;
  guard.unlock();
  const bool is_kept = write_all(file_, bytes);
  const int error = errno;
  guard.lock();
  is_writing_ = false;
  if (is_kept) {
    kept_ = last;
  } else {
    broken_ = text("\"", path_, "\": ", reason_of(error));
  }
  changed_.notify_all();
}

}  // namespace kedge
