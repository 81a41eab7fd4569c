// A file of named sections: a table of contents, each section on a cache line of its own with a
// checksum. docs/formats.md has the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kedge {

inline constexpr std::string_view kSectionsMark = "KEDGEBDL";
inline constexpr std::size_t kSectionAlignment = 64;

class SectionWriter {
 public:
  // `name` has at most eight characters. Sections come in the order in which they were added.
  void add(std::string_view name, std::span<const std::byte> bytes);
  std::vector<std::byte> finish(std::uint32_t version) const;

 private:
  std::vector<std::pair<std::string, std::vector<std::byte>>> sections_;
};

class SectionReader {
 public:
  // Checks every byte: throws CorruptData that names the section, or what else is wrong, and
  // Unsupported for a version above `newest_version`.
  SectionReader(std::span<const std::byte> bytes, std::uint32_t newest_version);

  std::uint32_t version() const noexcept { return version_; }
  // Throws CorruptData when there is none of this name.
  std::span<const std::byte> section(std::string_view name) const;
  bool has(std::string_view name) const { return sections_.contains(name); }
  // The section as values of `T` in place.
  template <class T>
  std::span<const T> values(std::string_view name) const {
    const auto bytes = section(name);
    check_size(name, bytes.size(), sizeof(T));
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }

 private:
  static void check_size(std::string_view name, std::size_t bytes, std::size_t each);

  std::uint32_t version_;
  std::map<std::string, std::span<const std::byte>, std::less<>> sections_;
};

}  // namespace kedge
