#include "kedge/serve/infer_request.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

// Elements of typed contents begin on such a multiple.
constexpr std::size_t kAlignment = 8;

std::string names_of_datatypes() {
  std::string out;
  for (const DataTypeRow& row : datatypes()) out += text(out.empty() ? "" : ", ", row.name);
  return out;
}

std::string shape_text(std::span<const std::int64_t> shape) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) out += text(i == 0 ? "" : ", ", shape[i]);
  return out + "]";
}

template <class... Parts>
Error wrong(const InferTensor& tensor, const Parts&... parts) {
  return invalid_argument("tensor \"", tensor.name, "\": ", parts...);
}

std::size_t count_elements(const InferTensor& tensor) {
  std::size_t count = 1;
  bool is_empty = false;
  for (const std::int64_t length : tensor.shape) {
    if (length < 0) {
      throw wrong(tensor, "shape ", shape_text(tensor.shape), " has a length below 0");
    }
    is_empty = is_empty || length == 0;
  }
  if (is_empty) return 0;
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / 16;
  for (const std::int64_t length : tensor.shape) {
    if (static_cast<std::uint64_t>(length) > kMost / count) {
      throw wrong(tensor, "shape ", shape_text(tensor.shape), " has more elements than can be");
    }
    count *= static_cast<std::size_t>(length);
  }
  return count;
}

// One number of a typed list, which has fewer types than tensors have, at the tensor's width.
template <class Narrow, class Wide>
void append_narrow(std::uint64_t spelled, const InferTensor& tensor, std::vector<std::byte>& out) {
  const auto wide = static_cast<Wide>(spelled);  // the upper bits are dropped, as by protoc
  const auto narrow = static_cast<Narrow>(wide);
  if (static_cast<Wide>(narrow) != wide) {
    throw wrong(tensor, row_of(tensor.datatype).field_name, " has ", wide, ", which is no ",
                row_of(tensor.datatype).name);
  }
  const auto bytes = std::as_bytes(std::span(&narrow, 1));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_integer(std::uint64_t value, const InferTensor& tensor, std::vector<std::byte>& out) {
  switch (tensor.datatype) {
    case DataType::kBool:
      out.push_back(static_cast<std::byte>(value != 0));
      return;
    case DataType::kUint8:
      return append_narrow<std::uint8_t, std::uint32_t>(value, tensor, out);
    case DataType::kUint16:
      return append_narrow<std::uint16_t, std::uint32_t>(value, tensor, out);
    case DataType::kUint32:
      return append_narrow<std::uint32_t, std::uint32_t>(value, tensor, out);
    case DataType::kInt8:
      return append_narrow<std::int8_t, std::int32_t>(value, tensor, out);
    case DataType::kInt16:
      return append_narrow<std::int16_t, std::int32_t>(value, tensor, out);
    case DataType::kInt32:
      return append_narrow<std::int32_t, std::int32_t>(value, tensor, out);
    default:
      return append_narrow<std::uint64_t, std::uint64_t>(value, tensor, out);
  }
}

// Empty ones have two bytes of a message, and much more here.
template <class List>
void check_count(const List& list, std::string_view what) {
  if (list.size() < InferRequest::kMostTensors) return;
  throw resource_exhausted("more than ", InferRequest::kMostTensors, " ", what);
}

}  // namespace

void InferRequest::clear() noexcept {
  model_name_ = model_version_ = id_ = {};
  parameters_.clear();
  inputs_.clear();
  parts_.clear();
  outputs_.clear();
  output_parts_.clear();
  raw_.clear();
  shapes_.clear();
  tensor_parameters_.clear();
  typed_.clear();
  strings_.clear();
  taken_ = 0;
  has_regions_ = false;
}

std::size_t InferRequest::held_bytes() const noexcept {
  const auto size_of = [](const auto&... lists) {
    return (... + (lists.capacity() * sizeof *lists.data()));
  };
  return size_of(parameters_, inputs_, parts_, outputs_, output_parts_, raw_, shapes_,
                 tensor_parameters_, typed_, strings_, contents_, memory_);
}

void InferRequest::trim(std::size_t most_bytes) {
  if (held_bytes() > most_bytes) *this = InferRequest();
}

