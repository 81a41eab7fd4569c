#include "kedge/sketch/profile_shape.h"

#include <memory>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

ColumnProfile numbers(std::string name, std::uint32_t cells) {
  const auto map = std::make_shared<const CellMap>(CellMap::affine(cells, {0, 1}, 0, cells));
  return {std::move(name), "double", 7, Histogram(map)};
}

Profile empty_profile(std::uint32_t cells) {
  Profile profile;
  profile.add_column(numbers("a", cells));
  profile.add_column(numbers("b", 9));
  return profile;
}

Profile drawn(Random& random, std::uint32_t cells, std::size_t rows) {
  std::vector<double> values[2];
  for (std::vector<double>& column : values) {
    for (std::size_t i = 0; i < rows; ++i) column.push_back(random.uniform() * 1.2 - 0.1);
  }
  Batch batch;
  batch.length = rows;
  batch.schema = std::make_shared<const Schema>(Schema{{"a", {}}, {"b", {}}});
  for (const std::vector<double>& column : values) {
    Column made;
    made.length = rows;
    made.values = column.data();
    batch.columns.push_back(made);
  }
  Profile profile = empty_profile(cells);
  profile.update(batch);
  return profile;
}

std::vector<std::byte> changed(std::vector<std::byte> bytes, std::size_t at) {
  bytes[at] ^= std::byte{1};
  return bytes;
}

}  // namespace

TEST("the sum of stored profiles is the merged profile, byte for byte") {
  Random random(3);
  const auto shape = std::make_shared<const ProfileShape>(empty_profile(40));
  CHECK(shape->is_flat());
  ProfileSum sum(shape);
  Profile merged = empty_profile(40);
  CHECK(sum.to_bytes() == merged.to_bytes());
  for (std::size_t rows : {0, 1, 5, 300, 4000}) {
    const Profile one = drawn(random, 40, rows);
    CHECK(shape->rows_of(one.to_bytes()) == rows);
    CHECK(sum.add(one.to_bytes()));
    merged.merge(one);
    CHECK(sum.to_bytes() == merged.to_bytes());
  }
  CHECK(sum.rows() == 4306);
}

TEST("bytes that are no profile of the shape add nothing") {
  Random random(4);
  const auto shape = std::make_shared<const ProfileShape>(empty_profile(40));
  const std::vector<std::byte> stored = drawn(random, 40, 200).to_bytes();
  ProfileSum sum(shape);
  CHECK(sum.add(stored));
  for (std::size_t at = 0; at < stored.size(); ++at) {
    CHECK(!sum.add(changed(stored, at)));
    CHECK(!sum.add(std::span(stored).first(at)));
  }
  CHECK(!sum.add(drawn(random, 41, 200).to_bytes()));
  CHECK(sum.to_bytes() == stored);
}

TEST("profiles of texts and categories are summed as well") {
  const auto lengths = std::make_shared<const CellMap>(CellMap::affine(16, {0, 16}, 0, 1));
  Profile profile;
  profile.add_column({"t", "string", 3, Text(lengths)});
  const auto shape = std::make_shared<const ProfileShape>(profile);
  CHECK(!shape->is_flat());
  ProfileSum sum(shape);
  CHECK(sum.add(profile.to_bytes()));
  CHECK(!sum.add(empty_profile(4).to_bytes()));
  CHECK(!sum.add({}));
  CHECK(sum.to_bytes() == profile.to_bytes());
}

TEST("more rows than a profile counts are refused, and change nothing") {
  Profile profile;
  ColumnProfile column = numbers("a", 4);
  std::get<Histogram>(column.counts).add(0.5, std::uint64_t{1} << 52);
  const Profile large = Profile::of(std::move(column));
  ProfileSum sum(std::make_shared<const ProfileShape>(large));
  CHECK(sum.add(large.to_bytes()));
  CHECK(sum.add(large.to_bytes()));
  const auto before = sum.to_bytes();
  CHECK_ERROR("counts up to", sum.add(large.to_bytes()));
  CHECK(sum.to_bytes() == before);
}

}  // namespace kedge
