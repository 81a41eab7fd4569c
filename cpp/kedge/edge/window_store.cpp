#include "kedge/edge/window_store.h"

#include <algorithm>

#include "kedge/base/frame.h"
#include "kedge/base/replace_file.h"

namespace kedge::edge {
namespace {

constexpr const char* kState = "windows.state";
constexpr const char* kRefused = "windows.refused";
constexpr std::uint32_t kVersion = 1;

void check_columns(const Schema& found, const Schema& wanted) {
  for (std::size_t i = 0; i < std::max(found.size(), wanted.size()); ++i) {
    if (i < found.size() && i < wanted.size() && found[i] == wanted[i]) continue;
    throw invalid_argument("the state is of other columns: input.columns differs from \"",
                           i < found.size() ? found[i].name : wanted[i].name, "\" on");
  }
}

}  // namespace

std::vector<std::byte> WindowNote::to_bytes() const {
  ByteWriter out;
  const std::size_t begin = begin_frame(out, "EWIN", kVersion);
  out.write(rows);
  out.write(malformed);
  out.write(cuts);
  out.write(static_cast<std::uint8_t>(is_clean));
  end_frame(out, begin);
  return out.take();
}

WindowNote WindowNote::from_bytes(std::span<const std::byte> bytes) {
  const Frame frame = open_whole_frame(bytes, "windows of a board", "EWIN", kVersion);
  ByteReader in(frame.payload, "windows of a board");
  WindowNote note;
  note.rows = in.read<std::uint64_t>();
  note.malformed = in.read<std::uint64_t>();
  note.cuts = in.read<std::uint64_t>();
  note.is_clean = in.read<std::uint8_t>() != 0;
  in.expect_end();
  return note;
}

WindowStore::Found WindowStore::find(const WindowSpec& spec, const Schema& columns) {
  const std::vector<std::string> names = storage_.names();
  if (std::ranges::count(names, kState) == 0) return {};
  const std::vector<std::byte> bytes = storage_.read(kState);
  try {
    Window::Restored restored = Window::restore(bytes, &spec);
    check_columns(restored.window->schema(), columns);
    return {std::move(restored.window), WindowNote::from_bytes(restored.note), {}};
  } catch (const Error& error) {
    storage_.rename(kState, kRefused);
    storage_.sync_folder();
    return {nullptr, {}, error.what()};
  }
}

void WindowStore::keep(std::span<const std::byte> state) { replace_file(storage_, kState, state); }

}  // namespace kedge::edge
