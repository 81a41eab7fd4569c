// Keeps what a board found until a receiver has it, on a thread of its own: whoever scores never
// waits for a disk, unless the disk has fallen behind by all the memory there is for it.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "kedge/edge/config.h"
#include "kedge/edge/spool.h"
#include "kedge/edge/upload.h"

namespace kedge::edge {

struct ForwardStats {
  SpoolStats spool;
  std::uint64_t next_record = 0;
  std::uint64_t durable_record = 0;
  std::uint64_t waits = 0;     // for a disk that had fallen behind
  std::uint64_t failures = 0;  // of the disk
  bool is_connected = false;
};

class Forwarder {
 public:
  // `start` says of what the records are. Throws as FolderStorage and Spool.
  Forwarder(const SpoolConfig& config, const std::string& device, std::span<const std::byte> start);
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;
  // What is here by then is on the disk afterwards.
  ~Forwarder();

  // The newest sketch of earlier runs; empty when there is none.
  const std::vector<std::byte>& last_sketch() const noexcept { return spool_.last_sketch(); }
  // At most config.most_score_bytes() at a time.
  void add_scores(std::span<const double> scores, std::uint32_t events);
  void add_sketch(std::vector<std::byte> sketch);
  // True once when records are of another life: sketches that go on from last_sketch() would be
  // counted twice there, and are left out until this was asked for.
  bool takes_new_life();
  // What comes behind this is of another model: its start record, behind what is known of the one
  // before.
  void change_model(std::vector<std::byte> last_sketch, std::vector<std::byte> start);
  void add_state(std::string_view json);
  ForwardStats stats();

 private:
  // A record that is not scores of the moment; in the order in which they came.
  struct Whole {
    RecordKind kind;
    std::uint32_t events;
    std::vector<std::byte> bytes;
  };

  void run();
  bool hand_over();
  void close_scores();
  bool put(RecordKind kind, std::uint32_t events, std::span<const std::byte> bytes);
  void keep();
  bool tick();
  void upload(std::int64_t now_nanos);
  void forget_sketches();

  SpoolConfig config_;
  std::unique_ptr<Storage> storage_;
  Spool spool_;
  std::unique_ptr<Upload> upload_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::byte> scores_;  // since the last hand_over
  std::uint32_t events_ = 0;
  std::vector<std::byte> sketch_;
  std::vector<Whole> wholes_;  // before scores_
  bool is_full_ = false;       // who scores waits for room
  bool has_new_life_ = false;
  bool is_stopping_ = false;
  ForwardStats stats_;

  // Of the thread alone.
  std::vector<std::byte> taken_scores_;
  std::uint32_t taken_events_ = 0;
  std::vector<std::byte> taken_sketch_;
  std::deque<Whole> taken_wholes_;  // behind taken_scores_
  std::int64_t next_tick_ = 0;
  std::string upload_error_;  // the last one
  std::thread thread_;
};

}  // namespace kedge::edge
