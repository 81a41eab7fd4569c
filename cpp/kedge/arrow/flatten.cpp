#include "kedge/arrow/flatten.h"

#include "kedge/base/text.h"

namespace kedge {

Batch flatten(const Batch& batch) {
  bool has_struct = false;
  for (const Column& column : batch.columns) has_struct |= column.type == TypeId::kStruct;
  if (!has_struct) return batch;
  struct Opened {
    std::shared_ptr<const void> batch;
    std::vector<Batch> structs;
  };
  auto opened = std::make_shared<Opened>();
  opened->batch = batch.owner;
  Schema schema;
  Batch flat;
  flat.length = batch.length;
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    if (batch.columns[i].type != TypeId::kStruct) {
      schema.push_back(batch.field(i));
      flat.columns.push_back(batch.columns[i]);
      continue;
    }
    const Batch& inner = opened->structs.emplace_back(struct_batch(batch, i));
    for (std::size_t j = 0; j < inner.columns.size(); ++j) {
      Field field = inner.field(j);
      field.name = text(batch.field(i).name, ".", field.name);
      schema.push_back(std::move(field));
      flat.columns.push_back(inner.columns[j]);
    }
  }
  flat.schema = std::make_shared<const Schema>(std::move(schema));
  flat.owner = std::move(opened);
  return flat;
}

Schema flatten(const Schema& schema) {
  Schema flat;
  for (const Field& field : schema) {
    if (field.type.id != TypeId::kStruct) {
      flat.push_back(field);
      continue;
    }
    for (const Field& child : field.type.children) {
      flat.push_back({text(field.name, ".", child.name), child.type, true});
    }
  }
  return flat;
}

}  // namespace kedge
