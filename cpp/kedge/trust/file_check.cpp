#include "kedge/trust/file_check.h"

#include "kedge/base/error.h"
#include "kedge/base/hex.h"

namespace kedge::trust {

FileFacts read_file_facts(Value object) {
  FileFacts facts;
  if (const auto length = object.find("length")) {
    if (length->integer() < 0) length->refuse(length->integer(), " is below 0");
    facts.length = static_cast<std::uint64_t>(length->integer());
  }
  const auto hashes = object.find("hashes");
  if (!hashes) return facts;
  const auto read = [&](std::string_view name, auto& sum) {
    const auto hash = hashes->find(name);
    if (!hash) return;
    sum.emplace();
    if (!read_hex(hash->text(), *sum)) {
      hash->refuse('"', hash->text(), "\" is not ", 2 * sum->size(), " hexadecimal digits");
    }
  };
  read("sha256", facts.sha256);
  read("sha512", facts.sha512);
  facts.has_hashes = hashes->size() > 0;
  if (!facts.has_hashes) hashes->refuse("no hash is given");
  return facts;
}

FileCheck::FileCheck(const FileFacts& facts, std::string name)
    : facts_(facts), name_(std::move(name)) {
  if (facts.has_hashes && !facts.sha256 && !facts.sha512) {
    throw unsupported(name_,
                      ": only hashes of kinds that are not known, sha256 or sha512 is needed");
  }
}

void FileCheck::add(std::span<const std::byte> bytes) {
  length_ += bytes.size();
  if (facts_.length && length_ > *facts_.length) {
    throw corrupt_data(name_, ": more than the ", *facts_.length, " bytes that are signed");
  }
  if (facts_.sha256) sha256_.add(bytes);
  if (facts_.sha512) sha512_.add(bytes);
}

void FileCheck::finish() {
  if (facts_.length && length_ != *facts_.length) {
    throw corrupt_data(name_, ": ", length_, " bytes, ", *facts_.length, " are signed");
  }
  const auto compare = [&](const auto& wanted, const auto& got, std::string_view kind) {
    if (wanted == got) return;
    throw corrupt_data(name_, ": ", kind, " is ", hex_of(got), ", ", hex_of(wanted), " is signed");
  };
  if (facts_.sha256) compare(*facts_.sha256, sha256_.finish(), "sha256");
  if (facts_.sha512) compare(*facts_.sha512, sha512_.finish(), "sha512");
}

}  // namespace kedge::trust
