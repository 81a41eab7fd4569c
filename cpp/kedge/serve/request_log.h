// Rows that were asked for and what was answered, in files, for whoever wants to look at them or to
// train on them: of a share of the requests, without the columns that nobody may see.
//
// A file is an Arrow stream, requests-TIME-NUMBER-MODEL-VERSION.arrows, with a batch whenever some
// have come: "time_ms" and "request" (the id, empty beyond RecentPredictions::kMostIdBytes), the
// features by name (names of categories as text), then "score", or "score_0" and so on, null where
// a request asked for something else. A stream that was cut off by a kill ends with its last whole
// batch.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/arrow/build.h"
#include "kedge/serve/event_lines.h"
#include "kedge/serve/repository.h"

namespace kedge {

struct RequestLogOptions {
  std::string folder;
  double share = 0.01;                                // of the requests
  std::uint64_t most_bytes = std::uint64_t{1} << 30;  // of all files: the oldest make room
  std::vector<std::string> redact;                    // columns that are not written

  // Throws InvalidArgument for a folder that is not there, what is out of its bounds, and a column
  // that no model of the catalog has: it is meant to be kept secret, and would not be.
  void check(const Catalog& catalog) const;
};

// Any number of threads may offer; it never fails, and what finds the queue full is dropped.
class RequestLog {
 public:
  // `events` outlives it: what cannot be written is told there, once.
  RequestLog(RequestLogOptions options, EventLines& events);
  RequestLog(const RequestLog&) = delete;
  RequestLog& operator=(const RequestLog&) = delete;
  // What waits is written.
  ~RequestLog();

  void offer(const ServedModel& served, const Rows& rows, const Rows& scores,
             std::string_view id) noexcept;
  void expose(std::string& out) const;

 private:
  struct Entry {
    ServedModel served;
    std::string id;
    std::int64_t time_ms;
    std::vector<double> values;  // row after row
    std::vector<double> scores;  // likewise, or none
    std::size_t bytes;           // about what all of it takes in a file
  };
  struct File;

  void add(const ServedModel& served, const Rows& rows, const Rows& scores, std::string_view id);
  void run();
  void write(const std::vector<Entry>& entries);
  void write(const Entry* first, const Entry* last);
  Batch batch_of(const Entry* first, const Entry* last) const;
  static void add_scores(const Entry* first, const Entry* last, std::size_t rows,
                         BatchBuilder& table);
  File& file_for(const ServedModel& served, const Batch& batch);
  void make_room();
  void forget(const ServedModel& served);
  std::size_t most_bytes_of_batch() const noexcept;

  RequestLogOptions options_;
  EventLines* events_;
  std::vector<std::unique_ptr<File>> open_;
  std::uint64_t files_ = 0;
  std::uint64_t written_ = 0;  // bytes, since room was made
  std::string said_;           // of what failed last
  std::atomic<std::uint64_t> asked_ = 0;
  std::atomic<std::uint64_t> rows_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;  // requests
  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<Entry> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace kedge
