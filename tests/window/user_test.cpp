// Users' code that is compiled here instead of by Numba: what the core does with it.
#include <array>
#include <cstring>

#include "check.h"
#include "kedge/base/random.h"
#include "kedge/window/window.h"
#include "sample_stream.h"

namespace kedge {
namespace {

// Sum and count of integers; -1 is raised over.
struct Sum {
  std::int64_t total, count;
};

Sum& sum_at(std::byte* state) { return *reinterpret_cast<Sum*>(state); }
const Sum& sum_at(const std::byte* state) { return *reinterpret_cast<const Sum*>(state); }

void add(Sum& into, const Sum& other) {
  into.total += other.total;
  into.count += other.count;
}

std::int32_t step(std::byte* const* states, std::size_t offset, const void* const* values,
                  const std::uint8_t* keep, std::size_t length) {
  const auto* numbers = static_cast<const std::int64_t*>(values[0]);
  for (std::size_t i = 0; i < length; ++i) {
    if (keep != nullptr && keep[i] == 0) continue;
    if (numbers[i] == -1) return 1;
    add(sum_at(states[i] + offset), {numbers[i], 1});
  }
  return 0;
}

std::int32_t merge(std::byte* into, const std::byte* from, std::ptrdiff_t stride,
                   std::size_t length) {
  for (std::size_t i = 0; i < length; ++i, into += stride, from += stride) {
    add(sum_at(into), sum_at(from));
  }
  return 0;
}

std::int32_t prepend(std::byte* into, const std::byte* before, std::ptrdiff_t stride,
                     std::size_t length, std::byte* scratch) {
  for (std::size_t i = 0; i < length; ++i, into += stride, before += stride) {
    std::memcpy(scratch, into, sizeof(Sum));
    std::memcpy(into, before, sizeof(Sum));
    add(sum_at(into), sum_at(scratch));
  }
  return 0;
}

std::int32_t finish(const std::byte* const* states, std::size_t offset, std::size_t length,
                    std::uint64_t* values, std::uint8_t* valid) {
  for (std::size_t i = 0; i < length; ++i) {
    const Sum& sum = sum_at(states[i] + offset);
    values[i] = bits_of(sum.total);
    valid[i] = sum.count != 0;
  }
  return 0;
}

// n + 1, none for multiples of three.
std::int32_t next_number(const void* const* values, const std::uint8_t* keep, std::size_t length,
                         std::uint64_t* out, std::uint8_t* valid) {
  const auto* numbers = static_cast<const std::int64_t*>(values[0]);
  for (std::size_t i = 0; i < length; ++i) {
    valid[i] = (keep == nullptr || keep[i] != 0) && numbers[i] % 3 != 0;
    out[i] = bits_of(numbers[i] + 1);
  }
  return 0;
}

class TestCodes final : public UserCodes {
 public:
  explicit TestCodes(std::uint64_t hash) : hash_(hash) {}

  std::optional<std::uint64_t> hash_of(const std::string& name) const override {
    if (name == "sum" || name == "next") return hash_;
    return std::nullopt;
  }
  UserCode code_for(const std::string&, std::span<const TypeId> inputs) const override {
    CHECK(inputs.size() == 1 && inputs[0] == TypeId::kInt64);
    UserCode code;
    code.initial.resize(sizeof(Sum));
    code.plain_words = sizeof(Sum) / sizeof(std::uint64_t);
    code.result = TypeId::kInt64;
    code.step = &step;
    code.merge = &merge;
    code.prepend = &prepend;
    code.finish = &finish;
    return code;
  }
  UserColumnCode column_for(const std::string&, std::span<const TypeId>) const override {
    return {TypeId::kInt64, &next_number};
  }

