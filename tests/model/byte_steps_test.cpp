#include "kedge/model/byte_steps.h"

#include <functional>
#include <vector>

#include "check.h"
#include "kedge/kernels/dense_int8.h"
#include "kedge/model/graph_builder.h"

namespace kedge {
namespace {

GraphStep step_of(StepKind kind, NumberKind number, std::uint32_t width) {
  GraphStep step{.kind = kind, .number = number};
  step.width = width;
  return step;
}

// Six floats to eight bytes by the row's scale; of those two parts of four; sums of each.
void add_steps(GraphBuilder& net, const std::function<void(GraphStep&)>& row,
               const std::function<void(GraphStep&)>& affine) {
  const std::uint32_t lowest = net.reduce(0, Reduction::kMin);
  const std::uint32_t scale = net.reduce(0, Reduction::kMax);
  GraphStep quantize = step_of(StepKind::kQuantizeRow, NumberKind::kByte, 8);
  row(quantize);
  const std::uint32_t slots[] = {0, lowest, scale};
  std::uint32_t bytes = net.add(quantize, slots);
  const std::vector<std::uint32_t> columns = {0, 1, 2, kNoColumn, 3, 4, 5, kNoColumn};
  bytes = net.select(bytes, columns, 7);
  net.add_bytes(std::vector<std::byte>(kInt8LineBytes), kInt8LineBytes, TensorKind::kByte);
  net.add_indices(std::vector<std::uint32_t>(kInt8ChannelWords));
  GraphStep sums = step_of(StepKind::kByteAffine, NumberKind::kFloat, 2 * kInt8Lanes);
  sums.repeat = 2;
  affine(sums);
  net.add(sums, {&bytes, 1});
}

void check_all(const std::function<void(GraphStep&)>& row,
               const std::function<void(GraphStep&)>& affine) {
  GraphBuilder net(6, NumberKind::kFloat);
  add_steps(net, row, affine);
  net.finish(net.steps());
}

const auto kSound = [](GraphStep&) {};

}  // namespace

TEST("rows' own bytes and parts of them pass") { check_all(kSound, kSound); }

TEST("a row's bytes are as wide as the row, or wider") {
  const auto narrow = [](GraphStep& step) { step.width = 5; };
  CHECK_ERROR("(quantize row): its width is 5 of 6", check_all(narrow, kSound));
  const auto floats = [](GraphStep& step) { step.number = NumberKind::kFloat; };
  CHECK_ERROR("(quantize row): it cannot write such numbers", check_all(floats, kSound));
}

TEST("parts are whole lines and panels") {
  const auto outputs = [](GraphStep& step) { step.width = 30; };
  CHECK_ERROR("2 parts of 8 inputs and 30 outputs", check_all(kSound, outputs));
  const auto parts = [](GraphStep& step) { step.repeat = 4; };
  CHECK_ERROR("4 parts of 8 inputs and 32 outputs", check_all(kSound, parts));
}

TEST("what stands in for a byte is one") {
  CHECK(is_byte(0));
  CHECK(is_byte(255));
  CHECK(!is_byte(-1));
  CHECK(!is_byte(256));
  CHECK(!is_byte(0.5));
}

}  // namespace kedge
