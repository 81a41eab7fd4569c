#include "kedge/window/given.h"

#include <algorithm>

#include "kedge/base/error.h"

namespace kedge {

void Given::write(ByteWriter& out) const {
  out.write(rows);
  out.write(times);
}

void Given::read(ByteReader& in) {
  rows = in.read<std::uint64_t>();
  times = in.read<std::uint32_t>();
  if ((rows == 0) != (times == 0)) {
    throw corrupt_data(in.section(), ": a result of ", rows, " rows was given ", times, " times");
  }
}

std::span<Given> GivenWindows::of(std::int64_t begin, std::size_t keys) {
  std::vector<Given>& window = windows_[begin];
  if (window.size() < keys) window.resize(keys);
  return window;
}

std::span<const Revision> GivenWindows::finals(std::int64_t begin,
                                               std::span<const std::uint32_t> ids) {
  const auto window = windows_.find(begin);
  finals_.assign(ids.size(), {});
  if (window == windows_.end()) return finals_;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < window->second.size()) finals_[i].number = window->second[ids[i]].times;
  }
  return finals_;
}

std::size_t GivenWindows::bytes() const noexcept {
  std::size_t total = 0;
  for (const auto& [begin, window] : windows_) total += window.capacity() * sizeof(Given);
  return total;
}

void GivenWindows::renumber(std::span<const std::uint32_t> new_ids, std::size_t size) {
  for (auto& [begin, window] : windows_) {
    std::vector<Given> moved(size);
    for (std::size_t id = 0; id < window.size(); ++id) {
      if (window[id].times != 0) moved[new_ids[id]] = window[id];
    }
    window = std::move(moved);
  }
}

void GivenWindows::write(ByteWriter& out) const {
  out.write_varint(windows_.size());
  for (const auto& [begin, window] : windows_) {
    out.write(begin);
    out.write_varint(static_cast<std::size_t>(
        std::ranges::count_if(window, [](const Given& given) { return given.times != 0; })));
    for (std::uint32_t id = 0; id < window.size(); ++id) {
      if (window[id].times == 0) continue;
      out.write(id);
      window[id].write(out);
    }
  }
}

void GivenWindows::read(ByteReader& in, std::uint32_t keys) {
  const std::uint64_t windows = in.read_varint();
  for (std::uint64_t i = 0; i < windows; ++i) {
    const auto begin = in.read<std::int64_t>();
    if (!windows_.empty() && windows_.rbegin()->first >= begin) {
      throw corrupt_data(in.section(), ": given windows do not rise at ", begin);
    }
    const std::span<Given> window = of(begin, keys);
    const std::uint64_t count = in.read_varint();
    for (std::uint64_t k = 0; k < count; ++k) {
      const auto id = in.read<std::uint32_t>();
      if (id >= keys) throw corrupt_data(in.section(), ": a result of key ", id, " of ", keys);
      window[id].read(in);
    }
  }
}

}  // namespace kedge
