#include "kedge/model/short_steps.h"

#include <cstring>
#include <functional>
#include <vector>

#include "check.h"
#include "kedge/kernels/dense_int16.h"
#include "kedge/model/graph_builder.h"

namespace kedge {
namespace {

struct Parts {
  GraphStep quantize{.kind = StepKind::kQuantizeShort, .number = NumberKind::kShort, .width = 600};
  GraphStep hidden{.kind = StepKind::kShortAffine, .number = NumberKind::kShort, .width = 3};
  GraphStep last{.kind = StepKind::kShortAffine, .width = 2};
  std::vector<std::int16_t> weights =
      std::vector<std::int16_t>(int16_pairs(600) * kInt16LineNumbers, std::int16_t{256});
  std::vector<std::uint32_t> words = std::vector<std::uint32_t>(kInt16ChannelWords);
  double factor = 1;

  Parts() {
    for (std::size_t k = 0; k < kInt16Lanes; ++k) words[3 * kInt16Lanes + k] = 30;
  }
};

// 600 floats to int16, to three of these, to two floats.
void check_all(const std::function<void(Parts&)>& change) {
  Parts parts;
  change(parts);
  GraphBuilder net(600, NumberKind::kFloat);
  net.add_tensor(std::vector<double>(600, parts.factor), NumberKind::kFloat);
  std::uint32_t slot = 0;
  slot = net.add(parts.quantize, {&slot, 1});
  const auto bytes = std::as_bytes(std::span(parts.weights));
  net.add_bytes(bytes, bytes.size(), TensorKind::kByte);
  net.add_indices(parts.words);
  slot = net.add(parts.hidden, {&slot, 1});
  net.add_bytes(bytes.first(2 * kInt16LineBytes), 2 * kInt16LineBytes, TensorKind::kByte);
  net.add_indices(parts.words);
  net.add(parts.last, {&slot, 1});
  net.finish(net.steps());
}

TEST("steps of int16 within their bounds pass") {
  check_all([](Parts&) {});
}

TEST("weights whose sums could overflow are refused, block by block") {
  const auto of = [](std::size_t input, std::int16_t weight) {
    return [=](Parts& parts) {
      parts.weights[input / 2 * kInt16LineNumbers + 2 * 5 + input % 2] = weight;
    };
  };
  CHECK_ERROR("output 5: weights of inputs 256 to 511 add up to 65537, at most 65536",
              check_all(of(300, 257)));
  CHECK_ERROR("output 5: weights of inputs 0 to 255 add up to 98048",
              check_all(of(0, std::numeric_limits<std::int16_t>::min())));
  check_all(of(599, 257));  // a block that is not full
}

TEST("a channel keeps its bounds") {
  CHECK_ERROR("(short affine): output 4: bias", check_all([](Parts& p) { p.words[9] = 65; }));
  CHECK_ERROR("output 1: multiplier 8388608, shift 30", check_all([](Parts& p) {
                p.words[2 * kInt16Lanes + 1] = 1u << kInt16MultiplierBits;
              }));
  CHECK_ERROR("output 2: multiplier 0, shift 22",
              check_all([](Parts& p) { p.words[3 * kInt16Lanes + 2] = 22; }));
  CHECK_ERROR("output 2: multiplier 0, shift 63",
              check_all([](Parts& p) { p.words[3 * kInt16Lanes + 2] = 63; }));
}

TEST("steps of int16 read and write what they can") {
  CHECK_ERROR("(quantize short): it cannot write such numbers",
              check_all([](Parts& p) { p.quantize.number = NumberKind::kFloat; }));
  CHECK_ERROR("(quantize short): column 0", check_all([](Parts& p) { p.factor = 1e300; }));
  CHECK_ERROR("(short affine): it cannot write such numbers",
              check_all([](Parts& p) { p.last.number = NumberKind::kByte; }));
  CHECK_ERROR("it repeats 3 times", check_all([](Parts& p) { p.hidden.repeat = 3; }));
  CHECK_ERROR("(byte affine): slot 1 does not hold bytes",
              check_all([](Parts& p) { p.hidden.kind = StepKind::kByteAffine; }));
  CHECK_ERROR("(activate): it has int16",
              check_all([](Parts& p) { p.hidden.kind = StepKind::kActivate; }));
  CHECK_ERROR("(select): it has int16",
              check_all([](Parts& p) { p.hidden.kind = StepKind::kSelect; }));
}

TEST("raw scores are no int16") {
  CHECK_ERROR("raw scores", check_all([](Parts& p) {
                p.last.number = NumberKind::kShort;
                p.hidden.number = NumberKind::kShort;
              }));
}

}  // namespace
}  // namespace kedge
