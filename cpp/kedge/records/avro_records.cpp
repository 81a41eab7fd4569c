#include "kedge/records/avro_records.h"

#include <bit>
#include <cstring>
#include <utility>

#include "kedge/base/bytes.h"
#include "kedge/base/text.h"

namespace kedge::records {
namespace {

constexpr std::int64_t kThousand = 1000;

int unit_of(AvroLogical logical) {
  return logical == AvroLogical::kMillis ? 1 : logical == AvroLogical::kMicros ? 2 : 3;
}

}  // namespace

std::optional<std::uint32_t> schema_id_of(std::string_view record) noexcept {
  if (record.size() < kSchemaIdBytes || record.front() != '\0') return std::nullopt;
  std::uint32_t id = 0;
  for (std::size_t i = 1; i < kSchemaIdBytes; ++i) {
    id = id << 8 | static_cast<unsigned char>(record[i]);
  }
  return id;
}

void AvroRecords::set_writer(AvroSchema writer) {
  bare_.emplace(std::move(writer), columns_.schema());
}

void AvroRecords::add_writer(std::uint32_t id, AvroSchema writer) {
  framed_.insert_or_assign(id, AvroPlan(std::move(writer), columns_.schema()));
}

template <class... Parts>
bool AvroRecords::fail(const Parts&... parts) {
  return columns_.refuse({}, "byte ", at_, ": ", parts...);
}

bool AvroRecords::append(std::string_view record) {
  columns_.begin();
  text_ = record;
  at_ = depth_ = 0;
  if (bare_) {
    plan_ = &*bare_;
  } else {
    const auto id = schema_id_of(record);
    if (!id) return fail("expected a zero and the id of a schema");
    const auto found = framed_.find(*id);
    if (found == framed_.end()) return fail("the writer of schema id ", *id, " is not known");
    plan_ = &found->second;
    at_ = kSchemaIdBytes;
  }
  if (!read_part(plan_->root())) return false;
  if (at_ != text_.size()) return fail(text_.size() - at_, " bytes behind the record");
  return columns_.commit();
}

bool AvroRecords::take_long(std::int64_t& value) {
  std::uint64_t bits = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (at_ == text_.size()) return fail("expected an integer, got the end");
    const auto byte = static_cast<unsigned char>(text_[at_++]);
    if (shift == 63 && byte > 1) break;
    bits |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      value = static_cast<std::int64_t>(bits >> 1 ^ (0 - (bits & 1)));
      return true;
    }
  }
  return fail("an integer of more than 64 bits");
}

bool AvroRecords::take_index(std::size_t below, std::size_t& index) {
  std::int64_t value = 0;
  if (!take_long(value)) return false;
  if (value < 0 || static_cast<std::uint64_t>(value) >= below) {
    return fail("choice ", value, " of ", below);
  }
  index = static_cast<std::size_t>(value);
  return true;
}

bool AvroRecords::take_text(std::string_view& value) {
  std::int64_t size = 0;
  if (!take_long(size)) return false;
  const std::size_t start = at_;
  if (size < 0 || !skip_bytes(static_cast<std::uint64_t>(size))) {
    return fail("a text of ", size, " bytes, ", text_.size() - at_, " are left");
  }
  value = text_.substr(start, at_ - start);
  return true;
}

template <class Number>
bool AvroRecords::take_fixed(Number& value) {
  const std::size_t start = at_;
  if (!skip_bytes(sizeof value)) return false;
  value = ByteReader(std::as_bytes(std::span(text_)), "Avro").at<Number>(start);
  return true;
}

bool AvroRecords::read_part(std::uint32_t place) {
  const AvroPlan::Part& part = plan_->part(place);
  switch (part.use) {
    case AvroPlan::Use::kSkip:
      return skip(part.type);
    case AvroPlan::Use::kColumn:
      return read_column(part);
    case AvroPlan::Use::kUnion:
      return read_union(part);
    case AvroPlan::Use::kRecord:
      break;
  }
  for (const std::uint32_t inside : part.inside) {
    if (!read_part(inside)) return false;
  }
  return true;
}

bool AvroRecords::read_union(const AvroPlan::Part& part) {
  std::size_t branch = 0;
  return take_index(part.inside.size(), branch) && read_part(part.inside[branch]);
}

