#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "kedge/base/protobuf_write.h"
#include "kedge/serve/service.h"
#include "serve/infer_messages.h"
#include "serve/model_folder.h"

namespace kedge {
namespace {

// A row of zeros, as one tensor of doubles.
std::vector<std::byte> request_of(std::size_t features, std::string_view id) {
  std::vector<std::byte> out;
  ProtoWriter writer(out);
  writer.text(1, "a");
  writer.text(3, id);
  writer.message(5, [&] {
    writer.text(1, "rows");
    writer.text(2, "FP64");
    writer.message(3, [&] {
      writer.packed(1);
      writer.packed(features);
    });
  });
  writer.bytes(7, std::vector<std::byte>(features * sizeof(double)));
  return out;
}

}  // namespace

TEST("threads ask, reload, route and scrape at once, and every call is answered and counted") {
  const test::ModelFolder folder;
  folder.put("a", "1", 1);
  folder.put("a", "2", 2);
  Repository repository(folder.path());
  Service service(repository);
  service.promise({std::chrono::seconds(10), 0.9});
  const std::size_t features = repository.read()->find("a", {}).model->features();
  std::atomic<bool> is_over = false;
  std::atomic<std::uint64_t> answered = 0;
  std::atomic<std::uint64_t> failed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      const auto request = request_of(features, text("request ", i));
      std::vector<std::byte> out;
      while (!is_over) {
        out.clear();
        const Reply reply = service.handle("ModelInfer", request, out);
        ++(reply.code == StatusCode::kOk ? answered : failed);
      }
    });
  }
  threads.emplace_back([&] {
    while (!is_over) {
      for (const auto format : {ScrapeFormat::kPrometheus, ScrapeFormat::kOpenMetrics}) {
        if (service.metrics({}, format).empty()) ++failed;
      }
    }
  });
  for (int i = 0; i < 20 || answered < 100; ++i) {
    service.route({{"a", "1", "2", 0.5, 1}});
    repository.load("a");
    if (service.take_events().empty()) ++failed;
    repository.rescan();
  }
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  std::vector<std::byte> statistics;
  CHECK(service.handle("ModelStatistics", {}, statistics).code == StatusCode::kOk);
  CHECK(answered > 0);
}

TEST("nobody who changes what is served waits for an explanation, and a stop ends it") {
  const test::ModelFolder folder;
  folder.put("a", "1", 1);
  Repository repository(folder.path());
  const Service service(repository);
  const std::size_t features = repository.read()->find("a", {}).model->features();
  std::atomic<bool> is_begun = false;
  std::atomic<bool> is_done = false;
  StatusCode code = StatusCode::kOk;
  std::thread thread([&] {
    const auto many = test::request_of<double>("a", 2'000'000 / features, features, 0);
    std::vector<std::byte> out;
    is_begun = true;
    while (code == StatusCode::kOk) {
      out.clear();
      code = service.handle("Explain", many, out).code;
    }
    is_done = true;
  });
  while (!is_begun) std::this_thread::yield();
  for (int i = 0; i < 3; ++i) repository.load("a");
  CHECK(!is_done);
  service.stop();
  thread.join();
  CHECK(code == StatusCode::kUnavailable);
}

}  // namespace kedge
