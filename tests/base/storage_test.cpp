#include "kedge/base/storage.h"

#include <algorithm>

#include "base/lossy_storage.h"
#include "check.h"
#include "folder.h"
#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/folder_storage.h"

namespace kedge {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return as_bytes(text); }

std::string content(Storage& storage, const std::string& name) {
  const std::vector<std::byte> bytes = storage.read(name);
  return std::string(as_text(bytes));
}

// What every storage does while there is power.
void check_calls(Storage& storage) {
  storage.append("a", bytes_of("one"));
  storage.append("a", bytes_of("two"));
  storage.write("a", 2, bytes_of("--"));
  storage.write("b", 2, bytes_of("x"));
  storage.append("b", bytes_of("y"));
  storage.sync("a");
  storage.sync_folder();
  CHECK(content(storage, "a") == "on--wo");
  CHECK(content(storage, "b") == std::string("\0\0xy", 4));
  CHECK(as_text(storage.map("a").bytes) == "on--wo");
  storage.rename("a", "b");
  std::vector<std::string> names = storage.names();
  CHECK(names == std::vector<std::string>{"b"});
  storage.append("b", bytes_of("!"));
  CHECK(content(storage, "b") == "on--wo!");
  storage.remove("b");
  storage.remove("b");
  CHECK(storage.names().empty());
  CHECK_ERROR("b", storage.read("b"));
  CHECK_ERROR("b", storage.rename("b", "c"));
}

TEST("storage: a folder and the disk in memory do the same") {
  {
    const test::Folder place;
    FolderStorage folder(place.path());
    CHECK_ERROR("is in use", FolderStorage{place.path()});
    check_calls(folder);
  }
  test::LossyStorage disk(1);
  check_calls(disk);
}

TEST("storage: after a power cut there is what was flushed, and what else it is told") {
  for (std::uint32_t choice = 0; choice < 3; ++choice) {
    test::LossyStorage disk([&](std::uint32_t options) { return std::min(choice, options - 1); },
                            2);
    disk.write("a", 0, bytes_of("old!"));
    disk.sync("a");
    disk.sync_folder();
    disk.write("a", 0, bytes_of("new."));
    disk.restart(true);
    CHECK(content(disk, "a") == (choice == 0 ? "old!" : choice == 1 ? "ned!" : "new."));
    disk.append("b", bytes_of("b"));
    disk.sync("b");
    disk.rename("b", "a");
    disk.restart(true);
    CHECK(disk.names() == std::vector<std::string>{"a"});
  }
}

}  // namespace
}  // namespace kedge