bool AvroRecords::read_column(const AvroPlan::Part& part) {
  const AvroType& type = plan_->schema().type(part.type);
  switch (type.kind) {
    case AvroKind::kNull:
      return columns_.set_null(part.column);
    case AvroKind::kBoolean: {
      std::uint8_t value = 0;
      if (!take_fixed(value)) return false;
      return value > 1 ? fail("a boolean of ", value) : columns_.set_bool(part.column, value == 1);
    }
    case AvroKind::kInt:
    case AvroKind::kLong: {
      std::int64_t value = 0;
      if (!take_long(value)) return false;
      if (type.kind == AvroKind::kInt && !std::in_range<std::int32_t>(value)) {
        return fail("an int of ", value);
      }
      return read_time(part, type.logical, value);
    }
    case AvroKind::kFloat: {
      float value = 0;
      return take_fixed(value) && columns_.set_double(part.column, static_cast<double>(value));
    }
    case AvroKind::kDouble: {
      double value = 0;
      return take_fixed(value) && columns_.set_double(part.column, value);
    }
    case AvroKind::kEnum: {
      std::size_t symbol = 0;
      return take_index(type.names.size(), symbol) &&
             columns_.set_text(part.column, type.names[symbol]);
    }
    default: {
      std::string_view value;
      if (!take_text(value)) return false;
      return is_utf8(value) ? columns_.set_text(part.column, value)
                            : columns_.refuse_value(part.column, "bytes that are not UTF-8");
    }
  }
}

// A time in the writer's unit, or any other integer.
bool AvroRecords::read_time(const AvroPlan::Part& part, AvroLogical logical, std::int64_t value) {
  const Type& column = columns_.schema()[part.column].type;
  if (column.id != TypeId::kTimestamp || logical < AvroLogical::kMillis) {
    return columns_.set_integer(part.column, value);
  }
  const int wanted = static_cast<int>(column.unit);
  std::int64_t ticks = value;
  for (int unit = unit_of(logical); unit < wanted; ++unit) {
    if (__builtin_mul_overflow(ticks, kThousand, &ticks)) {
      return columns_.refuse_value(part.column, text(value, " of a coarser unit"));
    }
  }
  for (int unit = unit_of(logical); unit > wanted; --unit) {
    if (ticks % kThousand != 0) {
      return columns_.refuse_value(part.column, text(value, " of a finer unit"));
    }
    ticks /= kThousand;
  }
  return columns_.set_integer(part.column, ticks);
}

bool AvroRecords::skip_bytes(std::uint64_t bytes) {
  if (bytes > text_.size() - at_) {
    return fail("expected ", bytes, " bytes, ", text_.size() - at_, " are left");
  }
  at_ += static_cast<std::size_t>(bytes);
  return true;
}

bool AvroRecords::skip(std::uint32_t place) {
  const AvroType& type = plan_->schema().type(place);
  if (type.is_empty) return true;
  std::int64_t number = 0;
  std::size_t index = 0;
  std::string_view value;
  switch (type.kind) {
    case AvroKind::kBoolean:
      return skip_bytes(1);
    case AvroKind::kInt:
    case AvroKind::kLong:
      return take_long(number);
    case AvroKind::kFloat:
      return skip_bytes(sizeof(float));
    case AvroKind::kDouble:
      return skip_bytes(sizeof(double));
    case AvroKind::kFixed:
      return skip_bytes(type.size);
    case AvroKind::kEnum:
      return take_index(type.names.size(), index);
    case AvroKind::kBytes:
    case AvroKind::kString:
      return take_text(value);
    default:
      break;
  }
  if (depth_ == kMostNesting) return fail("nested deeper than ", kMostNesting);
  ++depth_;
  const bool skipped = type.kind == AvroKind::kRecord ? skip_record(type)
                       : type.kind == AvroKind::kUnion
                           ? take_index(type.inside.size(), index) && skip(type.inside[index])
                           : skip_blocks(type);
  --depth_;
  return skipped;
}

bool AvroRecords::skip_record(const AvroType& type) {
  for (const std::uint32_t inside : type.inside) {
    if (!skip(inside)) return false;
  }
  return true;
}

// Of an array or a map: counts, each before its items, down to a zero.
bool AvroRecords::skip_blocks(const AvroType& type) {
  const bool map = type.kind == AvroKind::kMap;
  const bool empty = !map && plan_->schema().type(type.inside.front()).is_empty;
  for (std::int64_t count = 0;;) {
    if (!take_long(count)) return false;
    if (count == 0) return true;
    if (count < 0) {  // with the block's bytes, so that it can be passed over
      std::int64_t bytes = 0;
      if (!take_long(bytes)) return false;
      if (bytes < 0) return fail("a block of ", bytes, " bytes");
      if (!skip_bytes(static_cast<std::uint64_t>(bytes))) return false;
      continue;
    }
    if (empty) continue;
    if (static_cast<std::uint64_t>(count) > text_.size() - at_) {
      return fail("a block of ", count, " items, ", text_.size() - at_, " bytes are left");
    }
    std::string_view key;
    for (; count > 0; --count) {
      if (map && !take_text(key)) return false;
      if (!skip(type.inside.front())) return false;
    }
  }
}

}  // namespace kedge::records
