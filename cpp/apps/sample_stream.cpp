#include "sample_stream.h"

#include <array>
#include <limits>
#include <memory>
#include <utility>

#include "kedge/base/bits.h"
#include "kedge/base/random.h"
#include "kedge/sketch/profile.h"

namespace kedge {
namespace {

constexpr std::int64_t kStart = 1'711'843'200'000'000;  // 2024-03-31, when clocks change in Europe
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::array kHard = {
    0.0,   -0.0,   5e-324,     -1e-310,   1e300,
    -1e15, 1e-300, -kInfinity, kInfinity, std::numeric_limits<double>::quiet_NaN()};
constexpr std::size_t kNames = 12;

struct Memory {
  std::vector<std::int64_t> times, keys;
  std::vector<std::int32_t> counts;
  std::vector<double> x, y;
  std::vector<std::int32_t> offsets{0};
  std::string text;
  std::vector<std::uint8_t> flags, time_valid, key_valid, name_valid, x_valid;
};

Type type_of(TypeId id) {
  Type type;
  type.id = id;
  if (id == TypeId::kTimestamp) type.unit = TimeUnit::kMicro;
  return type;
}

const std::shared_ptr<const Schema>& sample_schema() {
  static const auto schema = std::make_shared<const Schema>(Schema{
      {"ts", type_of(TypeId::kTimestamp), true},
      {"key", type_of(TypeId::kInt64), true},
      {"name", type_of(TypeId::kUtf8), true},
      {"x", type_of(TypeId::kFloat64), true},
      {"y", type_of(TypeId::kFloat64), false},
      {"n", type_of(TypeId::kInt32), false},
      {"flag", type_of(TypeId::kBool), false},
  });
  return schema;
}

double sample_number(Random& random) {
  if (random.below(50) == 0) return kHard[random.below(kHard.size())];
  return 1e3 + 100 * (random.uniform() - 0.5);
}

void add_row(Memory& memory, std::size_t row, Random& random) {
  // Ten rows a second of the window's time, every tenth of them up to a minute late.
  const std::int64_t late = random.below(10) == 0 ? random.below(60'000'000) : 0;
  memory.times.push_back(kStart + static_cast<std::int64_t>(row) * 100'000 - late);
  memory.keys.push_back(static_cast<std::int64_t>(random.below(9)) - 4);
  memory.counts.push_back(static_cast<std::int32_t>(random.bits()));
  memory.x.push_back(sample_number(random));
  memory.y.push_back(random.uniform());
  memory.text += std::string(1 + random.below(kNames) * 2, 'a');
  memory.offsets.push_back(static_cast<std::int32_t>(memory.text.size()));
  const auto mark = [&](std::vector<std::uint8_t>& bits, bool value) {
    bits.resize(bitmap_bytes(row + 1));
    if (value) set_bit(bits.data(), row);
  };
  mark(memory.flags, random.below(3) != 0);
  mark(memory.time_valid, random.below(40) != 0);
  mark(memory.key_valid, random.below(20) != 0);
  mark(memory.name_valid, random.below(20) != 0);
  mark(memory.x_valid, random.below(10) != 0);
}

AggregateSpec aggregate(std::string name, Function function, std::string input) {
  AggregateSpec made;
  made.name = std::move(name);
  made.function = function;
  made.input = std::move(input);
  if (function == Function::kQuantile) made.error = 0.01;
  if (function == Function::kRate || function == Function::kEma) {
    made.duration = parse_duration("7s");
  }
  return made;
}

std::string sample_reference(const char* column) {
  const Batch batch = sample_batch(300, 5);
  ProfileOptions options;
  options.cells = 16;
  options.columns = {column};
  const auto stored = Profile::of(batch.schema, {&batch, 1}, options).to_bytes();
  return std::string(as_text(stored));
}

std::vector<AggregateSpec> sample_aggregates(bool has_time) {
  std::vector<AggregateSpec> out = {aggregate("rows", Function::kCount, "")};
  for (const Function function :
       {Function::kCount, Function::kSum, Function::kMean, Function::kVariance, Function::kStddev,
        Function::kSkew, Function::kKurtosis, Function::kMin, Function::kMax, Function::kFirst,
        Function::kLast, Function::kArgMin, Function::kArgMax, Function::kDistinct,
        Function::kQuantile, Function::kRate, Function::kDelta, Function::kCorrelation,
        Function::kEma}) {
    if (!has_time && (function == Function::kRate || function == Function::kEma)) continue;
    for (const char* input : {"x", "n"}) {
      AggregateSpec made = aggregate(text(function_name(function), "_", input), function, input);
      if (function == Function::kVariance || function == Function::kQuantile) made.number = 1;
      const bool is_arg = function == Function::kArgMin || function == Function::kArgMax;
      if (is_arg || function == Function::kCorrelation) made.of = "y";
      if (function == Function::kMax) made.where = "flag and x > y * 1000";
      out.push_back(std::move(made));
    }
  }
  out.push_back(aggregate("any", Function::kAny, "flag"));
  out.push_back(aggregate("all", Function::kAll, "n > 0"));
  out.push_back(aggregate("names", Function::kDistinct, "name"));
  for (const Function function :
       {Function::kMin, Function::kMax, Function::kFirst, Function::kLast}) {
    out.push_back(aggregate(text(function_name(function), "_name"), function, "name"));
  }
  out.push_back(aggregate("cells", Function::kHistogram, "x"));
  out.back().bounds = {-1e15, 0, 980.5, 1e3, 1e300};
  out.push_back(aggregate("bins", Function::kHistogram, "n"));
  out.back().number = 9;
  out.back().bounds = {-2e9, 1.1e9};
  for (const char* input : {"x", "n", "name", "flag"}) {
    out.push_back(aggregate(text("top_", input), Function::kTop, input));
    out.back().number = 3;
  }
  for (const char* input : {"x", "name"}) {
    out.push_back(aggregate(text("profile_", input), Function::kProfile, input));
    out.back().reference = sample_reference(input);
    out.back().where = "flag";
  }
  out.push_back(aggregate("argmax_name", Function::kArgMax, "n"));
  out.back().of = "name";
  return out;
}

// Those that can give results before windows are closed, doing so.
void add_updating(std::vector<WindowSpec>& specs) {
  const std::vector<WindowSpec> closed = specs;
  for (WindowSpec spec : closed) {
    if (spec.kind == WindowKind::kCount || spec.kind == WindowKind::kSliding) continue;
    spec.updates = true;
    if (spec.kind == WindowKind::kGlobal) {
      spec.trigger_rows = 400;
    } else if (spec.every != spec.length || spec.kind != WindowKind::kTime) {
      spec.trigger = parse_duration("7s");
    }
    specs.push_back(std::move(spec));
  }
}

}  // namespace

Batch sample_batch(std::size_t rows, std::uint64_t seed) {
  auto memory = std::make_shared<Memory>();
  Random random(seed);
  for (std::size_t row = 0; row < rows; ++row) add_row(*memory, row, random);
  Batch batch;
  batch.schema = sample_schema();
  batch.length = rows;
  const std::array<const void*, 7> values = {
      memory->times.data(), memory->keys.data(),   memory->offsets.data(), memory->x.data(),
      memory->y.data(),     memory->counts.data(), memory->flags.data()};
  const std::array<const std::uint8_t*, 7> validity = {memory->time_valid.data(),
                                                       memory->key_valid.data(),
                                                       memory->name_valid.data(),
                                                       memory->x_valid.data(),
                                                       nullptr,
                                                       nullptr,
                                                       nullptr};
  for (std::size_t i = 0; i < values.size(); ++i) {
    Column column;
    column.type = batch.field(i).type.id;
    column.length = rows;
    column.values = values[i];
    column.validity = validity[i];
    if (column.type == TypeId::kUtf8) column.text = memory->text.data();
    batch.columns.push_back(column);
  }
  batch.owner = std::move(memory);
  return batch;
}

Batch slice_of(const Batch& batch, std::size_t first, std::size_t length) {
  Batch slice = batch;
  slice.length = length;
  for (Column& column : slice.columns) {
    column.offset += first;
    column.length = length;
  }
  return slice;
}

std::vector<WindowSpec> sample_definitions() {
  WindowSpec base;
  base.time = "ts";
  base.keys = {"key"};
  base.lateness = parse_duration("20s");
  base.aggregates = sample_aggregates(true);
  const auto timed = [&](std::string_view every, std::string_view length) {
    WindowSpec spec = base;
    spec.kind = WindowKind::kTime;
    spec.every = parse_duration(every);
    spec.length = parse_duration(length);
    return spec;
  };
  std::vector<WindowSpec> out = {timed("10s", "10s"), timed("3s", "20s"), timed("30s", "10s"),
                                 timed("1d", "2d"), timed("1mo", "1mo")};
  out[0].keys = {"name", "key"};
  out[1].aggregates.resize(11);  // without pieces that own memory: merged by heads and tails
  out[3].zone = {"Europe/Berlin", {{INT64_MIN, 3600}, {1'711'846'800, 7200}}};
  WindowSpec spec = base;
  spec.kind = WindowKind::kSession;
  spec.gap = parse_duration("2s");
  spec.keys = {"name"};
  out.push_back(spec);
  spec = base;
  spec.kind = WindowKind::kCount;
  spec.rows = 50;
  out.push_back(spec);
  spec.kind = WindowKind::kSliding;
  spec.rows = 7;
  out.push_back(spec);
  spec.rows = 0;
  spec.length = parse_duration("4s");
  spec.lateness = parse_duration("3s");
  out.push_back(spec);
  spec.kind = WindowKind::kGlobal;
  spec.length = {};
  spec.time.clear();
  spec.lateness = {};
  spec.keys.clear();
  spec.aggregates = sample_aggregates(false);
  out.push_back(spec);
  spec = std::move(base);
  spec.kind = WindowKind::kBounds;
  spec.bounds = {kStart * 1000 + 5'000'000'000, kStart * 1000 + 6'000'000'000,
                 kStart * 1000 + 60'000'000'000};
  out.push_back(spec);
  add_updating(out);
  return out;
}

}  // namespace kedge
