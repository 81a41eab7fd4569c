// The chunks of a column, copied into one.
#pragma once

#include <span>

#include "kedge/arrow/take.h"

namespace kedge {

// What becomes of a type: strings come out as large_utf8, those of a dictionary too.
Type joined_type(const Type& type);

// All chunks have this type. Strings, views and dictionary indices have been checked. Not for
// structs.
//
// A dictionary is copied, and lives as long as the column points to it. Where the chunks' differ it
// has the entries of all, strings each once. Throws InvalidArgument when the index type cannot
// count so many, Unsupported when such dictionaries are ordered.
TakenColumn join_chunks(const Type& type, std::span<const Column* const> chunks);

}  // namespace kedge
