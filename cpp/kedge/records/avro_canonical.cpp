#include <array>

#include "kedge/base/text.h"
#include "kedge/records/avro_schema.h"

namespace kedge::records {
namespace {

constexpr std::uint64_t kEmpty = 0xc15d213aa4d7a795;  // of the specification: CRC of no bytes

constexpr std::array<std::uint64_t, 256> make_table() {
  std::array<std::uint64_t, 256> table{};
  for (std::uint64_t i = 0; i < table.size(); ++i) {
    std::uint64_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kEmpty : 0);
    table[i] = value;
  }
  return table;
}

// Names were checked: none needs an escape.
class CanonicalWriter {
 public:
  explicit CanonicalWriter(const AvroSchema& schema) : schema_(schema) {}

  std::string write() {
    type(schema_.root());
    return out_;
  }

 private:
  template <class... Parts>
  void put(const Parts&... parts) {
    (append_text(out_, parts), ...);
  }

  void list(const std::vector<std::uint32_t>& types) {
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (i != 0) put(',');
      type(types[i]);
    }
  }

  void named(std::uint32_t place, const AvroType& it) {
    if (written_.size() <= place) written_.resize(place + 1, false);
    if (written_[place]) return put('"', it.name, '"');
    written_[place] = true;
    put("{\"name\":\"", it.name, "\",\"type\":\"", avro_name(it.kind), '"');
    if (it.kind == AvroKind::kFixed) return put(",\"size\":", it.size, '}');
    const bool record = it.kind == AvroKind::kRecord;
    put(record ? ",\"fields\":[" : ",\"symbols\":[");
    for (std::size_t i = 0; i < it.names.size(); ++i) {
      if (i != 0) put(',');
      if (!record) {
        put('"', it.names[i], '"');
        continue;
      }
      put("{\"name\":\"", it.names[i], "\",\"type\":");
      type(it.inside[i]);
      put('}');
    }
    put("]}");
  }

  void type(std::uint32_t place) {
    const AvroType& it = schema_.type(place);
    switch (it.kind) {
      case AvroKind::kRecord:
      case AvroKind::kEnum:
      case AvroKind::kFixed:
        return named(place, it);
      case AvroKind::kArray:
        put(R"({"type":"array","items":)");
        type(it.inside.front());
        return put('}');
      case AvroKind::kMap:
        put(R"({"type":"map","values":)");
        type(it.inside.front());
        return put('}');
      case AvroKind::kUnion:
        put('[');
        list(it.inside);
        return put(']');
      default:
        return put('"', avro_name(it.kind), '"');
    }
  }

  const AvroSchema& schema_;
  std::vector<bool> written_;
  std::string out_;
};

}  // namespace

std::string AvroSchema::canonical() const { return CanonicalWriter(*this).write(); }

std::uint64_t AvroSchema::fingerprint() const {
  static constexpr auto kTable = make_table();
  std::uint64_t crc = kEmpty;
  for (const char c : canonical()) {
    crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  }
  return crc;
}

}  // namespace kedge::records
