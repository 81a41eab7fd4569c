// No bit of a package can be changed and nothing cut off: neither by accident, nor by somebody who
// makes its digest right again.
#include "kedge/trust/update_package.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/lossy_storage.h"
#include "check.h"
#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/sha256.h"
#include "kedge/trust/trust_client.h"
#include "trust/update_files.h"

namespace kedge::trust {
namespace {

// A file that is written over, and gone at the end.
class Scratch {
 public:
  explicit Scratch(std::span<const std::byte> bytes) {
    char name[] = "/tmp/kedge_update_XXXXXX";
    file_ = ::mkstemp(name);
    path_ = name;
    put(0, bytes);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    ::close(file_);
    ::unlink(path_.c_str());
  }

  const std::string& path() const noexcept { return path_; }
  void put(std::size_t at, std::span<const std::byte> bytes) const {
    CHECK(::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(at)) ==
          static_cast<ssize_t>(bytes.size()));
  }
  void cut(std::size_t size) const { CHECK(::ftruncate(file_, static_cast<off_t>(size)) == 0); }

 private:
  std::string path_;
  int file_ = -1;
};

void seal(std::vector<std::byte>& package) {
  Sha256 hash;
  hash.add(std::span(package).first(package.size() - kSha256Bytes));
  std::ranges::copy(hash.finish(), package.end() - kSha256Bytes);
}

bool is_refused(const std::string& path) {
  return test::error_of([&] { UpdatePackage package(path); }) != "no error";
}

// Whether a board takes the package for an update, to the last byte of what is in it.
bool is_believed(const std::string& path, std::span<const std::byte> root) {
  try {
    UpdatePackage package(path);
    test::LossyStorage storage(1);
    TrustClient client(storage, root);
    client.refresh(package, {test::kUpdateTime, 0});
    for (const TargetFile& target : client.targets()) {
      client.download(package, target, [](std::span<const std::byte>) {});
    }
    return !client.targets().empty();
  } catch (const Error&) {
    return false;
  }
}

// Of those from `first` to `last` in steps: how many changed bits behind the right digest leave a
// package that a board takes.
std::size_t believed_changes(const std::vector<std::byte>& whole, std::size_t first,
                             std::size_t last, std::size_t step) {
  const std::vector<std::byte> root = test::update_bytes("shipped.root");
  const Scratch scratch(whole);
  CHECK(is_believed(scratch.path(), root));
  std::size_t believed = 0;
  for (std::size_t bit = first; bit < last; bit += step) {
    std::vector<std::byte> damaged = whole;
    damaged[bit / 8] ^= std::byte{1} << bit % 8;
    seal(damaged);
    scratch.put(0, damaged);
    believed += is_believed(scratch.path(), root) ? 1 : 0;
  }
  return believed;
}

}  // namespace

TEST("every changed bit of a package is refused") {
  std::vector<std::byte> whole = test::update_bytes("second.update");
  const Scratch scratch(whole);
  CHECK(!is_refused(scratch.path()));
  std::size_t refused = 0;
  std::size_t changed = 0;
  for (std::size_t bit = 0; bit < 8 * whole.size(); bit += test::stride()) {
    ++changed;
    const auto byte = std::span(whole).subspan(bit / 8, 1);
    byte[0] ^= std::byte{1} << bit % 8;
    scratch.put(bit / 8, byte);
    refused += is_refused(scratch.path()) ? 1 : 0;
    byte[0] ^= std::byte{1} << bit % 8;
    scratch.put(bit / 8, byte);
  }
  CHECK(refused == changed);
}

TEST("every changed bit of a package is refused behind the right digest, too") {
  const std::vector<std::byte> whole = test::update_bytes("first.update");
  const std::size_t bits = 8 * (whole.size() - kSha256Bytes);
  CHECK(believed_changes(whole, 0, bits, test::stride()) == 0);
}

TEST("a new root in a package is refused with a changed bit") {
  const std::vector<std::byte> whole = test::update_bytes("second.update");
  const std::size_t start = as_text(whole).find("{\"signatures\"");
  const std::size_t end = as_text(whole).find("{\"signatures\"", start + 1);
  CHECK(end - start > 1000);
  CHECK(believed_changes(whole, 8 * start, 8 * end, 3 * test::stride()) == 0);
}

TEST("a package that is cut short anywhere is refused, sealed anew or not") {
  const std::vector<std::byte> whole = test::update_bytes("second.update");
  const Scratch scratch(whole);
  for (std::size_t size = whole.size(); size-- > 0;) {
    scratch.cut(size);
    CHECK(is_refused(scratch.path()));
    if (size < kSha256Bytes) continue;
    std::vector<std::byte> rest(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    seal(rest);
    scratch.put(0, rest);
    CHECK(is_refused(scratch.path()));
    scratch.put(0, std::span(whole).first(size));
  }
}

}  // namespace kedge::trust
