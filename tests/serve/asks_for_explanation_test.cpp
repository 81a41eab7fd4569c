#include "kedge/serve/asks_for_explanation.h"

#include <vector>

#include "check.h"
#include "kedge/base/protobuf_write.h"
#include "kedge/serve/parameters.h"

namespace kedge {
namespace {

std::vector<std::byte> asking(std::string_view output) {
  std::vector<std::byte> bytes;
  ProtoWriter out(bytes);
  out.text(1, "m");
  out.message(6, [&] { out.text(1, "score"); });
  out.message(6, [&] { out.text(1, output); });
  return bytes;
}

std::vector<std::byte> explaining(ParameterValue value) {
  std::vector<std::byte> bytes;
  ProtoWriter out(bytes);
  write_parameter(4, {"explain", value}, out);
  return bytes;
}

// Of the bytes and of the request that is read from them, which must agree.
bool asks(const std::vector<std::byte>& bytes) {
  InferRequest request;
  request.read(bytes);
  const bool is_asked = asks_for_explanation(bytes);
  CHECK(asks_for_explanation(request) == is_asked);
  return is_asked;
}

}  // namespace

TEST("an explanation is asked for by its outputs or by a parameter") {
  CHECK(asks(asking("contributions")) && asks(asking("base")));
  CHECK(!asks(asking("label")) && !asks({}));
  CHECK(asks(explaining(true)) && !asks(explaining(false)));
  CHECK(!asks(explaining(std::string_view("true"))));
  CHECK(!asks_for_explanation(std::vector<std::byte>(3, std::byte{0xff})));
}

TEST("of a name that is said twice the last one counts") {
  std::vector<std::byte> bytes;
  ProtoWriter(bytes).message(6, [&] {
    ProtoWriter output(bytes);
    output.text(1, "score");
    output.text(1, "base");
  });
  CHECK(asks(bytes));
}

}  // namespace kedge
