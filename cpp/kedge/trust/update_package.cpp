#include "kedge/trust/update_package.h"

#include <algorithm>
#include <array>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/sha256.h"

namespace kedge::trust {
namespace {

constexpr std::string_view kMark = "KEDGEUPD";
constexpr std::size_t kHeader = 32;
constexpr std::size_t kPiece = 16 << 10;

}  // namespace

UpdatePackage::UpdatePackage(const std::string& path) : file_(path) {
  if (file_.size() < kHeader + kSha256Bytes) {
    throw corrupt_data(path, ": ", file_.size(), " bytes, a package has at least ",
                       kHeader + kSha256Bytes);
  }
  check_digest();
  read_index();
}

void UpdatePackage::check_digest() {
  Sha256 hash;
  std::array<std::byte, kPiece> piece;
  const std::uint64_t end = file_.size() - kSha256Bytes;
  for (std::uint64_t at = 0; at < end; at += piece.size()) {
    const auto part = std::span(piece).first(std::min<std::uint64_t>(piece.size(), end - at));
    file_.read(at, part);
    hash.add(part);
  }
  Sha256Sum sum;
  file_.read(end, sum);
  if (hash.finish() != sum) {
    throw corrupt_data(file_.path(), ": the digest at the end is not that of the bytes before it");
  }
}

void UpdatePackage::read_index() {
  std::array<std::byte, kHeader> header;
  file_.read(0, header);
  ByteReader in(header, file_.path());
  const std::string_view mark = as_text(in.read_bytes(kMark.size()));
  if (mark != kMark) throw corrupt_data(file_.path(), ": not an update package");
  const auto version = in.read<std::uint32_t>();
  if (version != kVersion) {
    throw unsupported(file_.path(), ": version ", version, ", ", kVersion, " is supported");
  }
  const auto count = in.read<std::uint32_t>();
  const auto size = in.read<std::uint64_t>();
  const auto index_bytes = in.read<std::uint64_t>();
  if (size != file_.size()) {
    throw corrupt_data(file_.path(), ": ", file_.size(), " bytes, it says that it has ", size);
  }
  const std::uint64_t room = size - kHeader - kSha256Bytes;
  if (count > kMostFiles || index_bytes > kMostIndexBytes || index_bytes > room) {
    throw corrupt_data(file_.path(), ": ", count, " files in an index of ", index_bytes,
                       " bytes, at most ", kMostFiles, " in ",
                       std::min<std::uint64_t>(kMostIndexBytes, room));
  }
  read_files(count, index_bytes);
}

void UpdatePackage::read_files(std::uint32_t count, std::uint64_t index_bytes) {
  std::vector<std::byte> index(index_bytes);
  file_.read(kHeader, index);
  ByteReader entries(index, text(file_.path(), ", index"));
  const std::uint64_t end = file_.size() - kSha256Bytes;
  std::uint64_t at = kHeader + index_bytes;
  for (std::uint32_t i = 0; i < count; ++i) {
    File file{std::string(entries.read_string()), at, entries.read<std::uint64_t>()};
    if (!files_.empty() && files_.back().path >= file.path) {
      throw corrupt_data(file_.path(), ": \"", file.path, "\" comes behind \"", files_.back().path,
                         '"');
    }
    if (file.length > end - at) {
      throw corrupt_data(file_.path(), ": \"", file.path, "\" with ", file.length,
                         " bytes goes beyond the end");
    }
    at += file.length;
    files_.push_back(std::move(file));
  }
  entries.expect_end();
  if (at != end) throw corrupt_data(file_.path(), ": ", end - at, " bytes belong to no file");
}

bool UpdatePackage::fetch(const std::string& path, std::size_t most, const Sink& sink) {
  const auto found = std::ranges::lower_bound(files_, path, {}, &File::path);
  if (found == files_.end() || found->path != path) return false;
  if (found->length > most) {
    throw resource_exhausted(file_.path(), ": \"", path, "\" has ", found->length,
                             " bytes, at most ", most, " are read");
  }
  std::array<std::byte, kPiece> piece;
  for (std::uint64_t at = 0; at < found->length; at += piece.size()) {
    const auto part =
        std::span(piece).first(std::min<std::uint64_t>(piece.size(), found->length - at));
    file_.read(found->offset + at, part);
    sink(part);
  }
  return true;
}

}  // namespace kedge::trust
