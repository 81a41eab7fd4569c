#include "kedge/model/sections.h"

#include <algorithm>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/hash.h"

namespace kedge {
namespace {

constexpr std::size_t kHeader = 32;
constexpr std::size_t kEntry = 32;
constexpr std::size_t kNameBytes = 8;
constexpr std::uint32_t kMostSections = 64;

std::size_t aligned(std::size_t size) {
  return (size + kSectionAlignment - 1) / kSectionAlignment * kSectionAlignment;
}

std::string name_in(std::span<const std::byte> bytes) {
  std::string name(as_text(bytes));
  while (!name.empty() && name.back() == '\0') name.pop_back();
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  if (name.empty() || !std::ranges::all_of(name, is_letter)) {
    throw corrupt_data("model file: a section's name is not of small letters");
  }
  return name;
}

void read_reserved(ByteReader& reader) {
  const auto value = reader.read<std::uint32_t>();
  if (value != 0) {
    throw corrupt_data("model file: reserved bytes at ", reader.position() - sizeof value,
                       " are not zero");
  }
}

void check_zeros(std::span<const std::byte> bytes, std::string_view behind) {
  for (const std::byte byte : bytes) {
    if (byte != std::byte{0}) {
      throw corrupt_data("model file: the padding behind section \"", behind, "\" is not zero");
    }
  }
}

}  // namespace

void SectionWriter::add(std::string_view name, std::span<const std::byte> bytes) {
  sections_.emplace_back(std::string(name), std::vector<std::byte>(bytes.begin(), bytes.end()));
}

std::vector<std::byte> SectionWriter::finish(std::uint32_t version) const {
  ByteWriter contents;
  std::size_t offset = aligned(kHeader + kEntry * sections_.size());
  for (const auto& [name, bytes] : sections_) {
    std::string padded = name;
    padded.resize(kNameBytes, '\0');
    contents.write_bytes(as_bytes(padded));
    contents.write(static_cast<std::uint64_t>(offset));
    contents.write(static_cast<std::uint64_t>(bytes.size()));
    contents.write(crc32c(bytes));
    contents.write(std::uint32_t{0});
    offset = aligned(offset + bytes.size());
  }
  ByteWriter head;
  head.write(version);
  head.write(static_cast<std::uint32_t>(sections_.size()));
  head.write(static_cast<std::uint64_t>(offset));
  head.write(std::uint32_t{0});
  ByteWriter file;
  const std::uint32_t checksum = crc32c(contents.view(), crc32c(head.view()));
  file.write_bytes(as_bytes(kSectionsMark));
  file.write(checksum);
  file.write_bytes(head.view());
  file.write_bytes(contents.view());
  file.pad_to(kSectionAlignment);
  for (const auto& [name, bytes] : sections_) {
    file.write_bytes(bytes);
    file.pad_to(kSectionAlignment);
  }
  return file.take();
}

SectionReader::SectionReader(std::span<const std::byte> bytes, std::uint32_t newest_version) {
  ByteReader reader(bytes, "model file");
  if (bytes.size() < kHeader || as_text(reader.read_bytes(8)) != kSectionsMark) {
    throw corrupt_data("model file: no kedge model here (no ", kSectionsMark, " mark)");
  }
  const auto checksum = reader.read<std::uint32_t>();
  version_ = reader.read<std::uint32_t>();
  const auto count = reader.read<std::uint32_t>();
  const auto size = reader.read<std::uint64_t>();
  if (count > kMostSections || size != bytes.size() || bytes.size() % kSectionAlignment != 0) {
    throw corrupt_data("model file: the header claims ", count, " sections and ", size,
                       " bytes, there are ", bytes.size());
  }
  const auto head = reader.slice(12, kHeader - 12 + kEntry * count);
  if (crc32c(head) != checksum) {
    throw corrupt_data("model file: the checksum of the table of contents does not match");
  }
  if (version_ == 0 || version_ > newest_version) {
    throw unsupported("model file: version ", version_, ", this build reads 1 to ", newest_version);
  }
  read_reserved(reader);
  std::string before = "contents";
  std::size_t end = kHeader + kEntry * count;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string name = name_in(reader.read_bytes(kNameBytes));
    const auto offset = reader.read<std::uint64_t>();
    const auto length = reader.read<std::uint64_t>();
    const auto crc = reader.read<std::uint32_t>();
    read_reserved(reader);
    if (offset != aligned(end) || length > bytes.size() - offset) {
      throw corrupt_data("model file: section \"", name, "\" has ", length, " bytes at ", offset,
                         "; it must begin at ", aligned(end), " and fit ", bytes.size());
    }
    check_zeros(bytes.subspan(end, offset - end), before);
    const auto content = bytes.subspan(offset, length);
    if (crc32c(content) != crc) {
      throw corrupt_data("model file: the checksum of section \"", name,
                         "\" does not match its bytes");
    }
    if (!sections_.emplace(name, content).second) {
      throw corrupt_data("model file: there are two sections \"", name, "\"");
    }
    end = offset + length;
    before = name;
  }
  if (aligned(end) != bytes.size()) {
    throw corrupt_data("model file: the sections end at ", aligned(end), ", the file at ",
                       bytes.size());
  }
  check_zeros(bytes.subspan(end), before);
}

std::span<const std::byte> SectionReader::section(std::string_view name) const {
  const auto found = sections_.find(name);
  if (found == sections_.end()) throw corrupt_data("model file: no section \"", name, "\"");
  return found->second;
}

void SectionReader::check_size(std::string_view name, std::size_t bytes, std::size_t each) {
  if (bytes % each != 0) {
    throw corrupt_data("model file: section \"", name, "\" has ", bytes,
                       " bytes, which is no multiple of ", each);
  }
}

}  // namespace kedge
