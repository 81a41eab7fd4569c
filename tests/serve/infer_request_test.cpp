#include "kedge/serve/infer_request.h"

#include <string>
#include <vector>

#include "allocations.h"
#include "check.h"
#include "kedge/base/bytes.h"
#include "kedge/serve/infer_response.h"

namespace kedge {
namespace {

std::vector<std::byte> message(bool is_raw) {
  std::vector<std::byte> bytes;
  ProtoWriter out(bytes);
  const float numbers[] = {1, 2, 3, 4};
  out.text(1, "m");
  write_parameter(4, {"explain", true}, out);
  out.message(5, [&] {
    out.text(1, "x");
    out.text(2, "FP32");
    out.message(3, [&] {
      out.packed(2);
      out.packed(2);
    });
    if (!is_raw) {
      out.message(5, [&] { out.bytes(6, std::as_bytes(std::span(numbers))); });
    }
  });
  out.message(6, [&] { out.text(1, "score"); });
  if (is_raw) out.bytes(7, std::as_bytes(std::span(numbers)));
  return bytes;
}

}  // namespace

TEST("a request is read again and again without allocating") {
  InferRequest request;
  std::vector<std::byte> answer;
  std::size_t before = 0;
  for (const bool is_raw : {true, false}) {
    const std::vector<std::byte> bytes = message(is_raw);
    for (int i = 0; i < 3; ++i) {
      request.read(bytes);
      answer.clear();
      InferResponse response(answer, request.is_raw());
      response.name(request.model_name(), "1", request.id());
      response.add(request.inputs()[0]);
      if (i == 0) before = test::allocations();
    }
    const bool is_same = test::allocations() == before;
    CHECK(is_same);
    CHECK(request.is_raw() == is_raw);
    CHECK(request.inputs()[0].elements == 4 && request.inputs()[0].data.size() == 16);
    CHECK(request.outputs()[0].name == "score");
    CHECK(flag_parameter(request.parameters(), "explain"));
    CHECK_ERROR("parameter \"explain\": expected a text, got a bool",
                text_parameter(request.parameters(), "explain"));
  }
  request.trim(0);
  CHECK(request.inputs().empty());
}

TEST("more tensors than there may be are refused before they take memory") {
  InferRequest request;
  for (const std::uint32_t field : {6U, 7U}) {
    std::vector<std::byte> bytes = message(true);
    ProtoWriter out(bytes);
    for (std::size_t i = 0; i < InferRequest::kMostTensors; ++i) out.bytes(field, {});
    CHECK_ERROR(field == 6 ? "more than 65536 outputs" : "more than 65536 raw_input_contents",
                request.read(bytes));
  }
}

TEST("raw contents are where the message has them") {
  const std::vector<std::byte> bytes = message(true);
  InferRequest request;
  request.read(bytes);
  const std::byte* const data = request.inputs()[0].data.data();
  CHECK(data + 16 == bytes.data() + bytes.size());
}

TEST("what was read before a message that is wrong is gone") {
  const std::vector<std::byte> bytes = message(true);
  InferRequest request;
  request.read(bytes);
  CHECK_ERROR("ModelInferRequest: needs 16 bytes",
              request.read(std::span(bytes).first(bytes.size() - 1)));
  request.read({});
  CHECK(request.inputs().empty() && request.model_name().empty());
}

TEST("long messages within messages have their lengths") {
  std::vector<std::byte> bytes;
  ProtoWriter out(bytes);
  const std::string long_text(20'000, 'x');
  for (const std::size_t length : {0, 125, 126, 127, 128, 16'380, 16'384, 20'000}) {
    bytes.clear();
    out.message(1, [&] { out.message(2, [&] { out.text(3, long_text.substr(0, length)); }); });
    ProtoReader outer(bytes, "Outer");
    CHECK(outer.next() && outer.field() == 1);
    ProtoReader inner(outer.bytes(), "Inner");
    CHECK(inner.next() && inner.field() == 2 && !outer.next());
    ProtoReader innermost(inner.bytes(), "Innermost");
    CHECK(innermost.next() && innermost.text().size() == length && !innermost.next());
  }
}

}  // namespace kedge
