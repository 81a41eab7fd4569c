#include "kedge/arrow/export.h"

#include <cerrno>
#include <list>
#include <string>

#include "kedge/arrow/metadata.h"

namespace kedge {
namespace {

// Everything one exported schema node points to. A node's children and dictionary are released with
// it unless the consumer moved them away, as the specification allows.
struct SchemaNode {
  std::string format;
  std::string name;
  std::string metadata;
  std::list<ArrowSchema> nodes;
  std::vector<ArrowSchema*> children;
};

struct ArrayNode {
  std::shared_ptr<const void> owner;
  std::vector<const void*> buffers;
  std::list<ArrowArray> nodes;
  std::vector<ArrowArray*> children;
};

template <class Struct, class Node>
void release(Struct* self) {
  for (std::int64_t i = 0; i < self->n_children; ++i) {
    if (self->children[i]->release != nullptr) self->children[i]->release(self->children[i]);
  }
  if (self->dictionary != nullptr && self->dictionary->release != nullptr) {
    self->dictionary->release(self->dictionary);
  }
  delete static_cast<Node*>(self->private_data);
  self->release = nullptr;
}

void fill(ArrowSchema& out, const Field& field);

void fill_node(ArrowSchema& out, const Field& field) {
  auto node = std::make_unique<SchemaNode>();
  const Type& type = field.type;
  node->format = format_of(type);
  node->name = field.name;
  node->metadata = encode_metadata(field.metadata);
  out = {};
  for (const Field& child : type.children) {
    fill(node->nodes.emplace_back(), child);
    node->children.push_back(&node->nodes.back());
  }
  if (type.dictionary) {
    out.dictionary = &node->nodes.emplace_back();
    fill_node(*out.dictionary, {"", *type.dictionary, true});
  }
  out.format = node->format.c_str();
  out.name = node->name.c_str();
  out.metadata = field.metadata.empty() ? nullptr : node->metadata.c_str();
  out.flags = (field.nullable ? ARROW_FLAG_NULLABLE : 0) |
              (type.ordered ? ARROW_FLAG_DICTIONARY_ORDERED : 0);
  out.n_children = static_cast<std::int64_t>(node->children.size());
  out.children = node->children.data();
  out.release = release<ArrowSchema, SchemaNode>;
  out.private_data = node.release();
}

void fill(ArrowSchema& out, const Field& field) {
  check_readable(field);
  fill_node(out, field);
}

void fill_array(ArrowArray& out, const Column& column, const std::shared_ptr<const void>& owner) {
  auto node = std::make_unique<ArrayNode>();
  node->owner = owner;
  node->buffers.push_back(column.validity);
  out = {};
  // A struct's children carry its offset already, so the struct itself starts at its validity bit.
  std::size_t offset = column.offset;
  if (column.type == TypeId::kStruct) {
    for (const Column& child : column.children) {
      Column shifted = child;
      shifted.offset = child.offset - offset;
      shifted.length = child.length + offset;
      fill_array(node->nodes.emplace_back(), shifted, owner);
      node->children.push_back(&node->nodes.back());
    }
  } else {
    node->buffers.push_back(column.values);
    if (column.type == TypeId::kUtf8View) {
      for (const char* buffer : column.view_text) node->buffers.push_back(buffer);
      node->buffers.push_back(column.view_text_bytes);
    } else if (is_string(column.type) || column.type == TypeId::kLargeBinary) {
      node->buffers.push_back(column.text);
    } else if (column.type == TypeId::kList) {
      fill_array(node->nodes.emplace_back(), column.children.front(), owner);
      node->children.push_back(&node->nodes.back());
    }
  }
  if (column.dictionary) {
    out.dictionary = &node->nodes.emplace_back();
    fill_array(*out.dictionary, *column.dictionary, owner);
  }
  out.length = static_cast<std::int64_t>(column.length);
  out.null_count = column.validity == nullptr ? 0 : -1;
  out.offset = static_cast<std::int64_t>(offset);
  out.n_buffers = static_cast<std::int64_t>(node->buffers.size());
  out.buffers = node->buffers.data();
  out.n_children = static_cast<std::int64_t>(node->children.size());
  out.children = node->children.data();
  out.release = release<ArrowArray, ArrayNode>;
  out.private_data = node.release();
}

struct StreamState {
  std::shared_ptr<const Schema> schema;
  std::vector<Batch> batches;
  std::size_t next = 0;
  std::string error;
};

template <class Fill>
int answer(ArrowArrayStream* self, const Fill& fill_out) noexcept {
  auto& state = *static_cast<StreamState*>(self->private_data);
  try {
    fill_out(state);
    return 0;
  } catch (const std::exception& error) {
    state.error = error.what();
    return ENOMEM;
  }
}

int stream_schema(ArrowArrayStream* self, ArrowSchema* out) {
  return answer(self, [&](StreamState& state) { export_schema(*state.schema).move_to(*out); });
}

int stream_next(ArrowArrayStream* self, ArrowArray* out) {
  return answer(self, [&](StreamState& state) {
    if (state.next == state.batches.size()) {
      *out = {};
      return;
    }
    export_batch(state.batches[state.next]).move_to(*out);
    ++state.next;
  });
}

const char* stream_error(ArrowArrayStream* self) {
  const auto& error = static_cast<StreamState*>(self->private_data)->error;
  return error.empty() ? nullptr : error.c_str();
}

void stream_release(ArrowArrayStream* self) {
  delete static_cast<StreamState*>(self->private_data);
  self->release = nullptr;
}

}  // namespace

OwnedSchema export_schema(const Schema& schema) {
  Type top;
  top.id = TypeId::kStruct;
  top.children = schema;
  ArrowSchema out;
  fill_node(out, {"", std::move(top), false});
  return OwnedSchema(out);
}

OwnedArray export_batch(const Batch& batch) {
  Column rows;
  rows.type = TypeId::kStruct;
  rows.length = batch.length;
  rows.children = batch.columns;
  ArrowArray out;
  fill_array(out, rows, batch.owner);
  return OwnedArray(out);
}

OwnedStream export_stream(std::shared_ptr<const Schema> schema, std::vector<Batch> batches) {
  auto state = std::make_unique<StreamState>();
  state->schema = std::move(schema);
  state->batches = std::move(batches);
  ArrowArrayStream out = {};
  out.get_schema = stream_schema;
  out.get_next = stream_next;
  out.get_last_error = stream_error;
  out.release = stream_release;
  out.private_data = state.release();
  return OwnedStream(out);
}

}  // namespace kedge
