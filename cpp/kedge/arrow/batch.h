// A batch of rows: named columns and the owner of their memory; and how one is made from the C data
// interface, without copying.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "kedge/arrow/column.h"
#include "kedge/arrow/owned.h"
#include "kedge/arrow/type.h"

namespace kedge {

// Copies are cheap: they share schema and memory. Immutable, so any number of threads may read it.
struct Batch {
  std::shared_ptr<const Schema> schema;
  std::size_t length = 0;
  std::vector<Column> columns;        // one for each field of the schema
  std::shared_ptr<const void> owner;  // keeps every buffer alive

  const Field& field(std::size_t i) const noexcept { return (*schema)[i]; }
};

// The batches of a table, and the schema that they share even when there is none of them.
struct Batches {
  std::shared_ptr<const Schema> schema;
  std::vector<Batch> batches;
};
std::size_t row_count(const Batches& table) noexcept;

// Where a column stands in a schema. Throws InvalidArgument that lists the names there are.
std::size_t find_column(const Schema& schema, std::string_view name);

// The schema of the batches that an ABI schema describes: a struct is a batch of its children,
// anything else is a batch of one column.
std::shared_ptr<const Schema> import_schema(const ArrowSchema& schema);

// Takes the array over. Everything that the ABI lets us see is checked: released structs, lengths,
// offsets, buffer and child counts, null buffers. Errors name the column and both values.
// A struct's null rows become null rows of each child. Misaligned buffers are copied.
Batch import_batch(std::shared_ptr<const Schema> schema, OwnedArray array);

// The children of struct column `i` as a batch of their own, null where the struct is null.
Batch struct_batch(const Batch& batch, std::size_t i);

// Batches of a stream, in order, until it is drained.
class BatchReader {
 public:
  // Throws InvalidArgument when the stream was consumed already.
  explicit BatchReader(OwnedStream stream);

  const std::shared_ptr<const Schema>& schema() const noexcept { return schema_; }
  std::optional<Batch> next();

 private:
  OwnedStream stream_;
  std::shared_ptr<const Schema> schema_;
};

}  // namespace kedge
