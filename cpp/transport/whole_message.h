// A message of gRPC as bytes, and bytes as one.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstddef>
#include <span>

namespace kedge {

// In one piece, for which it is copied where it lies in several.
class WholeMessage {
 public:
  explicit WholeMessage(const grpc::ByteBuffer& message) {
    if (!message.TrySingleSlice(&slice_).ok()) is_whole_ = message.DumpToSingleSlice(&slice_).ok();
  }
  bool is_whole() const noexcept { return is_whole_; }
  std::span<const std::byte> bytes() const noexcept {
    return std::as_bytes(std::span(slice_.begin(), slice_.size()));
  }

 private:
  grpc::Slice slice_;
  bool is_whole_ = true;
};

// How much memory of an answer a thread keeps for the next.
inline constexpr std::size_t kMostKeptAnswer = std::size_t{1} << 22;

// A copy.
inline grpc::ByteBuffer buffer_of(std::span<const std::byte> bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return {&slice, 1};
}

}  // namespace kedge
