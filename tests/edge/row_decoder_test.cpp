// What is no row is set aside, and what goes wrong with rows that are some is told to who runs.
#include "kedge/edge/row_decoder.h"

#include <string>

#include "check.h"
#include "kedge/arrow/ipc.h"
#include "kedge/base/bytes.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

using edge::RowFormat;

edge::InputConfig input(RowFormat format) {
  edge::InputConfig config;
  config.format = format;
  config.columns = {{"a", {}}};
  config.batch_rows = 2;
  return config;
}

// Three rows.
std::string rows_as(RowFormat format) {
  if (format == RowFormat::kNdjson) return "{\"a\": 1}\n{\"a\": 2}\n{\"a\": 3}\n";
  if (format == RowFormat::kCsv) return "a\n1\n2\n3\n";
  const double values[] = {1, 2, 3};
  Column column;
  column.length = 3;
  column.values = values;
  Batch batch;
  batch.length = 3;
  batch.schema = std::make_shared<const Schema>(Schema{{"a", {}}});
  batch.columns = {column};
  ByteWriter out;
  write_ipc(*batch.schema, {&batch, 1}, out);
  return std::string(as_text(out.view()));
}

constexpr RowFormat kFormats[] = {RowFormat::kNdjson, RowFormat::kCsv, RowFormat::kArrow};

TEST("rows: each format gives its rows, in parts of batch_rows") {
  for (const RowFormat format : kFormats) {
    const edge::InputConfig config = input(format);
    edge::Quarantine quarantine({});
    std::string sizes;
    edge::RowDecoder decoder(config, quarantine,
                             [&](const Batch& rows) { sizes += text(rows.length, ' '); });
    for (int stream = 0; stream < 2; ++stream) {
      decoder.push(rows_as(format));
      decoder.end_stream();
    }
    CHECK(sizes == "2 1 2 1 ");
    CHECK(decoder.rows() == 6);
    CHECK(quarantine.count() == 0);
  }
}

TEST("rows: a stream of CSV that ends within a header that is none costs no other stream") {
  const edge::InputConfig config = input(RowFormat::kCsv);
  edge::Quarantine quarantine({});
  std::size_t rows = 0;
  edge::RowDecoder decoder(config, quarantine, [&](const Batch& some) { rows += some.length; });
  decoder.push("x");
  decoder.end_stream();
  CHECK(quarantine.count() == 1);
  decoder.push(rows_as(RowFormat::kCsv));
  decoder.end_stream();
  CHECK(rows == 3);
  CHECK(quarantine.count() == 1);
}

TEST("rows: what their use throws goes out, and no row is set aside for it") {
  for (const RowFormat format : kFormats) {
    const edge::InputConfig config = input(format);
    edge::Quarantine quarantine({});
    edge::RowDecoder decoder(config, quarantine, [](const Batch&) {
      throw invalid_argument("output: No space left on device");
    });
    CHECK_ERROR("output: No space left on device", decoder.push(rows_as(format)));
    CHECK(quarantine.count() == 0);
    CHECK(decoder.rows() == 2);
  }
}

TEST("rows: batches of Arrow before bytes that are none are used") {
  const edge::InputConfig config = input(RowFormat::kArrow);
  edge::Quarantine quarantine({});
  std::size_t rows = 0;
  edge::RowDecoder decoder(config, quarantine, [&](const Batch& some) { rows += some.length; });
  decoder.push(rows_as(RowFormat::kArrow) + "no more");
  CHECK(rows == 3);
  CHECK(quarantine.count() == 1);
}

}  // namespace
}  // namespace kedge
