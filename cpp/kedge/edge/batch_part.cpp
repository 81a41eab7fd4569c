#include "kedge/edge/batch_part.h"

#include <algorithm>

#include "kedge/base/error.h"

namespace kedge::edge {

Batch columns_part(const Batch& batch, const Schema& schema) {
  Batch out;
  out.length = batch.length;
  out.owner = batch.owner;
  out.schema = std::make_shared<const Schema>(schema);
  out.columns.reserve(schema.size());
  for (const Field& field : schema) {
    const std::size_t i = find_column(*batch.schema, field.name);
    if (batch.field(i).type != field.type) {
      throw invalid_argument("column \"", field.name, "\" is ", type_name(batch.field(i).type),
                             ", wanted is ", type_name(field.type));
    }
    out.columns.push_back(batch.columns[i]);
  }
  return out;
}

Batch rows_part(const Batch& batch, std::size_t first, std::size_t most) {
  Batch out = batch;
  out.length = std::min(most, batch.length - first);
  for (Column& column : out.columns) {
    column.offset += first;
    column.length = out.length;
  }
  return out;
}

}  // namespace kedge::edge
