#include "kedge/records/avro_schema.h"

#include <algorithm>
#include <array>
#include <map>

#include "kedge/base/error.h"
#include "kedge/base/json.h"

namespace kedge::records {
namespace {

constexpr std::array<std::string_view, 14> kKinds = {
    "null",   "boolean", "int",  "long",  "float", "double", "bytes",
    "string", "record",  "enum", "array", "map",   "union",  "fixed"};
constexpr std::size_t kPrimitives = 8;

bool is_name(std::string_view name) {
  const auto starts = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && starts(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return starts(c) || (c >= '0' && c <= '9'); });
}

AvroLogical logical_of(std::string_view name, AvroKind kind) {
  struct Row {
    std::string_view name;
    AvroKind kind;
    AvroLogical logical;
  };
  static constexpr std::array<Row, 9> kRows = {{
      {"date", AvroKind::kInt, AvroLogical::kDate},
      {"timestamp-millis", AvroKind::kLong, AvroLogical::kMillis},
      {"timestamp-micros", AvroKind::kLong, AvroLogical::kMicros},
      {"timestamp-nanos", AvroKind::kLong, AvroLogical::kNanos},
      {"local-timestamp-millis", AvroKind::kLong, AvroLogical::kMillis},
      {"local-timestamp-micros", AvroKind::kLong, AvroLogical::kMicros},
      {"local-timestamp-nanos", AvroKind::kLong, AvroLogical::kNanos},
      {"decimal", AvroKind::kBytes, AvroLogical::kDecimal},
      {"decimal", AvroKind::kFixed, AvroLogical::kDecimal},
  }};
  for (const Row& row : kRows) {
    if (row.name == name && row.kind == kind) return row.logical;
  }
  return AvroLogical::kNone;
}

}  // namespace

std::string_view avro_name(AvroKind kind) noexcept {
  return kKinds[static_cast<std::size_t>(kind)];
}

class AvroSchemaReader {
 public:
  explicit AvroSchemaReader(AvroSchema& out) : out_(out) {}

  std::uint32_t read(const Value& value, std::string_view space) {
    if (depth_ == AvroSchema::kMostNesting) {
      throw resource_exhausted("Avro schema: types are nested deeper than ",
                               AvroSchema::kMostNesting);
    }
    ++depth_;
    const std::uint32_t type = value.is_text()    ? named(value, value.text(), space)
                               : value.is_array() ? read_union(value, space)
                                                  : read_object(value, space);
    --depth_;
    return type;
  }

 private:
  std::uint32_t add(AvroKind kind) {
    if (out_.types_.size() == AvroSchema::kMostTypes) {
      throw resource_exhausted("Avro schema: more than ", AvroSchema::kMostTypes, " types");
    }
    out_.types_.emplace_back().kind = kind;
    return static_cast<std::uint32_t>(out_.types_.size() - 1);
  }

  std::uint32_t named(const Value& value, std::string_view name, std::string_view space) {
    const auto* const primitive = std::find(kKinds.begin(), kKinds.begin() + kPrimitives, name);
    if (primitive != kKinds.begin() + kPrimitives) {
      return add(static_cast<AvroKind>(primitive - kKinds.begin()));
    }
    const auto found = names_.find(full_name(value, name, space));
    if (found == names_.end()) value.refuse("no type is called \"", name, '"');
    return found->second;
  }

  static std::string full_name(const Value& value, std::string_view name, std::string_view space) {
    std::string full = name.find('.') != std::string_view::npos || space.empty()
                           ? std::string(name)
                           : text(space, '.', name);
    for (std::size_t begin = 0; begin <= full.size();) {
      const std::size_t end = std::min(full.find('.', begin), full.size());
      if (!is_name(std::string_view(full).substr(begin, end - begin))) {
        value.refuse('"', name, "\" is no name");
      }
      begin = end + 1;
    }
    return full;
  }

