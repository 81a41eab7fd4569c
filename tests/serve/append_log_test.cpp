#include "kedge/serve/append_log.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "folder.h"
#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/file.h"

namespace kedge {
namespace {

using test::Folder;

std::vector<std::string> read(const std::string& path) {
  std::vector<std::string> out;
  const AppendLog log(path, [&](auto record) { out.emplace_back(as_text(record)); });
  return out;
}

void append(const std::string& path, std::vector<std::string> records) {
  AppendLog log(path, [](auto) {});
  for (const std::string& record : records) log.append(as_bytes(record));
}

std::vector<std::byte> bytes_of(const std::string& path) {
  const MappedFile file = read_file(path);
  return {file.bytes.begin(), file.bytes.end()};
}

void put(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << as_text(bytes);
}

TEST("what was kept comes back in order, and more is added behind it") {
  const Folder folder;
  CHECK(read(folder / "log").empty());
  append(folder / "log", {"one", "", "three"});
  append(folder / "log", {"four"});
  const std::vector<std::string> wanted{"one", "", "three", "four"};
  CHECK(read(folder / "log") == wanted);
}

TEST("wherever the last record is cut, those before it stay and others can follow") {
  const Folder folder;
  append(folder / "log", {"first", "second"});
  const std::vector<std::byte> whole = bytes_of(folder / "log");
  const std::size_t second = whole.size() - 8 - 6;
  for (std::size_t size = second; size < whole.size(); ++size) {
    put(folder / "log", std::span(whole).first(size));
    append(folder / "log", {"third"});
    const std::vector<std::string> wanted{"first", "third"};
    CHECK(read(folder / "log") == wanted);
  }
  for (std::size_t size = 0; size < 8; ++size) {
    std::filesystem::remove(folder / "log");
    put(folder / "log", std::span(whole).first(size));
    CHECK(read(folder / "log").empty());
  }
}

TEST("a damaged record with others behind it is refused by its place") {
  const Folder folder;
  append(folder / "log", {"first", "second", "third"});
  std::vector<std::byte> bytes = bytes_of(folder / "log");
  bytes[8 + 8 + 5 + 8] ^= std::byte{1};  // of "second"
  CHECK_ERROR("the record at 21 is damaged", read_log(bytes, [](auto) {}));
  bytes[8 + 8 + 5 + 8] ^= std::byte{1};
  for (std::size_t bit = 0; bit < 32; ++bit) {  // of the length of "first"
    std::vector<std::byte> flipped = bytes;
    flipped[8 + bit / 8] ^= std::byte{1} << (bit % 8);
    CHECK_ERROR("the record at 8 is damaged", read_log(flipped, [](auto) {}));
  }
  bytes[0] = std::byte{0};
  CHECK_ERROR("does not begin with", read_log(bytes, [](auto) {}));
}

TEST("a long record that was being written ends the file") {
  constexpr std::size_t kLabels = 60'000;
  std::string record;
  for (std::size_t i = 0; i < kLabels; ++i) {
    record += "req-" + std::to_string(i) + std::string("\0\0\0\x01\x01\x31\0\0\x01\0\0", 11);
    record += std::string("\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\0", 16);
  }
  const Folder folder;
  append(folder / "log", {"first", record});
  std::vector<std::byte> bytes = bytes_of(folder / "log");
  bytes.resize(bytes.size() - 1000);
  std::size_t records = 0;
  CHECK(read_log(bytes, [&](auto) { ++records; }) == 8 + 8 + 5);
  CHECK(records == 1);
}

TEST("a second server does not get the file") {
  const Folder folder;
  const AppendLog log(folder / "log", [](auto) {});
  CHECK_ERROR("another server has it", AppendLog(folder / "log", [](auto) {}));
}

GiveRecords giving(const std::vector<std::string>& records) {
  return [&records](const TakeRecord& take) {
    for (const std::string& record : records) take(as_bytes(record));
  };
}

TEST("other records take the place of all, and more is added behind them") {
  const Folder folder;
  append(folder / "log", {"one", "two", "three"});
  const std::vector<std::string> others{"1 and 2", ""};
  {
    AppendLog log(folder / "log", [](auto) {});
    log.replace(giving(others));
    CHECK(log.bytes() == AppendLog::bytes_of(giving(others)));
    CHECK(log.bytes() == bytes_of(folder / "log").size());
    CHECK_ERROR("another server has it", AppendLog(folder / "log", [](auto) {}));
    log.append(as_bytes(std::string_view("four")));
    std::vector<std::string> found;
    log.read([&](auto record) { found.emplace_back(as_text(record)); });
    CHECK(found.size() == 3);
  }
  const std::vector<std::string> wanted{"1 and 2", "", "four"};
  CHECK(read(folder / "log") == wanted);
}

TEST("a file that was being written when everything stopped is nobody's") {
  const Folder folder;
  append(folder / "log", {"one", "two"});
  const std::vector<std::string> wanted{"one", "two"};
  const std::vector<std::byte> whole = bytes_of(folder / "log");
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    put(folder / "log" + ".new", std::span(whole).first(size));
    CHECK(read(folder / "log") == wanted);
    AppendLog log(folder / "log", [](auto) {});
    log.replace(giving(wanted));
  }
  CHECK(read(folder / "log") == wanted);
}

// Ends by a signal wherever the file would grow beyond `most` bytes.
void replace_up_to(const std::string& path, std::size_t most, const GiveRecords& give) {
  const pid_t child = ::fork();
  if (child == 0) {
    AppendLog log(path, [](auto) {});
    const rlimit limit{most, most};
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    log.replace(give);
    ::_exit(0);
  }
  int status = 0;
  CHECK(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status) || most >= AppendLog::bytes_of(give));
}