void InferRequest::read(std::span<const std::byte> message, RegionSource* regions) {
  clear();
  for (ProtoReader reader(message, "ModelInferRequest"); reader.next();) {
    switch (reader.field()) {
      case 1:
        model_name_ = utf8_text(reader, "model_name");
        break;
      case 2:
        model_version_ = utf8_text(reader, "model_version");
        break;
      case 3:
        id_ = utf8_text(reader, "id");
        break;
      case 4:
        read_parameter(reader.bytes(), 0, parameters_);
        break;
      case 5:
        read_tensor(reader.bytes());
        break;
      case 6:
        read_output(reader.bytes());
        break;
      case 7:
        check_count(raw_, "raw_input_contents");
        raw_.push_back(reader.bytes());
        break;
      default:
        break;
    }
  }
  if (has_regions_) fetch(regions);
  if (is_raw()) take_raw();
  resolve();
}

void InferRequest::read_tensor(std::span<const std::byte> message) {
  check_count(inputs_, "inputs");
  InferTensor tensor;
  TensorParts parts;
  parts.shape.first = shapes_.size();
  parts.parameters.first = tensor_parameters_.size();
  contents_.clear();
  std::string_view datatype;
  for (ProtoReader reader(message, "InferInputTensor"); reader.next();) {
    switch (reader.field()) {
      case 1:
        tensor.name = utf8_text(reader, "the name of a tensor");
        break;
      case 2:
        datatype = utf8_text(reader, "datatype");
        break;
      case 3:
        reader.append_to(shapes_);
        break;
      case 4:
        read_parameter(reader.bytes(), parts.parameters.first, tensor_parameters_);
        break;
      case 5:
        contents_.push_back(reader.bytes());
        break;
      default:
        break;
    }
  }
  const auto found = find_datatype(datatype);
  if (!found) {
    throw wrong(tensor, "datatype \"", datatype, "\" is none of ", names_of_datatypes());
  }
  tensor.datatype = *found;
  parts.shape.count = shapes_.size() - parts.shape.first;
  parts.parameters.count = tensor_parameters_.size() - parts.parameters.first;
  tensor.shape = parts.shape.of(shapes_);
  tensor.elements = count_elements(tensor);
  read_contents(tensor, parts);
  in_tensor("tensor", tensor.name,
            [&] { parts.place = region_place(parts.parameters.of(tensor_parameters_)); });
  has_regions_ = has_regions_ || parts.place;
  inputs_.push_back(tensor);
  parts_.push_back(parts);
}

// Contents that come in several messages add up.
void InferRequest::read_contents(InferTensor& tensor, TensorParts& parts) {
  typed_.resize((typed_.size() + kAlignment - 1) / kAlignment * kAlignment);
  parts.typed.first = typed_.size();
  parts.strings.first = strings_.size();
  for (const auto contents : contents_) {
    for (ProtoReader reader(contents, "InferTensorContents"); reader.next();) {
      if (contents_name(reader.field()).empty()) continue;
      read_element_field(reader, tensor);
    }
  }
  parts.typed.count = typed_.size() - parts.typed.first;
  parts.strings.count = strings_.size() - parts.strings.first;
}

void InferRequest::read_element_field(const ProtoReader& reader, const InferTensor& tensor) {
  const DataTypeRow& row = row_of(tensor.datatype);
  if (reader.field() != row.contents) {
    throw wrong(tensor, "elements of ", row.name, " must be in ",
                row.contents == 0 ? "raw_input_contents" : row.field_name, ", got ",
                contents_name(reader.field()));
  }
  switch (tensor.datatype) {
    case DataType::kFp32:
    case DataType::kFp64: {
      const auto numbers = reader.numbers(row.size);
      typed_.insert(typed_.end(), numbers.begin(), numbers.end());
      return;
    }
    case DataType::kBytes:
      strings_.push_back(reader.text());
      return;
    default:
      reader.each_integer([&](std::uint64_t value) { append_integer(value, tensor, typed_); });
  }
}

void InferRequest::read_output(std::span<const std::byte> message) {
  check_count(outputs_, "outputs");
  RequestedOutput output;
  Part parameters{.first = tensor_parameters_.size()};
  for (ProtoReader reader(message, "InferRequestedOutputTensor"); reader.next();) {
    if (reader.field() == 1) output.name = utf8_text(reader, "the name of an output");
    if (reader.field() == 2) read_parameter(reader.bytes(), parameters.first, tensor_parameters_);
  }
  parameters.count = tensor_parameters_.size() - parameters.first;
  outputs_.push_back(output);
  output_parts_.push_back(parameters);
}

