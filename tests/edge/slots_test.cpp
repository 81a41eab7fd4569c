// A slot that cannot be read is an error, and not the end of the board.
#include "kedge/edge/slots.h"

#include <sys/mman.h>

#include <algorithm>

#include "check.h"
#include "edge/update_board.h"
#include "folder.h"
#include "kedge/base/folder_storage.h"

namespace kedge {
namespace {

using test::image_bytes;
using test::image_of;

constexpr std::uint64_t kSlot = 64 << 10;

// Maps are of pages that end who looks at them, as those of a block that has gone bad do.
class BadBlocks final : public Storage {
 public:
  explicit BadBlocks(Storage& disk) : disk_(disk) {}

  std::vector<std::string> names() override { return disk_.names(); }
  std::vector<std::byte> read(const std::string& name) override { return disk_.read(name); }
  MappedFile map(const std::string& name) override {
    const std::size_t size = disk_.map(name).bytes.size();
    void* const pages = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const std::shared_ptr<const void> owner(pages, [size](void* at) { ::munmap(at, size); });
    return {{static_cast<const std::byte*>(pages), size}, owner};
  }
  void append(const std::string& name, std::span<const std::byte> bytes) override {
    disk_.append(name, bytes);
  }
  void write(const std::string& name, std::uint64_t offset,
             std::span<const std::byte> bytes) override {
    disk_.write(name, offset, bytes);
  }
  void sync(const std::string& name) override { disk_.sync(name); }
  void rename(const std::string& from, const std::string& to) override { disk_.rename(from, to); }
  void remove(const std::string& name) override { disk_.remove(name); }
  void sync_folder() override { disk_.sync_folder(); }

 private:
  Storage& disk_;
};

TEST("slots: a slot of a folder is read, and no page of its map is looked at before that") {
  const test::Folder folder;
  FolderStorage disk(folder.path());
  BadBlocks storage(disk);
  edge::Slots slots(storage, kSlot, folder.path());
  slots.write(0, image_bytes(2));
  slots.seal(image_of(2));
  slots.arm(image_of(2), {});
  CHECK(slots.candidate().bytes.size() == image_bytes(2).size());
  slots.commit();
  CHECK(slots.active().bytes.size() == image_bytes(2).size());
  const std::byte rot{0xff};
  disk.write("a.slot", 5, std::span(&rot, 1));
  CHECK_ERROR("slot a.slot: not the digest of version 2", slots.active());
  std::filesystem::resize_file(folder / "a.slot", 7);
  CHECK_ERROR("slot a.slot: 7 bytes, of 48", slots.active());
}

}  // namespace
}  // namespace kedge
