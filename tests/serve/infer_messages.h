// ModelInferRequests, as a client writes them.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "kedge/base/protobuf_write.h"
#include "kedge/score/model.h"

namespace kedge::test {

using Message = std::vector<std::byte>;

// Rows as one tensor.
template <class Number>
Message request_of(std::string_view model, std::size_t rows, std::size_t features, double start,
                   std::string_view output = {}) {
  std::vector<Number> values(rows * features);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<Number>(start + 0.37 * static_cast<double>(i % 13));
  }
  Message out;
  ProtoWriter writer(out);
  writer.text(1, model);
  writer.message(5, [&] {
    writer.text(1, "rows");
    writer.text(2, sizeof(Number) == 4 ? "FP32" : "FP64");
    writer.message(3, [&] {
      writer.packed(rows);
      writer.packed(features);
    });
  });
  if (!output.empty()) writer.message(6, [&] { writer.text(1, output); });
  writer.bytes(7, std::as_bytes(std::span(values)));
  return out;
}

// A tensor for each feature.
inline Message columns_of(const Model& model, std::size_t rows) {
  const std::vector<double> values(rows, 0.25);
  Message out;
  ProtoWriter writer(out);
  writer.text(1, "a");
  for (const Feature& feature : model.bundle().features) {
    writer.message(5, [&] {
      writer.text(1, feature.name);
      writer.text(2, "FP64");
      writer.message(3, [&] { writer.packed(rows); });
      writer.message(5, [&] { writer.bytes(7, std::as_bytes(std::span(values))); });
    });
  }
  return out;
}

}  // namespace kedge::test