TEST("a kill at any byte of what is put in the place loses nothing") {
  const Folder folder;
  const std::vector<std::string> before{"one", "two", "three"};
  const std::vector<std::string> after{"all of them"};
  const std::size_t size = AppendLog::bytes_of(giving(after));
  append(folder / "log", before);
  for (std::size_t most = 0; most < size; ++most) {
    replace_up_to(folder / "log", most, giving(after));
    CHECK(read(folder / "log") == before);
  }
  replace_up_to(folder / "log", size, giving(after));
  CHECK(read(folder / "log") == after);
}

// Adds numbers and puts all so far into one file after another, until it is killed. Each that was
// acknowledged is told.
[[noreturn]] void replace_for_ever(const std::string& path, int told) {
  std::vector<std::string> all;
  AppendLog log(path, [&](auto record) { all.emplace_back(as_text(record)); });
  while (true) {
    log.replace(giving(all));
    const auto number = static_cast<std::uint32_t>(all.size());
    all.push_back(text(number));
    log.append(as_bytes(all.back()));
    if (::write(told, &number, sizeof number) != sizeof number) ::_exit(1);
  }
}

TEST("a kill at any time loses nothing that was acknowledged") {
  const Folder folder;
  constexpr int kKills = 40;
  std::uint32_t kept = 0;
  for (int i = 0; i < kKills; ++i) {
    std::array<int, 2> pipe{};
    CHECK(::pipe(pipe.data()) == 0);
    const pid_t child = ::fork();
    if (child == 0) replace_for_ever(folder / "log", pipe[1]);
    ::close(pipe[1]);
    std::uint32_t last = 0;
    bool has_told = ::read(pipe[0], &last, sizeof last) == sizeof last;
    CHECK(has_told);
    ::usleep(static_cast<useconds_t>(i * 97));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (has_told) has_told = ::read(pipe[0], &last, sizeof last) == sizeof last;
    ::close(pipe[0]);
    const std::vector<std::string> found = read(folder / "log");
    CHECK(found.size() > last && last >= kept);
    for (std::size_t k = 0; k < found.size(); ++k) CHECK(found[k] == text(k));
    kept = last;
  }
}

TEST("what many threads append is all kept") {
  const Folder folder;
  constexpr int kThreads = 8;
  constexpr int kEach = 50;
  {
    AppendLog log(folder / "log", [](auto) {});
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&log, i] {
        for (int k = 0; k < kEach; ++k) log.append(as_bytes(text(i, " ", k)));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  const std::vector<std::string> kept = read(folder / "log");
  CHECK(kept.size() == kThreads * kEach);
  std::vector<int> next(kThreads);
  for (const std::string& one : kept) {
    const auto thread = static_cast<std::size_t>(one[0] - '0');
    CHECK(one == text(thread, " ", next[thread]++));
  }
}

}  // namespace
}  // namespace kedge
