#include "kedge/serve/bounded_queue.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "check.h"

namespace kedge {
namespace {

TEST("a queue gives what was put, in order, and refuses more than it holds") {
  BoundedQueue<int, 4> queue;
  int out = 0;
  CHECK(!queue.take(out));
  int next = 0;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 4; ++i) CHECK(queue.put(4 * round + i));
    CHECK(!queue.put(99));
    for (int i = 0; i < 4; ++i) {
      CHECK(queue.take(out));
      CHECK(out == next++);
    }
    CHECK(!queue.take(out));
  }
}

TEST("many threads put and one takes: each value once, those of a thread in order") {
  constexpr std::uint64_t kThreads = 4;
  constexpr std::uint64_t kEach = 20'000;
  BoundedQueue<std::uint64_t, 64> queue;
  std::vector<std::thread> threads;
  for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&queue, thread] {
      for (std::uint64_t i = 0; i < kEach; ++i) {
        while (!queue.put(thread * kEach + i)) std::this_thread::yield();
      }
    });
  }
  std::array<std::uint64_t, kThreads> taken{};
  bool is_in_order = true;
  for (std::uint64_t i = 0; i < kThreads * kEach;) {
    std::uint64_t value = 0;
    if (!queue.take(value)) {
      std::this_thread::yield();
      continue;
    }
    ++i;
    is_in_order = is_in_order && value % kEach == taken[value / kEach]++;
  }
  for (std::thread& thread : threads) thread.join();
  std::uint64_t more = 0;
  CHECK(is_in_order);
  CHECK(!queue.take(more));
}

}  // namespace
}  // namespace kedge
