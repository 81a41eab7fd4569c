#include "kedge/model/bundle.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "check.h"
#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/hash.h"
#include "kedge/model/covers.h"
#include "kedge/model/golden.h"
#include "kedge/score/model.h"
#include "score/random_forest.h"

namespace kedge {
namespace {

using Bytes = std::vector<std::byte>;

Bundle bundle_of(const Forest& forest) {
  Bundle bundle;
  bundle.origin = "a test";
  bundle.features = forest.features;
  bundle.forest = quantize(forest);
  bundle.golden = make_golden(forest);
  bundle.parity = {100, 2, 1e-9};
  bundle.metadata = {{"", "no key"}, {"team", "harbour"}};
  bundle.profile = {std::byte{1}, std::byte{2}};
  return bundle;
}

const test::ForestShape& shape_of(std::string_view name) {
  return *std::ranges::find(test::forest_shapes(), name, &test::ForestShape::name);
}

Bytes small_file() {
  Forest forest = test::random_forest(shape_of("empty sets"), 3);
  forest.features[1].categories = {"Oslo", "Riga"};
  return write_bundle(bundle_of(forest));
}

template <class T>
T read_at(const Bytes& file, std::size_t at) {
  return ByteReader(file, "test").at<T>(at);
}

template <class T>
void write_at(Bytes& file, std::size_t at, T value) {
  std::memcpy(file.data() + at, &value, sizeof value);
}

// Places of the header: docs/formats.md.
constexpr std::size_t kChecksum = 8, kVersionPlace = 12, kCount = 16, kReserved = 28;
constexpr std::size_t kHeader = 32, kEntry = 32;

struct Entry {
  std::size_t place;  // of the entry
  std::string name;
  std::size_t first, length;
};

std::vector<Entry> entries_of(const Bytes& file) {
  std::vector<Entry> entries;
  for (std::uint32_t i = 0; i < read_at<std::uint32_t>(file, kCount); ++i) {
    const std::size_t at = kHeader + kEntry * i;
    const char* name = reinterpret_cast<const char*>(file.data()) + at;
    entries.push_back({at, std::string(name, strnlen(name, 8)),
                       static_cast<std::size_t>(read_at<std::uint64_t>(file, at + 8)),
                       static_cast<std::size_t>(read_at<std::uint64_t>(file, at + 16))});
  }
  return entries;
}

void seal_contents(Bytes& file) {
  const std::size_t end = kHeader + kEntry * read_at<std::uint32_t>(file, kCount);
  write_at(file, kChecksum, crc32c(std::span<const std::byte>(file).subspan(12, end - 12)));
}

void seal(Bytes& file) {
  for (const Entry& entry : entries_of(file)) {
    write_at(file, entry.place + 24,
             crc32c(std::span<const std::byte>(file).subspan(entry.first, entry.length)));
  }
  seal_contents(file);
}

std::string error_of(const Bytes& file) {
  return test::error_of([&] { Model{read_bundle(file, nullptr)}; });
}

bool names(const std::string& error, std::string_view part) {
  return error.find(part) != std::string::npos;
}

const Entry& entry_of(const std::vector<Entry>& entries, std::string_view name) {
  return *std::ranges::find(entries, name, &Entry::name);
}

}  // namespace

TEST("a bundle of every shape reads back as it was written and writes the same bytes") {
  for (const test::ForestShape& shape : test::forest_shapes()) {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      const Bundle bundle = bundle_of(test::random_forest(shape, seed));
      const Bytes file = write_bundle(bundle);
      const Bundle back = read_bundle(file, nullptr);
      CHECK(write_bundle(back) == file);
      CHECK(back.origin == bundle.origin && back.metadata == bundle.metadata);
      CHECK(back.features.size() == bundle.features.size());
      CHECK(back.parity.rows == 100 && back.parity.rows_off == 2);
      CHECK(back.forest.category_rule == bundle.forest.category_rule);
      CHECK(back.forest.covers.floats.size() == bundle.forest.covers.floats.size());
      CHECK(back.forest.covers.doubles.size() == bundle.forest.covers.doubles.size());
      CHECK(has_covers(back.forest) || seed != 1);
      CHECK(error_of(file) == "no error");
    }
  }
}

TEST("every damaged byte of a file is refused by the name of its section") {
  const Bytes file = small_file();
  CHECK(error_of(file) == "no error");
  const std::vector<Entry> entries = entries_of(file);
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::string wanted = "model file: ";
    for (const Entry& entry : entries) {
      if (i >= entry.first) wanted = "section \"" + entry.name + "\"";
    }
    for (const int flip : {0x01, 0x80}) {
      Bytes damaged = file;
      damaged[i] ^= std::byte{static_cast<unsigned char>(flip)};
      const std::string error = error_of(damaged);
      test::report(names(error, wanted), __FILE__, __LINE__, text("byte ", i, ": ", error));
    }
  }
}

