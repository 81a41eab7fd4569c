// The columns of one record batch of the Arrow IPC format: its metadata against its body. Internal
// to the stream reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/arrow/column.h"
#include "kedge/arrow/flatbuffer.h"
#include "kedge/base/buffer.h"

namespace kedge {

// What the columns of one message point into.
struct IpcMemory {
  struct Text {
    std::vector<const char*> starts;
    std::vector<std::int64_t> bytes;
  };
  std::shared_ptr<const void> source;
  Buffer copy;           // of the body, when the source is misaligned
  std::list<Text> text;  // of utf8_view columns
  std::vector<std::shared_ptr<const void>> dictionaries;
};

// Hands out the columns of a RecordBatch table in the order of the schema.
class IpcColumns {
 public:
  // `body` starts on a multiple of eight. Errors start with `part`. All arguments outlive it.
  IpcColumns(std::string_view part, const FlatTable& table, std::span<const std::byte> body,
             IpcMemory& memory);

  std::size_t rows() const noexcept { return rows_; }
  // The next column; `name` is for errors. Its dictionary is missing still.
  Column read(std::string_view name, TypeId type);
  // Attaches the dictionary after checking that each index of a row that is not null lies within.
  void attach(std::string_view name, Column& column,
              std::shared_ptr<const Column> dictionary) const;
  // Throws CorruptData when the table lists more than the columns took.
  void expect_end() const;

 private:
  std::string where() const;
  void refuse_compression(const FlatTable& table) const;
  std::span<const std::byte> next_buffer(std::string_view what);
  const std::byte* need(std::span<const std::byte> buffer, std::uint64_t bytes,
                        std::string_view what) const;
  std::size_t next_node();
  void read_validity(Column& out, std::size_t null_count);
  template <class Offset>
  void read_text(Column& out);
  void read_views(Column& out);
  void check_views(const Column& column) const;
  template <class Index>
  void check_indices(std::string_view name, const Column& column, std::size_t values) const;

  std::string_view part_;
  std::span<const std::byte> body_;
  IpcMemory& memory_;
  FlatVector nodes_;
  FlatVector buffers_;
  FlatVector variadic_counts_;
  std::size_t rows_ = 0;
  std::size_t node_ = 0;
  std::size_t buffer_ = 0;
  std::size_t variadic_ = 0;
  std::uint64_t used_ = 0;  // bytes of the body that buffers took so far
  std::string_view name_;   // of the column being read
};

// A column of a type without rows.
Column empty_ipc_column(TypeId type) noexcept;

}  // namespace kedge
