#include "kedge/model/ubjson.h"

#include <bit>
#include <cmath>

#include "kedge/base/bytes.h"

namespace kedge {
namespace {

class UbjsonReader {
 public:
  explicit UbjsonReader(std::span<const std::byte> bytes) : in_(bytes, "UBJSON") {}

  Document read() {
    if (in_.size() > DocumentBuilder::kMostBytes) {
      throw resource_exhausted("UBJSON: ", in_.size(), " bytes, at most ",
                               DocumentBuilder::kMostBytes, " are read");
    }
    value(marker());
    while (!frames_.empty()) step();
    in_.expect_end();
    return out_.finish();
  }

 private:
  struct Frame {
    bool counted;
    char type;  // of every element, or 0: each says its own
    std::uint64_t left;
  };

  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw corrupt_data("UBJSON, byte ", in_.position(), ": ", parts...);
  }

  char next() { return static_cast<char>(in_.read<std::uint8_t>()); }
  char peek() const { return static_cast<char>(in_.at<std::uint8_t>(in_.position())); }

  char marker() {
    char type = next();
    while (type == 'N') type = next();
    return type;
  }

  template <class Unsigned>
  Unsigned big_endian() {
    std::uint64_t value = 0;
    for (const std::byte byte : in_.read_bytes(sizeof(Unsigned))) {
      value = value << 8 | static_cast<std::uint64_t>(byte);
    }
    return static_cast<Unsigned>(value);
  }

  static bool is_integer(char type) {
    return std::string_view("iUIlL").find(type) != std::string_view::npos;
  }

  std::int64_t integer(char type) {
    switch (type) {
      case 'i':
        return static_cast<std::int8_t>(next());
      case 'U':
        return in_.read<std::uint8_t>();
      case 'I':
        return static_cast<std::int16_t>(big_endian<std::uint16_t>());
      case 'l':
        return static_cast<std::int32_t>(big_endian<std::uint32_t>());
      case 'L':
        return static_cast<std::int64_t>(big_endian<std::uint64_t>());
      default:
        fail("expected a length, got type ", static_cast<unsigned char>(type));
    }
  }

  std::uint64_t length() {
    const std::int64_t length = integer(next());
    if (length < 0) fail("a length of ", length);
    return static_cast<std::uint64_t>(length);
  }

  std::string_view text() {
    const std::uint64_t size = length();
    if (size > in_.remaining())
      fail("a string of ", size, " bytes, ", in_.remaining(), " are left");
    const std::string_view text = as_text(in_.read_bytes(static_cast<std::size_t>(size)));
    if (!is_utf8(text)) fail("the string that ends here is not UTF-8");
    return text;
  }

  // The next element, member or end of the innermost array or object.
  void step() {
    Frame& frame = frames_.back();
    const bool object = out_.in_object();
    while (!frame.counted && peek() == 'N') next();
    if (frame.counted ? frame.left == 0 : peek() == (object ? '}' : ']')) {
      if (!frame.counted) next();
      return close();
    }
    if (frame.counted) --frame.left;
    const char type = frame.type;  // a value that opens a container moves the frame
    if (object) out_.text(text());
    value(type != 0 ? type : marker());
  }

  void close() {
    if (const auto name = out_.close()) fail("the object has \"", *name, "\" twice");
    frames_.pop_back();
  }

  void open(bool object) {
    if (out_.depth() == DocumentBuilder::kMostNesting) {
      throw resource_exhausted("UBJSON: values are nested deeper than ",
                               DocumentBuilder::kMostNesting);
    }
    Frame frame{false, 0, 0};
    if (peek() == '$') {
      next();
      frame.type = next();
      if (std::string_view("iUIlLdDHCS[{").find(frame.type) == std::string_view::npos) {
        fail("a container of type ", static_cast<unsigned char>(frame.type));
      }
      if (peek() != '#') fail("a container with a type has no count");
    }
    if (peek() == '#') {
      next();
      frame.counted = true;
      frame.left = length();
    }
    object ? out_.open_object() : out_.open_array();
    frames_.push_back(frame);
  }

  void value(char type) {
    switch (type) {
      case '{':
        return open(true);
      case '[':
        return open(false);
      case 'Z':
        return out_.null();
      case 'T':
        return out_.boolean(true);
      case 'F':
        return out_.boolean(false);
      case 'd':
        return out_.number(double{std::bit_cast<float>(big_endian<std::uint32_t>())});
      case 'D':
        return out_.number(std::bit_cast<double>(big_endian<std::uint64_t>()));
      case 'S':
        return out_.text(text());
      case 'C':
        return character();
      case 'H':
        return high_precision();
      default:
        if (!is_integer(type)) fail("no value has type ", static_cast<unsigned char>(type));
        return out_.integer(integer(type));
    }
  }

  void character() {
    const char c = next();
    if (static_cast<unsigned char>(c) > 0x7f) fail("a character beyond ASCII");
    out_.text({&c, 1});
  }

  // A number in decimal digits.
  void high_precision() {
    const std::string_view digits = text();
    const auto number = number_of<double>(digits);
    if (!number || !std::isfinite(*number)) fail("\"", digits, "\" is no number of a double");
    out_.number(*number);
  }

  ByteReader in_;
  DocumentBuilder out_;
  std::vector<Frame> frames_;
};

}  // namespace

Document read_ubjson(std::span<const std::byte> bytes) { return UbjsonReader(bytes).read(); }

}  // namespace kedge