TEST("a file that ends early, or goes on, is refused") {
  const Bytes file = small_file();
  for (std::size_t length = 0; length < file.size(); ++length) {
    const Bytes part(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
    const std::string error = error_of(part);
    test::report(names(error, "model file: "), __FILE__, __LINE__, text(length, ": ", error));
  }
  Bytes longer = file;
  longer.resize(file.size() + 64);
  CHECK(names(error_of(longer), "the header claims"));
  write_at(longer, 20, std::uint64_t{longer.size()});
  seal_contents(longer);
  CHECK(names(error_of(longer), "the sections end at"));
}

TEST("versions from the future are unsupported, and there is no version 0") {
  for (const std::uint32_t version : {0u, 4u, 0xffff'ffffu}) {
    Bytes file = small_file();
    write_at(file, kVersionPlace, version);
    CHECK(names(error_of(file), "the checksum of the table of contents"));
    seal_contents(file);
    CHECK(names(error_of(file), text("version ", version, ", this build reads 1 to 3")));
    try {
      read_bundle(file, nullptr);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kUnsupported);
    }
  }
}

TEST("damage behind right checksums is refused by the name of what is wrong") {
  const Bytes file = small_file();
  const std::vector<Entry> entries = entries_of(file);
  struct Case {
    std::string_view section;
    std::size_t at;
    unsigned char value;
    std::string_view part;
  };
  const Case cases[] = {
      {"scoring", 0, 2, "section \"scoring\": 2 at 0 exceeds 1"},
      {"scoring", 2, 3, "section \"scoring\": 3 at 2 exceeds 2"},
      {"scoring", 3, 99, "section \"scoring\": 99 at 3 exceeds"},
      {"scoring", 6, 1, "outputs of at most 65535"},
      {"scoring", 4, 2, "section \"scoring\""},
      {"scoring", 8, 0, "leaves of 0 values; 1 or 1"},
      {"schema", 0, 0xff, "section \"schema\""},
      {"schema", 1, 0xff, "\"schema\": the origin is not UTF-8"},
      {"schema", 7, 9, "section \"schema\""},
      {"schema", 9, 0xff, "feature 0: the name is not UTF-8"},
      {"schema", 11, 3, "feature 0 is of kind 3"},
      {"golden", 1, 0xff, "section \"golden\": 65296 rows of at most 4096"},
      {"golden", 0, 17, "section \"golden\""},
      {"about", 24, 200, "section \"about\""},
  };
  for (const Case& damage : cases) {
    Bytes damaged = file;
    damaged[entry_of(entries, damage.section).first + damage.at] = std::byte{damage.value};
    seal(damaged);
    const std::string error = error_of(damaged);
    test::report(names(error, damage.part), __FILE__, __LINE__,
                 text(damage.section, " ", damage.at, ": ", error));
  }
}

TEST("a damaged table of contents behind a right checksum is refused") {
  const Bytes file = small_file();
  const auto with = [&](std::size_t at, auto value) {
    Bytes damaged = file;
    write_at(damaged, at, value);
    seal_contents(damaged);
    return error_of(damaged);
  };
  const std::vector<Entry> entries = entries_of(file);
  const std::size_t place = entry_of(entries, "tables").place;
  CHECK(names(with(kReserved, std::uint32_t{1}), "model file: reserved"));
  CHECK(names(with(place + 28, std::uint32_t{1}), "model file: reserved"));
  CHECK(names(with(place, 'T'), "not of small letters"));
  CHECK(names(with(place, '\0'), "not of small letters"));
  CHECK(names(with(place + 5, 'q'), "no section \"tables\""));
  CHECK(names(with(place + 8, std::uint64_t{1} << 60), "section \"tables\" has"));
  CHECK(names(with(place + 16, ~std::uint64_t{0}), "section \"tables\" has"));
  Bytes twice = file;
  std::memcpy(twice.data() + place, "cuts\0\0", 6);
  seal(twice);
  CHECK(names(error_of(twice), "two sections \"cuts\""));
  Bytes odd = file;
  write_at(odd, place + 16, std::uint64_t{entry_of(entries, "tables").length - 1});
  odd[entry_of(entries, "tables").first + entry_of(entries, "tables").length - 1] = std::byte{0};
  seal(odd);
  CHECK(names(error_of(odd), "section \"tables\" has"));
}

TEST("covers are floats or doubles, one for each leaf, and no others") {
  const Bundle bundle = bundle_of(test::random_forest(shape_of("numbers"), 1));
  const std::size_t leaves = bundle.forest.leaf_count();
  const auto error_with = [&](std::span<const double> doubles, std::span<const float> floats) {
    Bundle changed = bundle;
    changed.forest.covers = {floats, doubles};
    return error_of(write_bundle(changed));
  };
  std::vector<double> doubles(leaves, 0.1);
  std::vector<float> floats(leaves, 0.5F);
  CHECK(error_with(doubles, {}) == "no error");
  CHECK(error_with({}, floats) == "no error");
  CHECK(error_with({}, {}) == "no error");
  CHECK(names(error_with(std::span(doubles).subspan(1), {}), "covers of"));
  CHECK(names(error_with({}, std::span(floats).first(3)), "section \"covers\" has 12 bytes"));
  doubles.back() = -0.5;
  floats.front() = std::numeric_limits<float>::quiet_NaN();
  CHECK(names(error_with(doubles, {}), text("cover of leaf ", leaves - 1, " is -0.5")));
  CHECK(names(error_with({}, floats), "the cover of leaf 0 is nan"));
}

TEST("kept rows of a reference are whole rows, and not too many") {
  Bundle bundle = bundle_of(test::random_forest(shape_of("empty sets"), 3));
  const std::size_t features = bundle.features.size();
  const auto back_of = [&](std::size_t values) {
    bundle.sample.assign(values, 0.5);
    return test::error_of([&] {
      const Bundle back = read_bundle(write_bundle(bundle), nullptr);
      CHECK(back.sample == bundle.sample);
    });
  };
  CHECK(back_of(0) == "no error");
  CHECK(back_of(features) == "no error");
  CHECK(back_of(kMostSampleRows * features) == "no error");
  CHECK(names(back_of(features - 1), "section \"sample\": "));
  CHECK(names(back_of((kMostSampleRows + 1) * features), "section \"sample\": "));
  bundle.sample.assign(2 * features, 0.5);
  const Model model(bundle);
  CHECK(model.reference_background().rows() == 2);
  bundle.sample.clear();
  CHECK_ERROR("keeps no rows of its reference", Model(bundle).reference_background());
}

TEST("a model that does not give its golden scores is refused") {
  Bundle bundle = bundle_of(test::random_forest(shape_of("numbers"), 1));
  bundle.golden.raw[3] += 1;
  const Bytes file = write_bundle(bundle);
  CHECK(names(error_of(file), "section \"golden\": row 3 scores "));
  Bundle few = bundle_of(test::random_forest(shape_of("numbers"), 1));
  few.golden.raw.pop_back();
  CHECK_ERROR("section \"golden\": 80 values and 15 scores", Model{few});
}

TEST("keys of the metadata must rise and be text") {
  Bundle bundle = bundle_of(test::random_forest(shape_of("numbers"), 1));
  bundle.metadata = {{"a", "\xff"}};
  CHECK(names(error_of(write_bundle(bundle)), "section \"about\": \"a\" is not UTF-8, or"));
  bundle.metadata = {{"aa", "x"}, {"ab", "y"}};
  Bytes file = write_bundle(bundle);
  const Entry about = entry_of(entries_of(file), "about");
  file[about.first + 25 + 2] = std::byte{'z'};
  seal(file);
  CHECK(names(error_of(file), "key \"ab\" does not rise"));
}

TEST("a graph of another runtime is kept as it is, and refused where the runtime is not") {
  struct Sum : ForeignRuntime {
    void score(const Rows& rows, double* out) const override {
      for (std::size_t i = 0; i < rows.count; ++i) out[i] = rows.value(i, 0) + rows.value(i, 1);
    }
  };
  Bundle bundle;
  bundle.features = {{"a", FeatureKind::kNumber, {}}, {"b", FeatureKind::kNumber, {}}};
  bundle.foreign = Foreign{"a runtime", 1, {"node \"n\" (Odd): no step"}, {std::byte{7}}};
  bundle.golden = {{1, 2, 3, 4}, {3, 7}};
  const Bytes file = write_bundle(bundle);
  const Bundle read = read_bundle(file, nullptr);
  CHECK(write_bundle(read) == file);
  CHECK(read.foreign->reasons == bundle.foreign->reasons && read.outputs() == 1);
  CHECK_ERROR("the model runs in a runtime, which this program does not have: node \"n\" (Odd)",
              Model{read});
  const Model model(read, std::make_shared<const Sum>());
  CHECK(model.engine_name(1) == "a runtime");
  CHECK_ERROR("the model runs in a runtime", model.explainer());
  bundle.golden.raw[1] = 8;
  CHECK_ERROR("row 1 scores 7, it must score 8", Model(bundle, std::make_shared<const Sum>()));
}

}  // namespace kedge
