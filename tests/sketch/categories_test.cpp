#include "kedge/sketch/categories.h"

#include <vector>

#include "check.h"
#include "kedge/base/frame.h"
#include "kedge/sketch/frequent.h"

namespace kedge {
namespace {

using Names = std::vector<std::string>;

std::shared_ptr<const CategoryMap> towns() {
  return std::make_shared<const CategoryMap>(Names{"Riga", "Oslo", "Bern"});
}

// A utf8 column and the memory behind it.
struct Strings {
  std::string text;
  std::vector<std::int32_t> offsets = {0};
  Column column;

  explicit Strings(const std::vector<std::string>& rows) {
    for (const std::string& row : rows) {
      text += row;
      offsets.push_back(static_cast<std::int32_t>(text.size()));
    }
    column.type = TypeId::kUtf8;
    column.length = rows.size();
    column.values = offsets.data();
    column.text = text.data();
  }
};

Categories counted(const std::vector<std::string>& rows) {
  Categories categories(towns());
  categories.update(Strings(rows).column);
  return categories;
}

}  // namespace

TEST("a map keeps its names in rising order and knows each one's slot") {
  const auto map = towns();
  CHECK(map->size() == 3);
  CHECK(map->name(0) == "Bern" && map->name(1) == "Oslo" && map->name(2) == "Riga");
  CHECK(map->slot_of("Riga") == 2);
  CHECK(map->slot_of("Rig") == map->unlisted_slot());
  CHECK(map->slots() == 5);
  CHECK_ERROR("\"a\" is listed twice", CategoryMap(Names{"a", "b", "a"}));
  const CategoryMap none(Names{});
  CHECK(none.slot_of("") == 0 && none.unlisted_slot() == 0);
}

TEST("a map's bytes are refused unless the names rise and fit") {
  const auto read = [](const ByteWriter& out) {
    ByteReader in(out.view(), "map");
    return CategoryMap::read(in);
  };
  ByteWriter good;
  towns()->write(good);
  CHECK(read(good) == *towns());
  for (const std::string_view second : {"a", "b"}) {
    ByteWriter out;
    out.write_varint(2);
    out.write_string("b");
    out.write_string(second);
    CHECK_ERROR("map: category 1 does not rise", read(out));
  }
  ByteWriter many;
  many.write_varint(kMaxCategories + 1);
  CHECK_ERROR("map: 1048577 categories, at most 1048576", read(many));
}

TEST("an index outside of the dictionary is named, and nothing is counted") {
  const Strings entries({"Oslo", "Riga"});
  std::vector<std::int32_t> codes = {0, 1, 1, 0};
  Column column;
  column.type = TypeId::kInt32;
  column.length = codes.size();
  column.values = codes.data();
  column.dictionary = std::make_shared<const Column>(entries.column);
  Categories categories(towns());
  categories.update(column);
  CHECK(categories.slot_count(1) == 2 && categories.slot_count(2) == 2);
  for (const std::int32_t bad : {2, 3, -1, 1 << 30}) {
    codes[2] = bad;
    CHECK_ERROR("at row 2 is outside of 2 values", categories.update(column));
    column.length = 3;
    CHECK_ERROR("at row 2 is outside of 2 values", categories.update(column));
    column.length = 4;
  }
  CHECK(categories.row_count() == 4);
}

TEST("offsets and views that point outside are named, and nothing is counted") {
  Strings strings({"Oslo", "Riga", "Bern"});
  strings.offsets[1] = 9;
  Categories categories(towns());
  CHECK_ERROR("string offsets fall from 9 to 8 at row 1", categories.update(strings.column));
  StringView16 views[2] = {{4, {'O', 's', 'l', 'o'}, 0, 0}, {40, {}, 7, 0}};
  Column column;
  column.type = TypeId::kUtf8View;
  column.length = 2;
  column.values = views;
  CHECK_ERROR("the view at row 1 has 40 bytes", categories.update(column));
  CHECK(categories.row_count() == 0);
}

TEST("what is taken away must have been there") {
  Categories all = counted({"Oslo", "Oslo", "Ulm", "Ulm", "Bonn"});
  const Categories before = all;
  CHECK_ERROR("cannot subtract 1 rows of slot 0 from 0", all.subtract(counted({"Bern"})));
  CHECK_ERROR("cannot subtract 2 rows of \"Bonn\" from 1", all.subtract(counted({"Bonn", "Bonn"})));
  CHECK(all == before);
  all.subtract(counted({"Oslo", "Ulm", "Bonn"}));
  CHECK(all == counted({"Ulm", "Oslo"}));
  Categories other(std::make_shared<const CategoryMap>(Names{"Oslo"}));
  CHECK_ERROR("cannot merge counts of different categories (3 and 1)", all.merge(other));
}

TEST("a long name is kept shortened, told apart by its end, and cut between characters") {
  const std::string same(300, 'x');
  CHECK(shortened_name(same).size() == kMostNameBytes);
  CHECK(shortened_name(same + "1") != shortened_name(same + "2"));
  CHECK(shortened_name(std::string(256, 'x')) == std::string(256, 'x'));
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "\xc3\xa4";
  CHECK(shortened_name(umlauts).size() == kMostNameBytes - 1);
  const Categories twice = counted({same, same, umlauts});
  CHECK(twice.novel().size() == 2);
  CHECK(twice.novel()[0] == NameCount{shortened_name(same), 2});
  CHECK(Categories::from_bytes(twice.to_bytes()) == twice);
}

TEST("categories read back equal; every changed byte and every truncation is refused") {
  const Categories categories = counted({"Oslo", "Riga", "Riga", "Ulm", "", "Bonn", "Bonn"});
  const auto bytes = categories.to_bytes();
  CHECK(Categories::from_bytes(bytes) == categories);
  CHECK(Categories::from_bytes(bytes).to_bytes() == bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] ^= std::byte{0x20};
    CHECK_ERROR("categories", Categories::from_bytes(damaged));
    CHECK_ERROR("categories", Categories::from_bytes(std::span(bytes).first(i)));
  }
}

TEST("novel names that do not add up are refused") {
  const auto read = [](std::uint64_t unlisted, std::uint64_t novel, std::uint8_t complete) {
    ByteWriter out;
    CategoryMap(Names{}).write(out);
    out.write_varint(unlisted);
    out.write_varint(1);  // null
    out.write(complete);
    if (complete == 0) out.write(~std::uint64_t{0});
    out.write_varint(1);
    out.write_string("x");
    out.write_varint(novel);
    return Categories::from_bytes(seal_frame("CATS", 1, out.view()));
  };
  CHECK(read(5, 5, 1).novel_is_complete());
  CHECK(read(5, 4, 0).novel().front().count == 4);
  CHECK_ERROR("4 rows of novel names, 5 unlisted rows", read(5, 4, 1));
  CHECK_ERROR("6 rows of novel names, 5 unlisted rows", read(5, 6, 0));
  CHECK_ERROR("is not in its place", read(5, 0, 0));
  CHECK_ERROR("the mark of novel names is 2", read(5, 5, 2));
}

}  // namespace kedge
