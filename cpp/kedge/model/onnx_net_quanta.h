// What bytes stand for while an ONNX net is read. Bytes of the graph have no sign: int8 is kept as
// the number plus 128, and so is its zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "kedge/model/onnx_graph.h"

namespace kedge {

// (byte - zero) * scale.
struct OnnxQuanta {
  float scale = 1;
  std::int32_t zero = 0;

  bool operator==(const OnnxQuanta&) const = default;
};

struct OnnxByteSlot {
  std::uint32_t slot = 0;
  OnnxQuanta quanta = {};
};

// Integers that a constant of floats was made of: (integer - zero) * scale, both of the whole
// tensor or of each place of an axis.
struct OnnxWholeConstant {
  OnnxTensor whole = {};
  std::vector<float> scales = {};
  std::vector<std::int32_t> zeros = {};
  std::int64_t axis = 0;
};

// Bytes times int8 weights, as kernels/dense_int8.h has them, of each of `parts` parts of a slot.
struct OnnxByteSums {
  std::uint32_t slot = 0;
  std::uint32_t parts = 1;
  std::size_t outputs = 0;  // of a part
  std::vector<std::int8_t> weights = {};
  std::vector<std::int32_t> bias = {};    // of whole panels
  std::vector<float> scales = {};         // what 1 stands for, of each output
  std::vector<std::uint32_t> order = {};  // which columns are the answer's; none: all as they are
};

// What DynamicQuantizeLinear reads, and what it finds there: one wide slots.
struct OnnxRowQuanta {
  std::uint32_t x = 0;
  std::uint32_t lowest = 0;
  std::uint32_t scale = 0;
};

struct OnnxNetBytes {
  std::map<std::uint32_t, OnnxByteSlot> slots;  // of slots of floats
  std::map<std::uint32_t, OnnxByteSums> sums;   // of slots of floats
  std::map<std::uint32_t, OnnxRowQuanta> rows;  // of slots of bytes
  std::map<std::string_view, OnnxWholeConstant> constants;
};

}  // namespace kedge
