// A ModelInferRequest, read from its bytes: views into them, which must outlive it.
//
// Nothing in the bytes is believed: what does not fit is CorruptData, InvalidArgument or
// ResourceExhausted that names the tensor and both values. Raw contents are not copied; typed ones
// become rows of elements, as raw ones are; those in shared memory are fetched, and are raw. Fields
// that the protocol does not have are skipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "kedge/serve/datatype.h"
#include "kedge/serve/parameters.h"
#include "kedge/serve/region_place.h"
#include "kedge/serve/region_source.h"

namespace kedge {

// `elements` of them, the product of `shape`: numbers one after the other at any address, BOOL as
// bytes that are 0 or not, or the strings of BYTES.
struct InferTensor {
  std::string_view name;
  DataType datatype = DataType::kFp32;
  std::span<const std::int64_t> shape;
  std::span<const InferParameter> parameters;
  std::size_t elements = 0;
  std::span<const std::byte> data;
  std::span<const std::string_view> strings;
};

struct RequestedOutput {
  std::string_view name;
  std::span<const InferParameter> parameters;
};

// Reads one request after the other; once it has read a larger one, nothing is allocated. Memory
// is a small multiple of the message's, and of kMostTensors. One thread at a time.
class InferRequest {
 public:
  static constexpr std::size_t kMostTensors = 65536;  // inputs, and outputs

  // What was read before is gone, also when this throws. Without regions shared memory is off.
  void read(std::span<const std::byte> message, RegionSource* regions = nullptr);

  std::string_view model_name() const noexcept { return model_name_; }
  std::string_view model_version() const noexcept { return model_version_; }
  std::string_view id() const noexcept { return id_; }
  std::span<const InferParameter> parameters() const noexcept { return parameters_; }
  std::span<const InferTensor> inputs() const noexcept { return inputs_; }
  std::span<const RequestedOutput> outputs() const noexcept { return outputs_; }
  // Whether contents came raw; the answer does as well then.
  bool is_raw() const noexcept { return !raw_.empty(); }
  // What it took from shared memory: FetchedContents of who reads the message again.
  std::span<const std::byte> fetched() const noexcept { return std::span(memory_).first(taken_); }

  // Gives back all memory when it is more than that: one large request does not hold it for ever.
  void trim(std::size_t most_bytes);

 private:
  std::size_t held_bytes() const noexcept;

  // A part of one of the lists below, which may move while the message is read.
  struct Part {
    std::size_t first = 0;
    std::size_t count = 0;

    template <class T>
    std::span<const T> of(const std::vector<T>& list) const noexcept {
      return std::span(list).subspan(first, count);
    }
  };
  struct TensorParts {
    Part shape;
    Part parameters;
    Part typed;
    Part strings;
    std::optional<RegionPlace> place;
  };

  void clear() noexcept;
  void read_tensor(std::span<const std::byte> message);
  void read_contents(InferTensor& tensor, TensorParts& parts);
  void read_element_field(const ProtoReader& reader, const InferTensor& tensor);
  void read_output(std::span<const std::byte> message);
  void check_region(std::size_t i, const RegionSource* regions);
  void fetch(RegionSource* regions);
  void take_raw();
  void take_raw(std::size_t i);
  void split_strings(InferTensor& tensor, Part& strings, std::span<const std::byte> raw);
  void resolve();

  std::string_view model_name_;
  std::string_view model_version_;
  std::string_view id_;
  std::vector<InferParameter> parameters_;
  std::vector<InferTensor> inputs_;
  std::vector<TensorParts> parts_;  // one for each input
  std::vector<RequestedOutput> outputs_;
  std::vector<Part> output_parts_;  // one for each output
  std::vector<std::span<const std::byte>> raw_;

  std::vector<std::int64_t> shapes_;  // of all tensors, one after the other
  std::vector<InferParameter> tensor_parameters_;
  std::vector<std::byte> typed_;
  std::vector<std::string_view> strings_;
  std::vector<std::span<const std::byte>> contents_;  // of the tensor that is read
  std::vector<std::byte> memory_;                     // of shared memory, the first ones
  std::size_t taken_ = 0;
  bool has_regions_ = false;
};

}  // namespace kedge
