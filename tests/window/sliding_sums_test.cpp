#include "kedge/window/sliding_sums.h"

#include <algorithm>

#include "check.h"
#include "kedge/arrow/ipc.h"
#include "kedge/base/random.h"
#include "kedge/window/sliding_windows.h"
#include "sample_stream.h"

namespace kedge {
namespace {

WindowSpec definition(std::uint64_t rows) {
  WindowSpec spec;
  spec.kind = WindowKind::kSliding;
  spec.rows = rows;
  spec.time = "ts";
  const auto add = [&](Function function, std::string input, std::string where = "") {
    AggregateSpec made;
    made.name = text("a", spec.aggregates.size());
    made.function = function;
    made.input = std::move(input);
    made.where = std::move(where);
    made.number = function == Function::kStddev ? 1 : 0;
    spec.aggregates.push_back(std::move(made));
  };
  add(Function::kCount, "");
  add(Function::kCount, "", "flag");
  for (const Function function : {Function::kMean, Function::kStddev, Function::kMin}) {
    add(function, "x");
  }
  add(Function::kSum, "y", "flag and x > 1000");
  add(Function::kMax, "x", "flag");
  return spec;
}

std::vector<std::byte> bytes_of(const Batch& batch) {
  ByteWriter out;
  write_ipc(*batch.schema, {&batch, 1}, out);
  return out.take();
}

// Windows of one kind with all that they need around them.
template <class Kind>
struct Slider {
  Slider(const WindowSpec& definition, const std::shared_ptr<const Schema>& schema)
      : spec(definition),
        aggregation(spec, schema, nullptr),
        keys({}),
        watermark(1, 0, std::nullopt),
        fold(aggregation),
        emitter(schema->data(), {}, aggregation, spec),
        late(*schema),
        windows(make()) {}

  std::unique_ptr<Kind> make() {
    const Stream stream{spec, aggregation, keys, watermark, fold, emitter, late, rows, 0, 0};
    if constexpr (std::is_same_v<Kind, SlidingSums>) {
      return std::make_unique<Kind>(stream);
    } else {
      return std::make_unique<Kind>(stream, Type());
    }
  }

  void take(const Batch& batch) {
    aggregation.inputs().prepare(batch);
    std::vector<std::uint32_t> ids(batch.length);
    std::vector<std::int64_t> times;
    for (std::size_t i = 0; i < batch.length; ++i) {
      const std::int64_t time = batch.columns[0].data<std::int64_t>()[i];
      times.push_back(batch.columns[0].is_null(i) ? kNoTime : time);
    }
    windows->take({times, ids, rows, 0});
    rows += batch.length;
  }

  std::vector<std::byte> stored() const {
    ByteWriter out;
    windows->write(out);
    return out.take();
  }
  void restore(std::span<const std::byte> bytes) {
    ByteReader in(bytes, "windows");
    windows = make();
    windows->read(in);
  }

  WindowSpec spec;
  Aggregation aggregation;
  Keys keys;
  Watermark watermark;
  Fold fold;
  Emitter emitter;
  LateRows late;
  std::uint64_t rows = 0;
  std::unique_ptr<Kind> windows;
};

TEST("sliding sums in columns are those in states, in every answer and in what is stored") {
  Random random(23);
  const Batch stream = sample_batch(6000, 5);
  for (const std::uint64_t rows : {1U, 2U, 7U, 300U, 4000U, 100'000U}) {
    const WindowSpec spec = definition(rows);
    Slider<SlidingWindows> states(spec, stream.schema);
    Slider<SlidingSums> columns(spec, stream.schema);
    for (std::size_t first = 0; first < stream.length;) {
      const std::size_t length =
          std::min<std::size_t>(1 + random.below(3000), stream.length - first);
      states.take(slice_of(stream, first, length));
      columns.take(slice_of(stream, first, length));
      first += length;
      CHECK(bytes_of(columns.emitter.output().take()) == bytes_of(states.emitter.output().take()));
      const auto stored = states.stored();
      CHECK(columns.stored() == stored);
      columns.restore(stored);
      CHECK(columns.stored() == stored);
      CHECK(columns.watermark.value() == states.watermark.value());
    }
  }
}

TEST("keys, times and aggregates that are more than sums and extremes are not for columns") {
  const Batch stream = sample_batch(1, 5);
  WindowSpec spec = definition(3);
  const Aggregation sums(spec, stream.schema, nullptr);
  CHECK(SlidingSums::takes(spec, sums));
  spec.rows = 0;
  CHECK(!SlidingSums::takes(spec, sums));
  spec.rows = 3;
  spec.keys = {"key"};
  CHECK(!SlidingSums::takes(spec, sums));
  spec.keys.clear();
  for (const Function function : {Function::kFirst, Function::kRate, Function::kSkew}) {
    AggregateSpec more;
    more.name = "more";
    more.function = function;
    more.input = "x";
    more.duration = parse_duration("1s");
    WindowSpec other = spec;
    other.aggregates.push_back(more);
    CHECK(!SlidingSums::takes(other, Aggregation(other, stream.schema, nullptr)));
  }
}

}  // namespace
}  // namespace kedge
