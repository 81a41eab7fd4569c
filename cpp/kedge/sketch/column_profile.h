// One column of a profile: its name, its type, and counts of the kind that suits it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "kedge/arrow/type.h"
#include "kedge/sketch/categories.h"
#include "kedge/sketch/histogram.h"
#include "kedge/sketch/text.h"

namespace kedge {

using ColumnCounts = std::variant<Histogram, Categories, Text>;

struct ColumnProfile {
  std::string name;
  std::string type;            // as type_name gives it
  std::uint64_t distinct = 0;  // values that the reference had, estimated: Distinct
  ColumnCounts counts;

  // "number", "category" or "text".
  std::string_view kind() const;

  // The same definition, nothing counted.
  ColumnProfile like() const;
  bool same_map(const ColumnProfile& other) const;

  // Throws InvalidArgument or Unsupported when a column of this type cannot be counted here.
  void check_takes(const Type& other) const;
  // Errors name the column. All or nothing.
  void update(const Column& column);
  void merge(const ColumnProfile& other);
  void subtract(const ColumnProfile& other);

  std::uint64_t slots() const;
  std::uint64_t row_count() const;
  // Null and NaN together.
  std::uint64_t missing_count() const;
  std::uint64_t value_count() const { return row_count() - missing_count(); }

  // docs/formats.md, "Profile"; `version` is the profile's.
  void write(ByteWriter& out) const;
  static ColumnProfile read(ByteReader& in, std::uint32_t version);

  friend bool operator==(const ColumnProfile&, const ColumnProfile&) = default;
};

}  // namespace kedge
