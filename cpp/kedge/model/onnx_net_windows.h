// Where the windows of a convolution or a pool lie in a channel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kedge/model/onnx_net_bytes.h"
#include "kedge/model/onnx_net_reader.h"

namespace kedge {

struct OnnxWindows {
  static constexpr std::uint32_t kPadding = 0xffffffff;

  std::uint32_t channels = 0;
  std::uint32_t channel = 1;               // numbers of one
  std::uint32_t kernel = 1;                // places of a window
  std::uint32_t count = 1;                 // windows
  std::vector<std::uint32_t> sizes = {};   // how many along each axis
  std::vector<std::uint32_t> places = {};  // window by window: in the channel, or kPadding
  std::vector<std::uint32_t> padded = {};  // of each window, places that are not beyond its padding
};

// Of value 0 of the node, [N, channels, sizes...], by its attributes. Refused unless windows lie
// within their padding.
OnnxWindows windows_of(OnnxNetReader& net, const OnnxNode& node, const OnnxNetValue& x,
                       std::span<const std::int64_t> kernel);

// The mean of each window of floats, by the node's attributes.
OnnxNetValue average_pool(OnnxNetReader& net, const OnnxNode& node, const OnnxNetValue& x);

// Of each window the places in some channels, channel by channel; `padding` where there is none.
std::vector<std::uint32_t> window_columns(const OnnxWindows& windows, std::uint32_t first_channel,
                                          std::uint32_t channels, std::uint32_t padding);

// [N, outputs, windows' sizes] of a slot, where `x` has the type.
OnnxNetValue window_value(const OnnxWindows& windows, std::uint32_t outputs, const OnnxNetValue& x,
                          std::uint32_t slot);

// Sums of bytes of a convolution whose weights are known in integers; `tail` columns are read
// behind those of each window.
std::optional<OnnxByteSums> window_sums(OnnxNetReader& net, const OnnxNode& node,
                                        const OnnxByteSlot& x, const OnnxWindows& windows,
                                        const OnnxWholeLayer& layer, std::uint32_t padding,
                                        std::span<const std::uint32_t> tail);

// How many groups a convolution of so many channels has, by its attribute and its weights' shape.
std::size_t groups_of(const OnnxNode& node, std::span<const std::int64_t> shape,
                      std::size_t channels);

}  // namespace kedge
