// The windows of a board over a restart: what they have open, as one file in a folder.
// docs/formats.md, "Windows of a board".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kedge/base/storage.h"
#include "kedge/window/window.h"

namespace kedge::edge {

// How far the input had come. Behind these rows and lines the input is to go on.
struct WindowNote {
  std::uint64_t rows = 0;  // that were rows, since the first start
  std::uint64_t malformed = 0;
  std::uint64_t cuts = 0;  // starts behind none that was stopped in order
  bool is_clean = false;   // nothing came behind it

  std::vector<std::byte> to_bytes() const;
  // Throws CorruptData.
  static WindowNote from_bytes(std::span<const std::byte> bytes);
};

class WindowStore {
 public:
  explicit WindowStore(Storage& storage) : storage_(storage) {}

  struct Found {
    std::unique_ptr<Window> window;  // none where nothing was kept, or what was is set aside
    WindowNote note;
    std::string refusal;  // why it is set aside, as windows.refused
  };
  // What is of another definition, of other columns or damaged is no state of these windows. Throws
  // only where the disk does.
  Found find(const WindowSpec& spec, const Schema& columns);

  // Once this returns a power cut leaves it.
  void keep(std::span<const std::byte> state);

 private:
  Storage& storage_;
};

}  // namespace kedge::edge
