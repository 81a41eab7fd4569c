#include "kedge/serve/shared_regions.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "allocations.h"
#include "check.h"
#include "kedge/base/protobuf_write.h"
#include "kedge/serve/infer_request.h"

namespace kedge {
namespace {

constexpr std::size_t kBytes = 4096;

// An object that goes away with it; each byte says where it is.
class Object {
 public:
  Object() : name_(text("kedge-test-", ::getpid(), "-object")) {
    file_ = ::shm_open(text("/", name_).c_str(), O_RDWR | O_CREAT, 0600);
    resize(kBytes);
    for (std::size_t i = 0; i < kBytes; ++i) put(i, static_cast<char>(i % 251));
  }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  ~Object() {
    ::shm_unlink(text("/", name_).c_str());
    ::close(file_);
  }

  const std::string& name() const noexcept { return name_; }
  void resize(std::size_t bytes) const {
    CHECK(::ftruncate(file_, static_cast<off_t>(bytes)) == 0);
  }
  void put(std::size_t at, char value) const {
    CHECK(::pwrite(file_, &value, 1, static_cast<off_t>(at)) == 1);
  }
  char at(std::size_t place) const {
    char value = 0;
    CHECK(::pread(file_, &value, 1, static_cast<off_t>(place)) == 1);
    return value;
  }

 private:
  std::string name_;
  int file_ = -1;
};

SharedMemoryOptions options() { return {"kedge-test-", 2, kBytes}; }

std::vector<std::byte> request_of(std::uint64_t offset) {
  std::vector<std::byte> bytes;
  ProtoWriter out(bytes);
  out.message(5, [&] {
    out.text(1, "x");
    out.text(2, "UINT8");
    out.message(3, [&] { out.packed(16); });
    write_parameter(4, {kRegionName, std::string_view("r")}, out);
    write_parameter(4, {kRegionBytes, std::int64_t{16}}, out);
    write_parameter(4, {kRegionOffset, offset}, out);
  });
  return bytes;
}

}  // namespace

TEST("bytes of a region are its object's, from its offset on") {
  const Object object;
  SharedRegions regions(options());
  regions.add("r", object.name(), 100, 1000);
  std::vector<std::byte> out(10);
  regions.read({"r", 7, 10}, out);
  for (std::size_t i = 0; i < out.size(); ++i) {
    CHECK(static_cast<std::size_t>(out[i]) == 107 + i);
  }
  const std::vector<std::byte> said(3, std::byte{9});
  regions.write({"r", 997, 3}, said);
  CHECK(object.at(1096) == 1096 % 251 && object.at(1097) == 9 && object.at(1099) == 9);
  CHECK(object.at(1100) == static_cast<char>(1100 % 251));
  CHECK_ERROR("region \"r\": shared_memory_byte_size = 2, the output has 3 bytes",
              regions.write({"r", 0, 2}, said));
}

TEST("a region keeps its object when the name is gone") {
  SharedRegions regions(options());
  {
    const Object object;
    regions.add("r", object.name(), 0, 10);
  }
  std::vector<std::byte> out(10);
  regions.read({"r", 0, 10}, out);
  CHECK(static_cast<int>(out[9]) == 9);
}

TEST("a request in shared memory is read again and again without allocating") {
  const Object object;
  SharedRegions regions(options());
  regions.add("r", object.name(), 0, kBytes);
  const std::vector<std::byte> message = request_of(32);
  InferRequest request;
  std::size_t before = 0;
  for (int i = 0; i < 3; ++i) {
    request.read(message, &regions);
    if (i == 0) before = test::allocations();
  }
  const bool is_same = test::allocations() == before;
  CHECK(is_same);
  CHECK(request.is_raw());
  CHECK(static_cast<int>(request.inputs()[0].data[15]) == 47);
  object.put(47, 1);
  FetchedContents fetched(request.fetched());
  InferRequest again;
  again.read(message, &fetched);
  CHECK(static_cast<int>(again.inputs()[0].data[15]) == 47);
  CHECK_ERROR("shared memory is off", again.read(message));
}

TEST("threads read and write while regions come and go and their object is cut") {
  const Object object;
  SharedRegions regions(options());
  std::atomic<bool> is_over = false;
  std::atomic<std::size_t> moved = 0;
  std::atomic<std::size_t> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      const std::vector<std::byte> message = request_of(kBytes - 16);
      const std::vector<std::byte> said(16, std::byte{1});
      InferRequest request;
      while (!is_over) {
        try {
          request.read(message, &regions);
          regions.write({"r", 16, 16}, said);
          ++moved;
        } catch (const Error&) {
          ++refused;
        } catch (const Refusal&) {
          ++refused;
        }
        std::string metrics;
        if (i == 0) regions.expose(metrics);
      }
    });
  }
  for (int i = 0; i < 50 || moved < 50 || refused < 50; ++i) {
    regions.add("r", object.name(), 0, kBytes);
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    object.resize(kBytes / 2);
    object.resize(kBytes);
    regions.remove(i % 2 == 0 ? "r" : "");
  }
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(regions.list()->empty());
}

}  // namespace kedge
