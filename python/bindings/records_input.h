// What record decoders are given: a schema, and records one by one.
#pragma once

#include <nanobind/nanobind.h>

#include <string_view>
#include <vector>

#include "kedge/arrow/type.h"

namespace kedge {

// Of anything with __arrow_c_schema__, or a dict of types' names by column.
Schema record_schema_of(nanobind::handle schema);

// Records that are kept for as long as they are looked at. None is an empty one.
struct RecordList {
  explicit RecordList(nanobind::handle records);
  nanobind::tuple kept;
  std::vector<std::string_view> views;
};

}  // namespace kedge
