#include "kedge/arrow/join_chunks.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

using Chunks = std::span<const Column* const>;

std::size_t length_of(Chunks chunks) {
  std::size_t length = 0;
  for (const Column* chunk : chunks) length += chunk->length;
  return length;
}

void join_validity(Chunks chunks, TakenColumn& out) {
  if (std::ranges::all_of(chunks, [](const Column* chunk) { return chunk->validity == nullptr; })) {
    return;
  }
  out.validity = Buffer(bitmap_bytes(out.column.length));
  auto* valid = reinterpret_cast<std::uint8_t*>(out.validity.data());
  std::size_t row = 0;
  for (const Column* chunk : chunks) {
    for (std::size_t i = 0; i < chunk->length; ++i, ++row) {
      if (!chunk->is_null(i)) set_bit(valid, row);
    }
  }
  out.column.validity = valid;
}

void join_bits(Chunks chunks, TakenColumn& out) {
  out.values = Buffer(bitmap_bytes(out.column.length));
  auto* bits = reinterpret_cast<std::uint8_t*>(out.values.data());
  std::size_t row = 0;
  for (const Column* chunk : chunks) {
    const auto* from = static_cast<const std::uint8_t*>(chunk->values);
    for (std::size_t i = 0; i < chunk->length; ++i, ++row) {
      if (get_bit(from, chunk->offset + i)) set_bit(bits, row);
    }
  }
}

void join_strings(Chunks chunks, TakenColumn& out) {
  out.column.type = TypeId::kLargeUtf8;
  out.values = Buffer((out.column.length + 1) * sizeof(std::int64_t));
  const auto ends = out.values.as<std::int64_t>().subspan(1);
  std::size_t row = 0;
  for (const Column* chunk : chunks) {
    for (std::size_t i = 0; i < chunk->length; ++i, ++row) {
      if (!chunk->is_null(i)) {
        const std::string_view string = chunk->string_at(i);
        out.text.insert(out.text.end(), string.begin(), string.end());
      }
      ends[row] = static_cast<std::int64_t>(out.text.size());
    }
  }
  out.column.text = out.text.data();
}

void join_values(Chunks chunks, std::size_t width, TakenColumn& out) {
  out.values = Buffer(out.column.length * width);
  std::byte* end = out.values.data();
  for (const Column* chunk : chunks) {
    if (chunk->length == 0) continue;
    const auto* from = static_cast<const std::byte*>(chunk->values) + chunk->offset * width;
    std::memcpy(end, from, chunk->length * width);
    end += chunk->length * width;
  }
}

bool is_same(const Column& a, const Column& b) {
  return a.values == b.values && a.offset == b.offset && a.length == b.length && a.text == b.text &&
         a.validity == b.validity && a.view_text.data() == b.view_text.data();
}

// One dictionary for all chunks, and where each chunk's entries are in it, one after the other.
struct JointDictionary {
  std::shared_ptr<const Column> entries;
  std::vector<std::uint32_t> places;
};

std::shared_ptr<const Column> shared(TakenColumn column) {
  const auto kept = std::make_shared<const TakenColumn>(std::move(column));
  return {kept, &kept->column};
}

JointDictionary join_dictionaries(const Type& type, Chunks dictionaries) {
  const TakenColumn all = join_chunks(type, dictionaries);
  JointDictionary joint;
  std::vector<std::uint32_t> first_rows;  // in `all`, of the entries that are kept
  std::map<std::string_view, std::uint32_t> seen;
  for (std::uint32_t row = 0; row < all.column.length; ++row) {
    auto place = static_cast<std::uint32_t>(first_rows.size());
    if (is_string(type.id) && !all.column.is_null(row)) {
      place = seen.try_emplace(all.column.string_at(row), place).first->second;
    }
    if (place == first_rows.size()) first_rows.push_back(row);
    joint.places.push_back(place);
  }
  joint.entries = shared(take(all.column, first_rows));
  return joint;
}

template <class Index>
void write_places(Chunks chunks, const JointDictionary& joint, Index* out) {
  const std::uint32_t* places = joint.places.data();
  std::vector<std::int64_t> indices;
  for (const Column* chunk : chunks) {
    indices.resize(chunk->length);
    read_integers(*chunk, 0, chunk->length, indices.data());
    for (std::size_t i = 0; i < chunk->length; ++i) {
      *out++ = chunk->is_null(i) ? Index{} : static_cast<Index>(places[indices[i]]);
    }
    places += chunk->dictionary->length;
  }
}

// How many entries indices of this type can tell apart.
std::uint64_t most_entries(TypeId index) {
  const std::size_t bits = 8 * value_bytes(index) - (is_unsigned(index) ? 0 : 1);
  return bits >= 32 ? std::uint64_t{1} << 32 : std::uint64_t{1} << bits;
}

void join_indices(const Type& type, Chunks chunks, TakenColumn& out) {
  if (type.ordered) {
    throw unsupported("an ordered dictionary that is not the same in all batches");
  }
  std::vector<const Column*> dictionaries;
  for (const Column* chunk : chunks) dictionaries.push_back(chunk->dictionary.get());
  const JointDictionary joint = join_dictionaries(*type.dictionary, dictionaries);
  const std::size_t entries = joint.entries->length;
  if (entries > most_entries(type.id)) {
    throw invalid_argument("the batches' dictionaries have ", entries, " entries, ",
                           type_name(type), " can count ", most_entries(type.id));
  }
  const std::size_t width = value_bytes(type.id);
  out.column.dictionary = joint.entries;
  out.values = Buffer(out.column.length * width);
  switch (width) {
    case 1:
      return write_places(chunks, joint, out.values.as<std::uint8_t>().data());
    case 2:
      return write_places(chunks, joint, out.values.as<std::uint16_t>().data());
    case 4:
      return write_places(chunks, joint, out.values.as<std::uint32_t>().data());
    default:
      return write_places(chunks, joint, out.values.as<std::uint64_t>().data());
  }
}

void join_dictionary_column(const Type& type, Chunks chunks, TakenColumn& out) {
  const auto differs = [&](const Column* chunk) {
    return !is_same(*chunk->dictionary, *chunks.front()->dictionary);
  };
  if (std::ranges::any_of(chunks, differs)) return join_indices(type, chunks, out);
  join_values(chunks, value_bytes(type.id), out);
  std::vector<const Column*> entries;
  if (!chunks.empty()) entries.push_back(chunks.front()->dictionary.get());
  out.column.dictionary = shared(join_chunks(*type.dictionary, entries));
}

}  // namespace

Type joined_type(const Type& type) {
  Type joined = type;
  if (is_string(type.id)) joined.id = TypeId::kLargeUtf8;
  if (type.dictionary) joined.dictionary = std::make_shared<Type>(joined_type(*type.dictionary));
  return joined;
}

TakenColumn join_chunks(const Type& type, Chunks chunks) {
  TakenColumn out;
  out.column.type = type.id;
  out.column.length = length_of(chunks);
  if (type.dictionary != nullptr) {
    join_dictionary_column(type, chunks, out);
  } else if (is_string(type.id)) {
    join_strings(chunks, out);
  } else if (type.id == TypeId::kBool) {
    join_bits(chunks, out);
  } else {
    join_values(chunks, value_bytes(type.id), out);
  }
  out.column.values = out.values.data();
  join_validity(chunks, out);
  return out;
}

}  // namespace kedge