  std::uint32_t read_union(const Value& value, std::string_view space) {
    const std::uint32_t type = add(AvroKind::kUnion);
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::uint32_t branch = read(value[i], space);
      if (out_.types_[branch].kind == AvroKind::kUnion) value[i].refuse("a union in a union");
      out_.types_[type].inside.push_back(branch);
    }
    if (value.size() == 0) value.refuse("a union of nothing");
    return type;
  }

  std::uint32_t read_object(const Value& value, std::string_view space) {
    const Value kind = value.at("type");
    if (!kind.is_text()) return read(kind, space);
    const auto* const found = std::find(kKinds.begin(), kKinds.end(), kind.text());
    if (found == kKinds.end() || *found == "union") return named(kind, kind.text(), space);
    const auto place = static_cast<AvroKind>(found - kKinds.begin());
    const std::uint32_t type = add(place);
    if (const auto logical = value.find("logicalType"); logical && logical->is_text()) {
      out_.types_[type].logical = logical_of(logical->text(), place);
    }
    if (place == AvroKind::kArray || place == AvroKind::kMap) {
      const std::uint32_t inside =
          read(value.at(place == AvroKind::kArray ? "items" : "values"), space);
      out_.types_[type].inside.push_back(inside);
    } else if (place >= AvroKind::kRecord) {
      read_named(value, type, space);
    }
    return type;
  }

  void read_named(const Value& value, std::uint32_t type, std::string_view space) {
    const Value name = value.at("name");
    std::string_view own_space = space;
    if (const auto given = value.find("namespace"); given && given->is_text()) {
      own_space = given->text();
    }
    const std::string full = full_name(name, name.text(), own_space);
    if (!names_.emplace(full, type).second) name.refuse("a second type called \"", full, '"');
    out_.types_[type].name = full;
    const std::size_t dot = full.rfind('.');
    const std::string inner = dot == std::string::npos ? "" : full.substr(0, dot);
    switch (out_.types_[type].kind) {
      case AvroKind::kRecord:
        return read_fields(value.at("fields"), type, inner);
      case AvroKind::kEnum:
        return read_symbols(value.at("symbols"), type);
      default:
        return read_size(value.at("size"), type);
    }
  }

  void read_fields(const Value& fields, std::uint32_t type, std::string_view space) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      add_name(fields[i].at("name"), type);
      const std::uint32_t inside = read(fields[i].at("type"), space);
      out_.types_[type].inside.push_back(inside);
    }
  }

  void read_symbols(const Value& symbols, std::uint32_t type) {
    for (std::size_t i = 0; i < symbols.size(); ++i) add_name(symbols[i], type);
    if (symbols.size() == 0) symbols.refuse("an enum of nothing");
  }

  void read_size(const Value& size, std::uint32_t type) {
    if (size.integer() < 0) size.refuse("a size of ", size.integer());
    out_.types_[type].size = static_cast<std::uint64_t>(size.integer());
  }

  void add_name(const Value& name, std::uint32_t type) {
    if (!is_name(name.text())) name.refuse('"', name.text(), "\" is no name");
    out_.types_[type].names.emplace_back(name.text());
  }

  AvroSchema& out_;
  std::map<std::string, std::uint32_t, std::less<>> names_;
  std::size_t depth_ = 0;
};

AvroSchema::AvroSchema(std::string_view json) {
  const Document document = read_json(json);
  root_ = AvroSchemaReader(*this).read(document.root(), {});
  for (const AvroType& type : types_) {
    if (type.kind != AvroKind::kRecord && type.kind != AvroKind::kEnum) continue;
    std::vector<std::string_view> sorted(type.names.begin(), type.names.end());
    std::ranges::sort(sorted);
    const auto twice = std::ranges::adjacent_find(sorted);
    if (twice != sorted.end()) {
      throw corrupt_data("Avro schema: ", type.name, " has \"", *twice, "\" twice");
    }
  }
  find_empty();
}

// Types stand before what is in them, but for those that are referred to by name later: from the
// back, again until nothing changes.
void AvroSchema::find_empty() {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = types_.size(); i-- > 0;) {
      AvroType& type = types_[i];
      if (type.is_empty) continue;
      type.is_empty =
          type.kind == AvroKind::kNull || (type.kind == AvroKind::kFixed && type.size == 0) ||
          (type.kind == AvroKind::kRecord &&
           std::ranges::all_of(type.inside,
                               [&](std::uint32_t inside) { return types_[inside].is_empty; }));
      changed = changed || type.is_empty;
    }
  }
}

}  // namespace kedge::records
