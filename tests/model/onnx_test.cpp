#include "kedge/model/onnx.h"

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "check.h"
#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/protobuf.h"

using kedge::import_onnx;
using kedge::ProtoReader;

namespace {

// A field of bytes, shorter than 128.
std::string field(int number, std::string_view bytes) {
  std::string out = {static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())};
  return out += bytes;
}

std::string integers(std::string_view name, std::string_view values) {
  return field(5, field(1, name) + field(8, values));
}

std::string floats(std::string_view name, const std::vector<float>& values) {
  const std::string_view bytes(reinterpret_cast<const char*>(values.data()), values.size() * 4);
  return field(5, field(1, name) + field(7, bytes));
}

// One node that tests feature 0, and two leaves.
std::string tree(std::string_view true_ids = {"\1\0\0", 3}, std::string_view mode = "BRANCH_LT") {
  const std::string_view zeros("\0\0\0", 3);
  return field(1, "X") + field(2, "Y") + field(4, "TreeEnsembleRegressor") +
         integers("nodes_treeids", zeros) + integers("nodes_nodeids", {"\0\1\2", 3}) +
         integers("nodes_featureids", zeros) + floats("nodes_values", {0.5F, 0, 0}) +
         field(5, field(1, "nodes_modes") + field(9, mode) + field(9, "LEAF") + field(9, "LEAF")) +
         integers("nodes_truenodeids", true_ids) + integers("nodes_falsenodeids", {"\2\0\0", 3}) +
         integers("target_treeids", {"\0\0", 2}) + integers("target_nodeids", "\1\2") +
         integers("target_ids", {"\0\0", 2}) + floats("target_weights", {1, 2});
}

// Longer than field() can say.
std::string long_field(int number, std::string_view bytes) {
  std::string out = {static_cast<char>(number << 3 | 2),
                     static_cast<char>(bytes.size() & 0x7f | 0x80),
                     static_cast<char>(bytes.size() >> 7)};
  return out += bytes;
}

std::string model(const std::string& nodes, int type = 1) {
  const std::string element = {8, static_cast<char>(type)};
  const std::string input = field(11, field(1, "X") + field(2, field(1, element)));
  return long_field(7, nodes + input);
}

kedge::Forest read(const std::string& bytes) { return import_onnx(kedge::as_bytes(bytes)); }

}  // namespace

TEST("a protobuf message is read field by field") {
  const std::string bytes("\x08\xac\x02\x15\x00\x00\x80\x3f\x1a\x03\x01\x81\x00\x1a\x00\x20\x7f",
                          17);
  ProtoReader reader(kedge::as_bytes(bytes), "M");
  CHECK(reader.next() && reader.field() == 1 && reader.integer() == 300);
  CHECK_ERROR("M: field 1 is not bytes", reader.bytes());
  CHECK(reader.next() && reader.field() == 2 && reader.float32() == 1.0F);
  std::vector<std::int64_t> packed;
  CHECK(reader.next());
  reader.append_to(packed);
  CHECK(reader.next() && reader.text().empty());
  CHECK(reader.next());
  reader.append_to(packed);
  CHECK(packed == std::vector<std::int64_t>{1, 1, 127});
  CHECK(!reader.next());
}

TEST("a protobuf message that does not fit is refused") {
  const auto walk = [](std::string_view bytes) {
    for (ProtoReader reader(kedge::as_bytes(bytes), "M"); reader.next();) {
    }
  };
  CHECK_ERROR("M: needs 5 bytes at offset 2, the message has 3", walk("\x0a\x05x"));
  CHECK_ERROR("M: needs 4 bytes", walk("\x0d\x01"));
  CHECK_ERROR("M: needs 1 bytes", walk("\x08\x80"));
  CHECK_ERROR("M: no number ends", walk("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
  CHECK_ERROR("M: field 1 has wire type 3", walk("\x0b"));
  CHECK_ERROR("M: tag 0", walk(std::string_view("\0\0", 2)));
  CHECK_ERROR("M: needs 18446744073709551615 bytes",
              walk("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
}

TEST("an ONNX tree is read, and what is wrong with it is said") {
  const auto forest = read(model(long_field(1, tree())));
  CHECK(forest.trees[0].leaves == std::vector<double>{1, 2});
  CHECK(forest.trees[0].nodes[0].test == kedge::Test::kLess);
  CHECK(forest.sums_float32 && forest.features.size() == 1);

  CHECK_ERROR("node 0 has two parents", read(model(long_field(1, tree({"\0\0\0", 3})))));
  CHECK_ERROR("tree 0 has no node 7", read(model(long_field(1, tree({"\7\0\0", 3})))));
  CHECK_ERROR("\"nodes_truenodeids\" has 2 values, 3 are",
              read(model(long_field(1, tree("\1\1")))));
  CHECK_ERROR("mode \"BRANCH\"", read(model(long_field(1, tree({"\1\0\0", 3}, "BRANCH")))));
  CHECK_ERROR("rows of type 8", read(model(long_field(1, tree()), 8)));
  CHECK_ERROR("two tree operators", read(model(long_field(1, tree()) + long_field(1, tree()))));
  CHECK_ERROR("without a tree operator", read(model("")));
  CHECK_ERROR("ONNX operator \"Scaler\"", read(model(field(1, field(4, "Scaler")))));
  CHECK_ERROR("no graph", read(""));
}
