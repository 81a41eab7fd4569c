// What a model is that is not trees alone: linear models, dense nets, and the transforms before
// them, as a list of steps over numbered slots. No step looks back at a name, allocates, or fails.
//
// Slot 0 is a row as it comes; step i writes slot i + 1 and reads slots before it. A slot has a
// width and holds floats, doubles, bytes or int16. The last slot is the prediction, and that of
// step `raw_steps` the raw scores: what comes after is what the trainer calls the link.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace kedge {

// Bytes stand for numbers, (byte - zero) * scale, kernels/dense_int8.h; shorts, which are int16,
// for short * scale, kernels/dense_int16.h.
enum class NumberKind : std::uint32_t { kFloat, kDouble, kByte, kShort };

// docs/architecture.md says what to do to add one. Their numbers are stored: append only.
enum class StepKind : std::uint32_t {
  // out = x W + b of each of `repeat` equal parts of x; option: kNone or kRelu after it. Tensors: W
  // and b in panels (below). Sums begin with b and go on in the order of x: fused multiply-adds of
  // floats,
  // a product and a sum of doubles.
  kAffine,
  kActivate,   // option: which; parameter: its alpha
  kCombine,    // option: with which operation; two slots, or a slot and a tensor; wide or one wide
  kSelect,     // the columns that the tensor lists, in its order; at kNoColumn the parameter
  kConcat,     // slots side by side; as the one above also of bytes
  kSoftmax,    // over each of `repeat` equal parts
  kLayerNorm,  // of each of `repeat` equal parts; tensors: scale, shift; parameter: epsilon
  kConvert,    // floats to doubles or back
  kLookUp,     // a row of the tensor by the number in a column: NaN or out of range is an end
  kReduce,     // option: how; each of `repeat` equal parts to one number; parameter: NaN wins
  kFill,       // where x is NaN, the tensor's number of that column
  kMissing,    // 1 where x is NaN, else 0
  kPlace,      // option: how; where x is in the tensor's rising numbers; NaN stays
  kNormalize,  // x divided by its norm, option says which; by 1 if that is 0
  kTrees,      // the raw scores that the bundle's forest gives x
  kLink,       // what predictions of the forest come of its raw scores x
  // Floats to bytes, each column with its own scale; tensors: 1 / scale, zero.
  kQuantize,
  // Bytes times int8 weights, sums of int32, to bytes or floats, of each of `repeat` equal parts;
  // option: kNone or kRelu after it; parameter: the zero of its bytes. Tensors: weights and
  // channels
  // as kernels/dense_int8.h has them. Several parts are whole: four inputs by four, what each
  // writes
  // panel by panel.
  kByteAffine,
  kByteTable,  // tensor: 256 bytes or floats, by the byte that is read
  // Floats to bytes by the row's own scale: round(x / scale) + zero, halves to the even number.
  // Three slots: x, and one wide its lowest number and the scale; zero is round(-lowest / scale).
  // Columns behind those of x are the zero.
  kQuantizeRow,
  // Floats to int16, each column with its own scale; tensor: 1 / scale.
  kQuantizeShort,
  // int16 times int16 to int16 or floats; option: kNone or kRelu after it. Tensors: weights and
  // channels as kernels/dense_int16.h has them.
  kShortAffine,
};
inline constexpr StepKind kLastStepKind = StepKind::kShortAffine;

enum class Activation : std::uint32_t {
  kNone,
  kRelu,       // max(x, 0)
  kLeakyRelu,  // x < 0 ? alpha * x : x
  kElu,        // x < 0 ? alpha * (exp(x) - 1) : x
  kGelu,       // x / 2 * (1 + erf(x / sqrt 2))
  kGeluTanh,   // its approximation by tanh
  kTanh,
  kSigmoid,
  kExp,
  kAbs,
  kNegate,
  kSqrt,
  kSoftplus,  // log(1 + exp(x))
};
inline constexpr Activation kLastActivation = Activation::kSoftplus;

enum class Combination : std::uint32_t { kAdd, kSubtract, kMultiply, kDivide, kMin, kMax };
inline constexpr Combination kLastCombination = Combination::kMax;

