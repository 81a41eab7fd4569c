// Batches of a stream in, closed windows out: one definition over one schema.
//
// Every push takes all of its rows or, when it throws, none of them. The same rows in the same
// order give the same results however they are cut into batches. Only what the code of a user's
// aggregate raises is found too late for that: afterwards everything that reads or changes the
// state throws.
//
// Thread safety: one caller at a time.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kedge/window/windows.h"

namespace kedge {

struct WindowStats {
  std::uint64_t rows = 0;     // pushed
  std::uint64_t late = 0;     // of them, in late()
  std::uint64_t outside = 0;  // of them, between windows that are shorter than their step
  std::uint64_t keys = 0;     // known now
  std::uint64_t open = 0;     // panes, or windows of a key
  std::uint64_t state_bytes = 0;
};

class Window {
 public:
  // Throws InvalidArgument and Unsupported that name the argument, or the column and its type.
  // `codes` of users' aggregates outlive the window.
  Window(WindowSpec spec, std::shared_ptr<const Schema> schema, const UserCodes* codes = nullptr);
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  const WindowSpec& spec() const noexcept { return spec_; }
  const Schema& schema() const noexcept { return *schema_; }

  // Throws InvalidArgument when the batch has another schema or there is no such partition,
  // ResourceExhausted when a limit of the definition would be passed.
  void push(const Batch& batch, std::uint32_t partition = 0) { push({&batch, 1}, partition); }
  void push(std::span<const Batch> batches, std::uint32_t partition);
  // Event time is known to have come so far, rows or none; in the time column's unit.
  void advance_to(std::int64_t time);
  // Closes everything. StreamRows that come afterwards are late.
  void finish();

  // The windows that closed since the last call.
  Batch closed() { return emitter_.output().take(); }
  // The rows that came too late since the last call.
  Batches late() { return late_.take(); }

  // None until every partition has had a row; behind finish() the newest time there was.
  std::optional<std::int64_t> watermark() const noexcept;
  WindowStats stats() const noexcept;

  // All that a later push depends on, and the caller's own bytes (where its sources stand).
  // docs/formats.md, "Window snapshot".
  std::vector<std::byte> snapshot(std::span<const std::byte> note) const;
  struct Restored {
    std::unique_ptr<Window> window;
    std::vector<std::byte> note;
  };
  // Throws CorruptData that names the section. With `expected`, throws InvalidArgument with what
  // differs when the snapshot is of another definition; so does other code of users' aggregates
  // than it was made with, or none.
  static Restored restore(std::span<const std::byte> bytes, const WindowSpec* expected = nullptr,
                          const UserCodes* codes = nullptr);

 private:
  void check_schema(const Schema& schema) const;
  void check_state() const;
  // Runs what changes the state and should not fail; when it does, nothing runs any more.
  template <class Run>
  void change(const Run& run);
  void expect_sound() const;
  void encode(std::span<const Batch> batches);
  void encode_keys(const Batch& batch, std::span<std::uint32_t> ids);
  void take(const Batch& batch, std::span<const std::uint32_t> ids, std::uint32_t partition);
  std::span<const std::int64_t> times_of(const Batch& batch);
  void forget_unused(std::span<const std::uint32_t> needed);

  WindowSpec spec_;
  std::shared_ptr<const Schema> schema_;
  std::vector<std::size_t> key_columns_;
  std::optional<std::size_t> time_column_;
  Aggregation aggregation_;
  Keys keys_;
  Watermark watermark_;
  Fold fold_;
  Emitter emitter_;
  LateRows late_;
  std::uint64_t rows_ = 0;
  std::unique_ptr<Windows> windows_;
  bool is_finished_ = false;
  std::string failure_;               // why the state is lost
  std::size_t keys_to_look_through_;  // when there are so many, those without a window are dropped
  std::vector<std::uint32_t> ids_;    // of all rows of a push
  std::vector<std::int64_t> times_;
};

}  // namespace kedge
