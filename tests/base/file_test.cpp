#include "kedge/base/file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "check.h"
#include "folder.h"
#include "kedge/base/bytes.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

using test::Folder;

bool holds(const MappedFile& file, std::string_view text) { return as_text(file.bytes) == text; }

}  // namespace

TEST("a file that was written maps to its bytes, empty or larger than a page") {
  const Folder folder;
  for (const std::size_t size : {0, 1, 4095, 4096, 4097, 1'000'000}) {
    const std::string text(size, 'k');
    write_file(folder / "file", as_bytes(text));
    CHECK(holds(map_file(folder / "file"), text));
    CHECK(holds(read_file(folder / "file"), text));
  }
  CHECK(folder.files() == 1);
}

TEST("a map keeps its bytes when the file is replaced or removed") {
  const Folder folder;
  write_file(folder / "file", as_bytes("before"));
  const MappedFile before = map_file(folder / "file");
  write_file(folder / "file", as_bytes("after that"));
  CHECK(holds(before, "before"));
  CHECK(holds(map_file(folder / "file"), "after that"));
  std::filesystem::remove(folder / "file");
  CHECK(holds(before, "before"));
}

TEST("what cannot be read or written is named with the system's reason") {
  const Folder folder;
  CHECK_ERROR("none\": No such file", map_file(folder / "none"));
  CHECK_ERROR("\": Is a directory", map_file(folder / ""));
  CHECK_ERROR("/dev/null\": Invalid argument", map_file("/dev/null"));
  CHECK_ERROR("none\": No such file", read_file(folder / "none"));
  CHECK_ERROR("\": Is a directory", read_file(folder / ""));
  CHECK_ERROR("/dev/null\": Invalid argument", read_file("/dev/null"));
  CHECK_ERROR("\"\": No such file", map_file(""));
  CHECK_ERROR("none/file\": No such file", write_file(folder / "none/file", as_bytes("x")));
  std::filesystem::create_directory(folder / "folder");
  CHECK_ERROR("folder\": ", write_file(folder / "folder", as_bytes("x")));
  CHECK(folder.files() == 1);  // nothing half written is left
}

}  // namespace kedge
