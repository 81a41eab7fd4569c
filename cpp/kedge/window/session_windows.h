// Sessions: rows of a key that follow one another within a gap. A row that comes between two open
// sessions joins them.
//
// In mode "update" sessions are also given before they are closed. A session is named by where it
// begins: one that was given and then began earlier, or was joined to another, is retracted.
#pragma once

#include <vector>

#include "kedge/window/given.h"
#include "kedge/window/rhythm.h"
#include "kedge/window/state_table.h"
#include "kedge/window/windows.h"

namespace kedge {

class SessionWindows final : public Windows {
 public:
  SessionWindows(const Stream& stream, const Type& time);

  void take(const StreamRows& rows) override;
  void close_reached() override;
  void close_all() override;

  std::uint64_t open() const noexcept override { return open_; }
  std::size_t bytes() const noexcept override;
  void mark_used(std::span<std::uint8_t> used) const noexcept override;
  void renumber(std::span<const std::uint32_t> new_ids, std::size_t size) override;
  void write(ByteWriter& out) const override;
  void read(ByteReader& in) override;

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;

  // A key's sessions are chained by rising time; its state has the session's own number.
  struct Session {
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::uint32_t id = 0;  // of the key
    std::uint32_t next = kNone;
  };
  // A key's oldest and newest one: rows mostly come to the newest.
  struct Chain {
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;
  };
  // When a session may end: it may have grown since.
  struct End {
    std::int64_t time;
    std::uint32_t session;
    friend bool operator<(const End& a, const End& b) noexcept {
      return a.time != b.time ? a.time > b.time : a.session > b.session;  // the earliest on top
    }
  };

  // What came out of a session so far, and as which window.
  struct GivenSession {
    Given given;
    TimeRange window;
  };
  struct Retraction {
    std::uint32_t id;  // of the key
    TimeRange window;
    Revision revision;
  };

  // Notes the row when it comes too late.
  bool is_late(const StreamRows& rows, std::size_t row);
  // Folds rows from `start` on until a session may have ended; gives the row behind the last one.
  std::size_t fold_some(const StreamRows& rows, std::size_t start);
  std::uint32_t new_session(std::uint32_t id, std::int64_t time, std::uint32_t next);
  // The session that the row belongs to, made, widened or joined as needed. `before_merge` is
  // called before states move into one another.
  template <class BeforeMerge>
  std::uint32_t session_of(std::uint32_t id, std::int64_t time, const BeforeMerge& before_merge);
  // The same of a row that is no older than the newest session's first.
  std::uint32_t newest_of(std::uint32_t id, std::int64_t time);
  void unlink(std::uint32_t session);
  void close(std::vector<std::uint32_t> sessions);
  // Those that changed since they were last given, if the front has passed them or a trigger says
  // that all are wanted.
  void give_so_far();
  std::int64_t step_of_updates() const noexcept;
  // The session is another window from now on, or none.
  void retract(std::uint32_t session);
  void emit_retractions();
  static void write_given(const GivenSession& given, ByteWriter& out);
  static GivenSession read_given(ByteReader& in);
  void read_retractions(ByteReader& in);
  void sort(std::vector<std::uint32_t>& sessions) const;
  void emit(std::span<const std::uint32_t> sessions, Standing standing);
  TimeRange window_of(const Session& session) const noexcept {
    return {session.first, end_of(session)};
  }
  void push_end(std::uint32_t session);
  std::int64_t end_of(const Session& session) const noexcept { return session.last + gap_; }

  Stream stream_;
  std::int64_t gap_;
  std::vector<Session> sessions_;
  std::vector<std::uint32_t> free_;
  std::vector<Chain> chains_;  // of each key
  std::vector<End> ends_;      // a heap
  StateTable states_;
  Rhythm updates_;                   // results so far
  std::vector<GivenSession> given_;  // of each session, in mode "update"
  std::vector<Retraction> retractions_;
  std::uint64_t open_ = 0;
};

}  // namespace kedge
