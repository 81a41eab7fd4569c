#include "kedge/records/proto_records.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "kedge/base/error.h"
#include "kedge/records/avro_records.h"
#include "kedge/records/field_paths.h"

namespace kedge::records {
namespace {

constexpr std::string_view kTimestamp = "google.protobuf.Timestamp";
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

bool is_float(TypeId id) { return id == TypeId::kFloat32 || id == TypeId::kFloat64; }

bool resolves(const ProtoField& field, const Type& column) {
  switch (field.type) {
    case ProtoType::kDouble:
      return column.id == TypeId::kFloat64;
    case ProtoType::kFloat:
      return is_float(column.id);
    case ProtoType::kBool:
      return column.id == TypeId::kBool;
    case ProtoType::kString:
      return is_string(column.id) || is_time(column.id);
    case ProtoType::kBytes:
      return is_string(column.id);
    case ProtoType::kEnum:
      return is_string(column.id) || is_integer(column.id);
    case ProtoType::kMessage:
      return field.type_name == kTimestamp && column.id == TypeId::kTimestamp;
    case ProtoType::kGroup:
      return false;
    default:
      return is_integer(column.id) || is_float(column.id) || column.id == TypeId::kTimestamp;
  }
}

std::int64_t zigzag(std::uint64_t bits) {
  return static_cast<std::int64_t>(bits >> 1 ^ (0 - (bits & 1)));
}

std::span<const std::byte> bytes_of_text(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// What ProtoReader has no name for, as bits.
std::uint64_t integer_bits(const ProtoReader& reader, ProtoType type) {
  switch (type) {
    case ProtoType::kFixed32:
      return std::bit_cast<std::uint32_t>(reader.float32());
    case ProtoType::kSfixed32:
      return static_cast<std::uint64_t>(std::bit_cast<std::int32_t>(reader.float32()));
    case ProtoType::kFixed64:
    case ProtoType::kSfixed64:
      return std::bit_cast<std::uint64_t>(reader.float64());
    case ProtoType::kInt32:
    case ProtoType::kEnum:
      return static_cast<std::uint64_t>(static_cast<std::int32_t>(reader.unsigned_integer()));
    case ProtoType::kUint32:
      return static_cast<std::uint32_t>(reader.unsigned_integer());
    case ProtoType::kSint32:
      return static_cast<std::uint64_t>(
          zigzag(static_cast<std::uint32_t>(reader.unsigned_integer())));
    case ProtoType::kSint64:
      return static_cast<std::uint64_t>(zigzag(reader.unsigned_integer()));
    default:
      return reader.unsigned_integer();
  }
}

bool is_unsigned(ProtoType type) {
  return type == ProtoType::kUint64 || type == ProtoType::kFixed64;
}

}  // namespace

ProtoRecords::ProtoRecords(Schema schema, std::span<const std::byte> descriptors,
                           std::string_view message, bool framed)
    : columns_(std::move(schema)),
      schema_(descriptors),
      framed_(framed),
      place_(schema_.message(message).place),
      set_by_(columns_.size(), 0) {
  const FieldPaths checked(columns_.schema());  // no column in another, no path too long
  add(message, {});
}

std::uint32_t ProtoRecords::add(std::string_view message, const std::string& path) {
  const auto below = static_cast<std::uint32_t>(belows_.size());
  belows_.emplace_back().path = path;
  for (const ProtoField& field : schema_.message(message).fields) {
    add_target(below, field, path.empty() ? field.name : text(path, '.', field.name));
  }
  return below;
}

void ProtoRecords::add_target(std::uint32_t below, const ProtoField& field,
                              const std::string& path) {
  const Schema& schema = columns_.schema();
  const auto column = std::ranges::find(schema, path, &Field::name);
  const bool is_column = column != schema.end();
  const bool is_asked = is_column || std::ranges::any_of(schema, [&](const Field& other) {
                          return other.name.starts_with(path + '.');
                        });
  if (!is_asked) return;
  if (field.repeated)
    throw invalid_argument("field \"", path, "\" is repeated: no column can be it");
  Target target;
  target.field = field;
  target.is_column = is_column;
  if (!is_column) {
    if (field.type != ProtoType::kMessage) {
      throw invalid_argument("field \"", path, "\": columns are asked of it, it is no message");
    }
    target.place = add(field.type_name, path);
  } else if (!resolves(field, column->type)) {
    throw invalid_argument("column \"", path, "\": ", type_name(column->type),
                           " is wanted, which a field of type ", static_cast<int>(field.type),
                           " (of FieldDescriptorProto.Type) is not");
  } else {
    target.place = static_cast<std::uint32_t>(column - schema.begin());
    if (field.type == ProtoType::kEnum && is_string(column->type.id)) {
      target.names = &schema_.names(field.type_name);
    }
  }
  belows_[below].targets.push_back(std::move(target));
}

bool ProtoRecords::append(std::string_view record) {
  columns_.begin();
  ++record_;
  if (framed_ && !take_frame(record)) return false;
  try {
    return read(0, bytes_of_text(record)) && columns_.commit();
  } catch (const Error& error) {
    return columns_.refuse({}, error.what());
  }
}

bool ProtoRecords::take_frame(std::string_view& record) {
  if (!schema_id_of(record)) return columns_.refuse({}, "expected a zero and the id of a schema");
  std::size_t at = kSchemaIdBytes;
  const auto take = [&](std::int64_t& value) {
    std::uint64_t bits = 0;
    for (unsigned shift = 0; shift < 35 && at < record.size(); shift += 7) {
      const auto byte = static_cast<unsigned char>(record[at++]);
      bits |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      value = zigzag(bits);
      return true;
    }
    return columns_.refuse({}, "the place of the message's type does not end");
  };
  std::int64_t count = 0;
  if (!take(count)) return false;
  // Nothing stands for the first message of the file.
  bool same = count == 0 ? place_ == std::vector<std::int64_t>{0}
                         : count == static_cast<std::int64_t>(place_.size());
  for (std::size_t i = 0; same && count != 0 && i < place_.size(); ++i) {
    std::int64_t place = 0;
    if (!take(place)) return false;
    same = place == place_[i];
  }
  record.remove_prefix(at);
  return same || columns_.refuse({}, "it is another message of the file");
}

bool ProtoRecords::read(std::uint32_t below, std::span<const std::byte> bytes) {
  Below& here = belows_[below];
  if (here.seen == record_) return columns_.refuse(here.path, "the record has it twice");
  here.seen = record_;
  for (ProtoReader reader(bytes, "message"); reader.next();) {
    for (const Target& target : here.targets) {
      if (target.field.number != reader.field()) continue;
      if (!read_target(target, reader)) return false;
      break;
    }
  }
  return fill(below);
}

// Absent scalars without presence are zero.
bool ProtoRecords::fill(std::uint32_t below) {
  for (const Target& target : belows_[below].targets) {
    if (!target.is_column || target.field.has_presence || set_by_[target.place] == record_)
      continue;
    const bool filled = [&] {
      switch (target.field.type) {
        case ProtoType::kDouble:
        case ProtoType::kFloat:
          return columns_.set_double(target.place, 0);
        case ProtoType::kBool:
          return columns_.set_bool(target.place, false);
        case ProtoType::kString:
        case ProtoType::kBytes:
          return columns_.set_text(target.place, {});
        case ProtoType::kEnum:
          return read_enum(target, 0);
        default:
          return columns_.set_integer(target.place, 0);
      }
    }();
    if (!filled) return false;
  }
  return true;
}

bool ProtoRecords::read_target(const Target& target, const ProtoReader& reader) {
  if (!target.is_column) return read(target.place, reader.bytes());
  set_by_[target.place] = record_;
  switch (target.field.type) {
    case ProtoType::kDouble:
      return columns_.set_double(target.place, reader.float64());
    case ProtoType::kFloat:
      return columns_.set_double(target.place, static_cast<double>(reader.float32()));
    case ProtoType::kBool:
      return columns_.set_bool(target.place, reader.unsigned_integer() != 0);
    case ProtoType::kMessage:
      return read_time(target.place, reader.bytes());
    case ProtoType::kString:
    case ProtoType::kBytes: {
      const auto bytes = reader.bytes();
      const std::string_view value(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return is_utf8(value) ? columns_.set_text(target.place, value)
                            : columns_.refuse_value(target.place, "bytes that are not UTF-8");
    }
    default:
      return read_integer(target, integer_bits(reader, target.field.type));
  }
}

bool ProtoRecords::read_integer(const Target& target, std::uint64_t bits) {
  if (is_unsigned(target.field.type)) return columns_.set_unsigned(target.place, bits);
  const auto value = static_cast<std::int64_t>(bits);
  return target.field.type == ProtoType::kEnum ? read_enum(target, static_cast<std::int32_t>(value))
                                               : columns_.set_integer(target.place, value);
}

bool ProtoRecords::read_enum(const Target& target, std::int32_t number) {
  if (target.names == nullptr) return columns_.set_integer(target.place, number);
  const auto found = target.names->find(number);
  return found == target.names->end()
             ? columns_.refuse_value(target.place, text(number, ", which has no name"))
             : columns_.set_text(target.place, found->second);
}

bool ProtoRecords::read_time(std::uint32_t column, std::span<const std::byte> bytes) {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  for (ProtoReader reader(bytes, kTimestamp); reader.next();) {
    if (reader.field() == 1) seconds = reader.integer();
    if (reader.field() == 2) nanos = reader.integer();
  }
  std::int64_t per_second = 1;
  for (int unit = 0; unit < static_cast<int>(columns_.schema()[column].type.unit); ++unit) {
    per_second *= 1000;
  }
  const std::int64_t nanos_per_tick = kNanosPerSecond / per_second;
  std::int64_t ticks = 0;
  if (nanos < 0 || nanos >= kNanosPerSecond || nanos % nanos_per_tick != 0 ||
      __builtin_mul_overflow(seconds, per_second, &ticks) ||
      __builtin_add_overflow(ticks, nanos / nanos_per_tick, &ticks)) {
    return columns_.refuse_value(column, text(seconds, " s and ", nanos, " ns"));
  }
  return columns_.set_integer(column, ticks);
}

}  // namespace kedge::records