void InferRequest::check_region(std::size_t i, const RegionSource* regions) {
  InferTensor& tensor = inputs_[i];
  const RegionPlace& place = *parts_[i].place;
  if (regions == nullptr) {
    throw wrong(tensor, kRegionName, " \"", place.region, "\": shared memory is off");
  }
  const DataTypeRow& row = row_of(tensor.datatype);
  if (tensor.datatype != DataType::kBytes && place.bytes != tensor.elements * row.size) {
    throw wrong(tensor, "shape ", shape_text(parts_[i].shape.of(shapes_)), " of ", row.name,
                " has ", tensor.elements * row.size, " bytes, ", kRegionBytes, " = ", place.bytes);
  }
  in_tensor("tensor", tensor.name, [&] { regions->check(place, taken_); });
  taken_ += place.bytes;
}

// What is in shared memory takes its place among the raw contents.
void InferRequest::fetch(RegionSource* regions) {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].place) check_region(i, regions);
  }
  memory_.resize(std::max(memory_.size(), taken_));
  contents_.clear();
  std::size_t fetched = 0;
  std::size_t came = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (!parts_[i].place) {
      if (came < raw_.size()) contents_.push_back(raw_[came]);
      ++came;
      continue;
    }
    const RegionPlace& place = *parts_[i].place;
    const auto out = std::span(memory_).subspan(fetched, place.bytes);
    in_tensor("tensor", inputs_[i].name, [&] { regions->read(place, out); });
    fetched += out.size();
    contents_.push_back(out);
  }
  if (came != raw_.size()) {
    throw invalid_argument("raw_input_contents has ", raw_.size(), " entries for ", came,
                           " inputs outside of shared memory");
  }
  raw_.assign(contents_.begin(), contents_.end());
}

void InferRequest::take_raw() {
  if (raw_.size() != inputs_.size()) {
    throw invalid_argument("raw_input_contents has ", raw_.size(), " entries for ", inputs_.size(),
                           " inputs");
  }
  for (std::size_t i = 0; i < raw_.size(); ++i) take_raw(i);
}

void InferRequest::take_raw(std::size_t i) {
  InferTensor& tensor = inputs_[i];
  TensorParts& parts = parts_[i];
  const DataTypeRow& row = row_of(tensor.datatype);
  tensor.shape = parts.shape.of(shapes_);
  if (parts.typed.count != 0 || parts.strings.count != 0) {
    throw wrong(tensor, "has ", row.field_name, " in a request that has raw_input_contents");
  }
  if (tensor.datatype == DataType::kBytes) return split_strings(tensor, parts.strings, raw_[i]);
  if (raw_[i].size() != tensor.elements * row.size) {
    throw wrong(tensor, "shape ", shape_text(tensor.shape), " of ", row.name, " has ",
                tensor.elements * row.size, " bytes, raw_input_contents[", i, "] has ",
                raw_[i].size());
  }
  tensor.data = raw_[i];
}

void InferRequest::split_strings(InferTensor& tensor, Part& strings,
                                 std::span<const std::byte> raw) {
  strings.first = strings_.size();
  while (raw.size() >= sizeof(std::uint32_t)) {
    std::uint32_t length = 0;
    std::memcpy(&length, raw.data(), sizeof length);
    raw = raw.subspan(sizeof length);
    if (length > raw.size()) {
      throw wrong(tensor, "element ", strings_.size() - strings.first, " has ", length, " bytes, ",
                  raw.size(), " are left");
    }
    strings_.push_back(as_text(raw.first(length)));
    raw = raw.subspan(length);
  }
  if (!raw.empty()) throw wrong(tensor, raw.size(), " bytes are left behind the last element");
  strings.count = strings_.size() - strings.first;
}

// The lists are complete: what pointed into them by place does so by address.
void InferRequest::resolve() {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    InferTensor& tensor = inputs_[i];
    const TensorParts& parts = parts_[i];
    const DataTypeRow& row = row_of(tensor.datatype);
    tensor.shape = parts.shape.of(shapes_);
    tensor.parameters = parts.parameters.of(tensor_parameters_);
    tensor.strings = parts.strings.of(strings_);
    if (!is_raw()) tensor.data = parts.typed.of(typed_);
    const bool is_text = tensor.datatype == DataType::kBytes;
    const std::size_t had = is_text ? tensor.strings.size() : tensor.data.size() / row.size;
    if (had != tensor.elements) {
      throw wrong(tensor, "shape ", shape_text(tensor.shape), " has ", tensor.elements,
                  " elements, ", had, " came");
    }
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    outputs_[i].parameters = output_parts_[i].of(tensor_parameters_);
  }
}

}  // namespace kedge
