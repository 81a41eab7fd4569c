// A batch made column by column from plain vectors, for results that go out through Arrow.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/base/buffer.h"

namespace kedge {

// Every column gets the same number of rows; none of them null but where set_null says so.
class BatchBuilder {
 public:
  BatchBuilder();
  void add(std::string name, std::span<const double> values);
  void add(std::string name, std::span<const std::uint64_t> values);
  void add(std::string name, std::span<const std::int64_t> values);
  void add(std::string name, std::span<const std::string> values);
  void add(std::string name, const std::vector<bool>& values);
  // Rows of the column that was added last.
  void set_null(const std::vector<bool>& is_null);
  Batch finish();

 private:
  Column& column(std::string name, TypeId type, std::size_t rows);
  template <class Value>
  std::span<Value> buffer(std::size_t count);

  Schema schema_;
  std::vector<Column> columns_;
  std::shared_ptr<std::vector<Buffer>> buffers_;
};

}  // namespace kedge
