// Layers of an ONNX net over bytes: what QuantizeLinear, DequantizeLinear and the layers between
// them become. Sums are integers; what is made of them, float(sum) * scale, rounds as onnxruntime
// does, so that a byte is the same there and here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "kedge/model/onnx_net_reader.h"

namespace kedge {

// Whole weights less their zeros, a row of `outputs` for each input; of each output what 1 stands
// for, and where its sums start.
struct OnnxWholeLayer {
  std::size_t outputs = 0;
  std::vector<std::int32_t> weights = {};
  std::vector<float> scales = {};
  std::vector<std::int64_t> bias = {};
};

// DequantizeLinear of a constant; false when it is none.
bool fold_dequantized(OnnxNetReader& net, const OnnxNode& node);

// The slot of floats of a layer whose input and weights are both known in integers; none otherwise,
// or where sums might overflow.
std::optional<std::uint32_t> gemm_of_bytes(OnnxNetReader& net, const OnnxNode& node);
std::optional<std::uint32_t> product_of_bytes(OnnxNetReader& net, const OnnxNode& node);

// Sums of `x` times a layer's weights: `columns` has those of `x` that each part reads, in turn;
// none, and one part, are all. Inputs whose weights do not fit int8 are read again for the rest.
std::optional<OnnxByteSums> byte_sums(OnnxNetReader& net, const OnnxNode& node,
                                      const OnnxByteSlot& x, const OnnxWholeLayer& layer,
                                      std::span<const std::uint32_t> columns, std::uint32_t parts);
// The step of floats: float(sum) * scale + offset, in the sums' own order of columns.
std::uint32_t add_sums(GraphBuilder& net, const OnnxByteSums& sums, std::span<const float> scales,
                       std::span<const float> offsets, bool relu);
// The same in the answer's order, and known as sums when there is no offset.
std::uint32_t sums_slot(OnnxNetReader& net, OnnxByteSums sums, std::span<const float> offsets);
// A slot of bytes, of floats or of sums.
std::uint32_t quantized_slot(OnnxNetReader& net, std::uint32_t slot, const OnnxQuanta& quanta);
// A slot of floats, known as what the bytes stand for.
std::uint32_t dequantized_slot(OnnxNetReader& net, const OnnxByteSlot& bytes);

// A matrix as a layer; none when inputs, not outputs, have scales of their own.
std::optional<OnnxWholeLayer> matrix_of(const OnnxWholeConstant& constant, bool transposed);
// Weights of a convolution as a matrix for all channels of a window, zero for other groups'.
std::optional<OnnxWholeLayer> kernel_of(const OnnxWholeConstant& constant, std::size_t groups);
// The sums' start of a bias that has their scales, else what is added to the floats; false when it
// is no constant of such a size.
bool take_bias(const OnnxNetReader& net, const OnnxNode& node, std::size_t i, float scale,
               OnnxWholeLayer& layer, std::vector<float>& offsets);
// What the node's input was made of, null when that is not known.
const OnnxWholeConstant* whole_constant(const OnnxNetReader& net, const OnnxNode& node,
                                        std::size_t i);
const OnnxByteSlot* known_bytes(OnnxNetReader& net, std::uint32_t slot);
// The value i, its scale and its zero, the constants behind it. Refused unless it is bytes.
OnnxByteSlot bytes_of(OnnxNetReader& net, const OnnxNode& node, std::size_t i);
// Of what type a node's bytes are by their zero.
OnnxType byte_type(const OnnxNetReader& net, const OnnxNode& node, std::size_t zero);

// What its integers stand for.
OnnxTensor floats_of(const OnnxNode& node, const OnnxWholeConstant& constant);

// Scale and zero among a node's constants; no zero is 0 of uint8. Refused unless they are one of
// each.
OnnxQuanta quanta_of(const OnnxNetReader& net, const OnnxNode& node, std::size_t scale,
                     std::size_t zero);
// The whole constant `place` with the scales and zeros behind it, as QLinear operators have them.
OnnxWholeConstant whole_of(const OnnxNetReader& net, const OnnxNode& node, std::size_t place,
                           std::int64_t axis);

}  // namespace kedge
