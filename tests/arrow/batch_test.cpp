#include "kedge/arrow/batch.h"

#include <functional>
#include <vector>

#include "check.h"
#include "kedge/arrow/build.h"
#include "kedge/arrow/export.h"

namespace kedge {
namespace {

Batch numbers_and_words() {
  BatchBuilder builder;
  builder.add("price", std::vector<double>{1, 2, 3});
  builder.add("word", std::vector<std::string>{"a", "", "kedge"});
  return builder.finish();
}

void release_nothing(ArrowArray* array) { array->release = nullptr; }

// The same batch as plain structs that nobody owns, to be damaged at will.
struct Handmade {
  double prices[3] = {1, 2, 3};
  std::int64_t ends[4] = {0, 1, 1, 6};
  const char* text = "akedge";
  const void* batch_buffers[1] = {nullptr};
  const void* price_buffers[3] = {nullptr, prices, nullptr};
  const void* word_buffers[3] = {nullptr, ends, text};
  ArrowArray price = {3, 0, 0, 2, 0, price_buffers, nullptr, nullptr, release_nothing, nullptr};
  ArrowArray word = {3, 0, 0, 3, 0, word_buffers, nullptr, nullptr, release_nothing, nullptr};
  ArrowArray* columns[2] = {&price, &word};
  ArrowArray batch = {3, 0, 0, 1, 2, batch_buffers, columns, nullptr, release_nothing, nullptr};
};

Batch import_damaged(const std::function<void(ArrowArray&)>& damage) {
  const auto made = std::make_shared<Handmade>();
  damage(made->batch);
  Batch batch = import_batch(numbers_and_words().schema, OwnedArray(made->batch));
  batch.owner = std::make_shared<std::pair<std::shared_ptr<Handmade>, std::shared_ptr<const void>>>(
      made, batch.owner);
  return batch;
}

int released = 0;

}  // namespace

TEST("what is exported is imported, with the same pointers") {
  const Batch batch = numbers_and_words();
  const Batch back = import_batch(batch.schema, export_batch(batch));
  CHECK(back.length == 3);
  CHECK(back.columns[0].values == batch.columns[0].values);
  CHECK(back.columns[1].string_at(2) == "kedge");
  CHECK(import_damaged([](ArrowArray&) {}).columns[1].string_at(2) == "kedge");
}

TEST("each thing the ABI lets us see is checked and named") {
  const auto refuses = [](const char* text, const std::function<void(ArrowArray&)>& damage) {
    CHECK_ERROR(text, import_damaged(damage));
  };
  refuses("the Arrow array was already released", [](ArrowArray& a) { a.release = nullptr; });
  refuses("column \"price\": the Arrow array was already released",
          [](ArrowArray& a) { a.children[0]->release = nullptr; });
  refuses("length -1 and offset 0 must be", [](ArrowArray& a) { a.length = -1; });
  refuses("column \"price\": length 3 and offset -2 must be",
          [](ArrowArray& a) { a.children[0]->offset = -2; });
  refuses("column \"word\": null_count 4 of 3 rows",
          [](ArrowArray& a) { a.children[1]->null_count = 4; });
  refuses("column \"price\": null_count is 2 and there is no validity buffer",
          [](ArrowArray& a) { a.children[0]->null_count = 2; });
  refuses("column \"price\": has 2 rows, its batch needs 3",
          [](ArrowArray& a) { a.children[0]->length = 2; });
  refuses("column \"price\": has 3 rows, its batch needs 4", [](ArrowArray& a) { a.offset = 1; });
  refuses("column \"price\": a null values buffer for 3 rows",
          [](ArrowArray& a) { a.children[0]->buffers[1] = nullptr; });
  refuses("column \"word\": a null text buffer for 6 bytes",
          [](ArrowArray& a) { a.children[1]->buffers[2] = nullptr; });
  refuses("column \"price\": float64 has 2 buffers, got 3",
          [](ArrowArray& a) { a.children[0]->n_buffers = 3; });
  refuses("the schema has 2 columns, the batch has 1", [](ArrowArray& a) { a.n_children = 1; });
  refuses("column \"word\": the Arrow array is null",
          [](ArrowArray& a) { a.children[1] = nullptr; });
}

TEST("string offsets that do not rise are refused") {
  const std::int64_t falling[] = {0, 4, 3, -1};
  CHECK_ERROR("column \"word\": string offsets run from 0 to -1",
              import_damaged([&](ArrowArray& a) { a.children[1]->buffers[1] = falling; }));
}

TEST("schemas that are released or incomplete are refused, foreign columns when they are read") {
  const Batch batch = numbers_and_words();
  ArrowSchema raw;
  export_schema(*batch.schema).move_to(raw);
  const char* format = raw.children[0]->format;
  raw.children[0]->format = "+l";
  CHECK_ERROR("column \"price\": type list is not supported",
              check_readable(import_schema(raw)->front()));
  raw.children[0]->format = "tsx:";
  CHECK_ERROR("column \"price\": type format \"tsx:\" is not supported",
              export_schema(*import_schema(raw)));
  raw.children[0]->format = nullptr;
  CHECK_ERROR("the Arrow schema has no format", import_schema(raw));
  raw.children[0]->format = format;
  CHECK(*import_schema(raw) == *batch.schema);
  raw.release(&raw);
  CHECK_ERROR("the Arrow schema was already released", import_schema(raw));
}

TEST("an owner releases exactly once, however it moves") {
  ArrowArray raw = {};
  raw.release = [](ArrowArray* array) {
    ++released;
    array->release = nullptr;
  };
  released = 0;
  {
    OwnedArray first(raw);
    CHECK(raw.release == nullptr);
    OwnedArray second(std::move(first));
    OwnedArray third;
    third = std::move(second);
    CHECK(released == 0);
  }
  CHECK(released == 1);
}

TEST("a struct's null rows become null rows of its children") {
  const std::uint8_t rows_0_and_2 = 0b101;
  const Batch merged = import_damaged([&](ArrowArray& a) {
    a.buffers[0] = &rows_0_and_2;
    a.null_count = 1;
  });
  for (const Column& column : merged.columns) {
    CHECK(!column.is_null(0) && column.is_null(1) && !column.is_null(2));
    CHECK(column.null_count() == 1);
  }
}

}  // namespace kedge
