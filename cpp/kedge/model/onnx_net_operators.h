// What the operators of ONNX nets become, kind by kind: rows of a table that the reader asks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kedge/model/onnx_net_reader.h"

namespace kedge {

struct OnnxNetOperator {
  std::string_view name;
  OnnxNetValue (*read)(OnnxNetReader& net, const OnnxNode& node);
  std::size_t output = 0;    // which of the node's outputs it is
  bool takes_bytes = false;  // others are refused where a value's slot has bytes
};

// Null of an operator that stands in none of the tables below.
const OnnxNetOperator* find_onnx_net_operator(std::string_view name) noexcept;

std::span<const OnnxNetOperator> onnx_net_arithmetic() noexcept;   // number by number
std::span<const OnnxNetOperator> onnx_net_conditions() noexcept;   // truth values
std::span<const OnnxNetOperator> onnx_net_columns() noexcept;      // which columns, of what type
std::span<const OnnxNetOperator> onnx_net_shapes() noexcept;       // in what shape
std::span<const OnnxNetOperator> onnx_net_windows() noexcept;      // convolutions and pools
std::span<const OnnxNetOperator> onnx_net_bytes() noexcept;        // to bytes and back
std::span<const OnnxNetOperator> onnx_net_byte_layers() noexcept;  // from bytes to bytes
std::span<const OnnxNetOperator> onnx_net_transforms() noexcept;   // of ai.onnx.ml, on numbers
std::span<const OnnxNetOperator> onnx_net_encoders() noexcept;     // from categories to numbers
std::span<const OnnxNetOperator> onnx_net_estimators() noexcept;   // linear models and trees

// A node of constants alone becomes a constant; false when it is none of these.
bool fold_onnx_constant(OnnxNetReader& net, const OnnxNode& node);

}  // namespace kedge
