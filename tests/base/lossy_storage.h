// A disk in memory that dies at a chosen call, and of what was not flushed keeps what it is told.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "kedge/base/random.h"
#include "kedge/base/storage.h"

namespace kedge::test {

struct Died {};

class LossyStorage final : public Storage {
 public:
  // One of so many things that may happen.
  using Choose = std::function<std::uint32_t(std::uint32_t options)>;

  // By chance.
  explicit LossyStorage(std::uint64_t seed);
  // Writes tear at `pieces` - 1 places, and not within a call: for those who go through all that
  // may happen.
  LossyStorage(Choose choose, std::uint32_t pieces) : choose_(std::move(choose)), pieces_(pieces) {}

  // The call after so many others is the last one: it is half done, or not at all.
  void die_after(std::uint64_t calls) { left_ = calls; }
  std::uint64_t calls() const noexcept { return calls_; }
  // A process that was killed leaves all that it wrote; a power cut what was flushed, and of each
  // write and each change to the folder since then none, a beginning (of a write) or all. With
  // `in_order` the changes to the folder that are there come before those that are not.
  void restart(bool power_cut, bool in_order = false);

  std::vector<std::string> names() override;
  std::vector<std::byte> read(const std::string& name) override;
  MappedFile map(const std::string& name) override;
  void append(const std::string& name, std::span<const std::byte> bytes) override;
  void write(const std::string& name, std::uint64_t offset,
             std::span<const std::byte> bytes) override;
  void sync(const std::string& name) override;
  void rename(const std::string& from, const std::string& to) override;
  void remove(const std::string& name) override;
  void sync_folder() override;

 private:
  struct Write {
    std::uint64_t offset;
    std::vector<std::byte> bytes;
  };
  struct File {
    std::vector<std::byte> bytes;    // to those who look
    std::vector<std::byte> on_disk;  // flushed
    std::vector<Write> loose;        // since then
  };
  using Folder = std::map<std::string, std::shared_ptr<File>>;
  // `name` stands for `file`, or for none; `gone` no more.
  struct Change {
    std::string name;
    std::shared_ptr<File> file;
    std::string gone;
  };

  bool dies();
  File& file_of(const std::string& name);
  static void put(std::vector<std::byte>& bytes, const Write& write);
  static void make(Folder& folder, const Change& change);
  void change(const Change& change);
  void lose_writes(File& file);

  Choose choose_;
  std::uint32_t pieces_;
  Folder there_;
  Folder on_disk_;
  std::vector<Change> loose_;
  std::uint64_t left_ = UINT64_MAX;
  std::uint64_t calls_ = 0;
};

}  // namespace kedge::test
