#include "kedge/base/bytes.h"

#include "check.h"
#include "kedge/base/frame.h"
#include "kedge/base/hash.h"
#include "kedge/base/random.h"

namespace kedge {

TEST("what is written reads back, and the end is the end") {
  ByteWriter writer;
  writer.write(std::uint16_t{0xabcd});
  writer.write(-0.0);
  for (const std::uint64_t value : {0ull, 127ull, 128ull, 1ull << 63, ~0ull}) {
    writer.write_varint(value);
  }
  writer.write_string("kedge");
  ByteReader reader(writer.view(), "test");
  CHECK(reader.read<std::uint16_t>() == 0xabcd);
  CHECK(std::signbit(reader.read<double>()));
  for (const std::uint64_t value : {0ull, 127ull, 128ull, 1ull << 63, ~0ull}) {
    CHECK(reader.read_varint() == value);
  }
  CHECK(reader.read_string() == "kedge");
  reader.expect_end();
  CHECK_ERROR("test: needs 1 bytes at offset", reader.read<std::uint8_t>());
}

TEST("a read past the end names the section, the need and what there is") {
  const std::vector<std::byte> four(4);
  const ByteReader reader(four, "header");
  CHECK_ERROR("header: needs 8 bytes at offset 0, the section has 4", reader.at<double>(0));
  const std::size_t last = ~std::size_t{0};
  CHECK_ERROR(text("header: needs 1 bytes at offset ", last), reader.at<std::uint8_t>(last));
}

TEST("a number has one spelling") {
  const auto read = [](std::initializer_list<unsigned char> raw) {
    std::vector<std::byte> bytes;
    for (const unsigned char byte : raw) bytes.push_back(static_cast<std::byte>(byte));
    ByteReader(bytes, "varint").read_varint();
  };
  CHECK_ERROR("varint: no valid number", read({0x80, 0x00}));
  CHECK_ERROR("varint: no valid number",
              read({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}));
}

TEST("crc32c gives the check value of the standard") {
  CHECK(crc32c(as_bytes("123456789")) == 0xe3069283u);
  CHECK(crc32c(as_bytes("6789"), crc32c(as_bytes("12345"))) == 0xe3069283u);
}

TEST("crc32c of many bytes is that of its parts, wherever it is cut") {
  Random random(5);
  std::string bytes;
  for (int i = 0; i < 20'000; ++i) bytes.push_back(static_cast<char>(random.below(256)));
  std::uint32_t singly = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    singly = crc32c(as_bytes(std::string_view(bytes).substr(i, 1)), singly);
  }
  CHECK(crc32c(as_bytes(bytes)) == singly);
  for (const std::size_t cut : {1u, 6143u, 6144u, 6145u, 13'000u}) {
    const std::string_view all = bytes;
    CHECK(crc32c(as_bytes(all.substr(cut)), crc32c(as_bytes(all.substr(0, cut)))) == singly);
  }
}

TEST("a frame opens as it was sealed, and every changed bit is found") {
  auto bytes = seal_frame("TEST", 1, as_bytes("payload"));
  ByteReader whole(bytes, "file");
  CHECK(as_text(open_frame(whole, "TEST", 1).payload) == "payload");
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto damaged = bytes;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    ByteReader reader(damaged, "file");
    CHECK_ERROR("file: ", open_frame(reader, "TEST", 1));
  }
  const auto future = seal_frame("TEST", 9, as_bytes("payload"));
  ByteReader newer(future, "file");
  CHECK_ERROR("file: TEST version 9, this build reads 1 to 1", open_frame(newer, "TEST", 1));
}

}  // namespace kedge
