#include "kedge/records/json_records.h"

#include "check.h"
#include "kedge/records/lines.h"
#include "kedge/records/type_text.h"

namespace kedge::records {
namespace {

Schema schema_of(std::initializer_list<std::pair<const char*, const char*>> columns) {
  Schema schema;
  schema.reserve(columns.size());
  for (const auto& [name, type] : columns) schema.push_back(field_of_text(name, type));
  return schema;
}

std::string refusal_of(JsonRecords& decoder, std::string_view record) {
  if (decoder.append(record)) return "no refusal";
  return decoder.columns().refusal().field + ": " + decoder.columns().refusal().reason;
}

}  // namespace

TEST("records in any order of fields are rows, refused ones leave no trace") {
  JsonRecords decoder(schema_of({{"a", "int32"}, {"b.c", "utf8"}, {"b.d", "float64 not null"}}));
  CHECK(decoder.append(R"({"a": -5, "b": {"c": "xé\n", "d": 1e3}, "e": [{}, {"f": [null]}]})"));
  CHECK(refusal_of(decoder, R"({"b": {"c": "a long text that goes", "d": "1"}})") ==
        R"(b.d: wanted float64, got "1")");
  CHECK(refusal_of(decoder, R"({"b": {"c": "a long text that goes"}, "a": 7})") ==
        "b.d: it is missing, and may not be null");
  CHECK(decoder.append(R"({"b": {"d": 0.1, "c": null}})"));
  const Batch batch = decoder.columns().view();
  CHECK(batch.length == 2 && decoder.skipped() == 1);
  CHECK(batch.columns[0].data<std::int32_t>()[0] == -5 && batch.columns[0].is_null(1));
  CHECK(batch.columns[1].string_at(0) == "xé\n" && batch.columns[1].string_at(1).empty());
  CHECK(batch.columns[1].null_count() == 1 && batch.columns[2].null_count() == 0);
  CHECK(batch.columns[2].data<double>()[0] == 1000 && batch.columns[2].data<double>()[1] == 0.1);
}

TEST("columns keep their memory between batches, and give it away") {
  JsonRecords decoder(schema_of({{"a", "int64"}, {"s", "utf8"}}));
  for (int i = 0; i < 1000; ++i) CHECK(decoder.append(R"({"a": 1, "s": "text"})"));
  const void* const before = decoder.columns().view().columns[0].values;
  decoder.columns().clear();
  for (int i = 0; i < 1000; ++i) CHECK(decoder.append(R"({"a": 2, "s": "else"})"));
  CHECK(decoder.columns().view().columns[0].values == before);
  const Batch taken = decoder.columns().take();
  CHECK(decoder.append(R"({"a": 3})") && decoder.columns().rows() == 1);
  CHECK(taken.length == 1000 && taken.columns[0].data<std::int64_t>()[999] == 2);
  CHECK(taken.columns[1].string_at(999) == "else");
  CHECK(decoder.columns().take().columns[1].is_null(0));
  CHECK(decoder.columns().take().length == 0);
}

TEST("lines come out of chunks of any size, too long ones cut") {
  for (std::size_t size = 1; size < 16; ++size) {
    Lines lines(6);
    std::string seen;
    const auto use = [&](std::string_view line, bool whole) {
      seen += text(line, whole ? "|" : "!");
    };
    const std::string_view input = "one\n\ntwelve\nthirteen\nend";
    for (std::size_t at = 0; at < input.size(); at += size) lines.push(input.substr(at, size), use);
    lines.finish(use);
    CHECK(seen == "one||twelve|thirte!end|");
  }
}

}  // namespace kedge::records