 private:
  std::uint64_t hash_;
};

// The definition with a user's sum of `input` beside the built-in one.
WindowSpec with_sums(WindowSpec spec, const std::string& input) {
  spec.columns = {{"next n", {"next", 7, {"n"}}}};
  AggregateSpec mine, built_in;
  mine.name = "mine";
  mine.function = Function::kUser;
  mine.user = {"sum", 7, {input}};
  mine.where = built_in.where = "x > 1000";
  built_in.name = "built in";
  built_in.function = Function::kSum;
  built_in.input = input;
  spec.aggregates.push_back(mine);
  spec.aggregates.push_back(built_in);
  return spec;
}

bool sums_agree(const Batch& closed) {
  const Column& mine = closed.columns[find_column(*closed.schema, "mine")];
  const Column& built_in = closed.columns[find_column(*closed.schema, "built in")];
  for (std::size_t i = 0; i < closed.length; ++i) {
    if (mine.is_null(i) != built_in.is_null(i)) return false;
    if (mine.data<std::int64_t>()[i] != built_in.data<std::int64_t>()[i]) return false;
  }
  return true;
}

TEST("a user's sum is the built-in one, in windows of every kind and after restarts") {
  const TestCodes codes(7);
  const Batch stream = sample_batch(3000, 21);
  for (const WindowSpec& definition : sample_definitions()) {
    for (const char* input : {"n", "next n"}) {
      const WindowSpec spec = with_sums(definition, input);
      auto window = std::make_unique<Window>(spec, stream.schema, &codes);
      std::size_t rows = 0;
      for (std::size_t first = 0; first < stream.length; first += 500) {
        window->push(slice_of(stream, first, 500));
        const Batch closed = window->closed();
        CHECK(sums_agree(closed));
        rows += closed.length;
        const auto data = window->snapshot({});
        window = Window::restore(data, &spec, &codes).window;
        CHECK(window->snapshot({}) == data);
      }
      window->finish();
      const Batch closed = window->closed();
      CHECK(sums_agree(closed));
      CHECK(rows + closed.length != 0);
    }
  }
}

TEST("a definition with users' code is the one that is read back") {
  const WindowSpec spec = with_sums(sample_definitions().front(), "n");
  const auto bytes = spec.to_bytes();
  ByteReader in(bytes, "test");
  const WindowSpec again = WindowSpec::read(in);
  CHECK(again == spec);
  CHECK(again.hash() == spec.hash());
  WindowSpec other = spec;
  other.columns[0].user.hash = 8;
  CHECK(other.hash() != spec.hash());
  CHECK(difference_of(spec, other) ==
        "column \"next n\": next(\"n\") of hash 7, not next(\"n\") of hash 8");
}

TEST("a snapshot needs the code that it was made with") {
  const TestCodes codes(7), changed(8);
  const Batch stream = sample_batch(50, 22);
  Window window(with_sums(sample_definitions().front(), "n"), stream.schema, &codes);
  window.push(stream);
  const auto data = window.snapshot({});
  CHECK_ERROR("needs the code of \"sum\"", Window::restore(data));
  CHECK_ERROR("of hash 7, not sum(\"n\", where=\"x > 1000\") of hash 8",
              Window::restore(data, nullptr, &changed));
}

TEST("what a user's code raises ends the window") {
  const TestCodes codes(7);
  const Batch stream = sample_batch(50, 23);
  WindowSpec spec = with_sums(sample_definitions().front(), "n - n - 1");
  Window window(spec, stream.schema, &codes);
  CHECK_ERROR("aggregates[\"mine\"]: step raised an exception", window.push(stream));
  CHECK_ERROR("restore it from a snapshot", window.push(stream));
  CHECK_ERROR("step raised", window.finish());
  CHECK_ERROR("step raised", window.snapshot({}));
}

TEST("columns of users are refused that cannot be") {
  const WindowSpec spec = with_sums(sample_definitions().front(), "n");
  WindowSpec twice = spec;
  twice.columns.push_back(twice.columns.front());
  CHECK_ERROR("two that differ are called \"next n\"", twice.check());
  WindowSpec of_nothing = spec;
  of_nothing.columns[0].user.inputs.clear();
  CHECK_ERROR("it is computed from no column", of_nothing.check());
  WindowSpec of_many = spec;
  of_many.aggregates.back() = of_many.aggregates[of_many.aggregates.size() - 2];
  of_many.aggregates.back().name = "many";
  of_many.aggregates.back().user.inputs.assign(17, "n");
  CHECK_ERROR("17 columns, at most 16", of_many.check());
  const TestCodes codes(7);
  WindowSpec of_itself = with_sums(sample_definitions().front(), "next n");
  of_itself.columns[0].user.inputs = {"next n"};
  CHECK_ERROR("", Window(of_itself, sample_batch(1, 1).schema, &codes));
}

}  // namespace
}  // namespace kedge