enum class Reduction : std::uint32_t { kSum, kMean, kMin, kMax, kArgMax };
inline constexpr Reduction kLastReduction = Reduction::kArgMax;

enum class Placing : std::uint32_t {
  kEqual,   // the place of the number that x equals, how many there are if none does
  kAtMost,  // how many are at most x
  kBelow,   // how many are less than x
};
inline constexpr Placing kLastPlacing = Placing::kBelow;

enum class Norm : std::uint32_t { kSizes, kSquares, kLargest };
inline constexpr Norm kLastNorm = Norm::kLargest;

inline constexpr std::uint32_t kNoColumn = 0xffffffff;

struct GraphStep {
  StepKind kind;
  std::uint32_t option = 0;
  NumberKind number = NumberKind::kFloat;  // of the slot that it writes
  std::uint32_t width = 0;                 // of that slot
  std::uint32_t first_input = 0;
  std::uint32_t inputs = 0;
  std::uint32_t first_tensor = 0;
  std::uint32_t tensors = 0;
  std::uint32_t repeat = 1;
  std::uint32_t unused = 0;
  double parameter = 0;
};

enum class TensorKind : std::uint32_t { kFloat, kDouble, kIndex, kByte };

// `count` elements from byte `offset` of the weights on, which is a multiple of 64.
struct GraphTensor {
  std::uint64_t offset;
  std::uint64_t count;
  TensorKind kind;
  std::uint32_t unused = 0;
};

constexpr std::size_t element_size(TensorKind kind) noexcept {
  if (kind == TensorKind::kByte) return 1;
  return kind == TensorKind::kDouble ? sizeof(double) : sizeof(float);
}

// An affine step's outputs come in panels of so many: a cache line. W is stored panel by panel, in
// each the inputs in their order, in each input its weights of the panel's outputs, zeros behind
// the last; b is padded likewise.
constexpr std::size_t panel_lanes(NumberKind number) noexcept {
  if (number == NumberKind::kByte) return 64;
  if (number == NumberKind::kShort) return 32;
  return number == NumberKind::kFloat ? 16 : 8;
}
constexpr std::size_t padded_width(std::size_t width, NumberKind number) noexcept {
  const std::size_t lanes = panel_lanes(number);
  return (width + lanes - 1) / lanes * lanes;
}

// Immutable; copies share the memory that `owner` keeps.
struct Graph {
  std::uint32_t features = 0;
  NumberKind number = NumberKind::kFloat;  // of slot 0
  std::uint32_t raw_steps = 0;
  std::span<const GraphStep> steps;
  std::span<const std::uint32_t> inputs;  // slots
  std::span<const GraphTensor> tensors;
  std::span<const std::byte> weights;
  std::shared_ptr<const void> owner;

  std::size_t width(std::size_t slot) const noexcept {
    return slot == 0 ? features : steps[slot - 1].width;
  }
  NumberKind number_of(std::size_t slot) const noexcept {
    return slot == 0 ? number : steps[slot - 1].number;
  }
  std::uint32_t input(const GraphStep& step, std::size_t i) const noexcept {
    return inputs[step.first_input + i];
  }
  std::size_t tensor_count(const GraphStep& step, std::size_t i) const noexcept {
    return tensors[step.first_tensor + i].count;
  }
  template <class Number>
  const Number* tensor(const GraphStep& step, std::size_t i) const noexcept {
    return reinterpret_cast<const Number*>(weights.data() + tensors[step.first_tensor + i].offset);
  }
  std::uint32_t outputs() const noexcept { return steps.empty() ? 0 : steps.back().width; }
};

// All slots of a row together: what a row needs is bounded, whatever a file says.
inline constexpr std::uint64_t kMostGraphWidth = 1 << 22;

std::string_view step_name(StepKind kind) noexcept;
std::string_view activation_name(Activation activation) noexcept;

// How many numbers the step of trees reads, or 0 when there is no such step.
std::uint32_t tree_features(const Graph& graph) noexcept;

// Throws CorruptData that names the step, the value and its bound: what passes can be run without a
// check, once what its trees want is known to fit the forest. One pass.
void check(const Graph& graph);

}  // namespace kedge
