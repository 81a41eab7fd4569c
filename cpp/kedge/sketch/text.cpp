#include "kedge/sketch/text.h"

#include "kedge/base/error.h"
#include "kedge/sketch/name_reader.h"

namespace kedge {
namespace {

constexpr unsigned kBucketBits = 10;
constexpr std::uint32_t kBuckets = 1u << kBucketBits;

const std::shared_ptr<const CellMap>& bucket_map() {
  static const auto map =
      std::make_shared<const CellMap>(CellMap::affine(kBuckets, {0, kBuckets - 1}, 0, 1));
  return map;
}

}  // namespace

Text::Text(std::shared_ptr<const CellMap> lengths)
    : lengths_(std::move(lengths)), buckets_(bucket_map()) {}

bool Text::takes(const Type& type) noexcept {
  return is_string(type.dictionary ? type.dictionary->id : type.id);
}

void Text::update(const Column& column) {
  NameReader reader(column);
  while (reader.next()) {
    const std::uint64_t* weights = reader.weights();
    for (std::size_t i = 0; i < reader.keys().size(); ++i) {
      const NameKey& key = reader.keys()[i];
      const std::uint64_t rows = weights == nullptr ? 1 : weights[i];
      lengths_.add(static_cast<double>(key.length), rows);
      buckets_.add(static_cast<double>(key.hash >> (64 - kBucketBits)), rows);
    }
  }
  lengths_.add_nulls(reader.null_count());
  buckets_.add_nulls(reader.null_count());
}

void Text::merge(const Text& other) {
  lengths_.merge(other.lengths_);
  buckets_.merge(other.buckets_);
}

void Text::subtract(const Text& other) {
  Histogram buckets = buckets_;
  buckets.subtract(other.buckets_);
  lengths_.subtract(other.lengths_);
  buckets_ = std::move(buckets);
}

std::uint64_t Text::slots() const noexcept {
  return lengths_.map().slots() + std::uint64_t{buckets_.map().slots()};
}

void Text::write(ByteWriter& out) const {
  out.write_bytes(lengths_.to_bytes());
  out.write_bytes(buckets_.to_bytes());
}

Text Text::read(ByteReader& in) {
  Text text(bucket_map());
  text.lengths_ = Histogram::read(in);
  Histogram buckets = Histogram::read(in);
  if (!buckets.same_map(text.buckets_)) {
    throw corrupt_data(in.section(), ": the hash buckets are not ", kBuckets);
  }
  if (buckets.row_count() != text.row_count() || buckets.null_count() != text.null_count()) {
    throw corrupt_data(in.section(), ": ", text.row_count(), " lengths and ", buckets.row_count(),
                       " hashes");
  }
  text.buckets_ = std::move(buckets);
  return text;
}

}  // namespace kedge
