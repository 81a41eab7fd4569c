#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrow_input.h"
#include "bindings.h"
#include "counts_input.h"
#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"
#include "kedge/drift/bins.h"
#include "kedge/drift/bracket.h"
#include "kedge/drift/chi_square.h"
#include "kedge/drift/compare.h"
#include "kedge/drift/ks.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

enum class Order { kSigned, kUnsigned, kReal };

Order order_of(const Batches& column, const char* which) {
  if (column.schema->size() != 1) {
    throw invalid_argument("the ", which, " sample has ", column.schema->size(),
                           " columns, one is wanted");
  }
  const Type& type = column.schema->front().type;
  if (!is_numeric(type)) {
    throw unsupported("the ", which, " sample is ", type_name(type), ", numbers are wanted");
  }
  if (type.id == TypeId::kUint64) return Order::kUnsigned;
  const bool is_float =
      type.id == TypeId::kFloat16 || type.id == TypeId::kFloat32 || type.id == TypeId::kFloat64;
  return is_float ? Order::kReal : Order::kSigned;
}

// The values of a column as one run of Value: in place when they are that already, else a copy of
// the rows that are not null.
template <class Value>
class Values {
 public:
  Values(const Batches& table, TypeId in_place) {
    const bool one = table.batches.size() == 1 && table.schema->front().type.id == in_place;
    if (one) {
      const Column& column = table.batches.front().columns.front();
      sample_ = {{column.data<Value>(), column.length}, column.validity, column.offset};
      return;
    }
    for (const Batch& batch : table.batches) append(batch.columns.front());
    sample_.values = copy_;
  }
  const Sample<Value>& sample() const { return sample_; }

 private:
  void append(const Column& column) {
    for (std::size_t row = 0; row < column.length; ++row) {
      if (column.is_null(row)) continue;
      if constexpr (std::is_same_v<Value, double>) {
        double value;
        read_doubles(column, row, 1, &value);
        copy_.push_back(value);
      } else {
        copy_.push_back(integer_at(column, row));
      }
    }
  }

  static Value integer_at(const Column& column, std::size_t row) {
    if (column.type == TypeId::kUint64) {
      return static_cast<Value>(column.data<std::uint64_t>()[row]);
    }
    if (value_bytes(column.type) == 8) {
      return static_cast<Value>(column.data<std::int64_t>()[row]);
    }
    double value;
    read_doubles(column, row, 1, &value);
    return static_cast<Value>(value);
  }

  std::vector<Value> copy_;
  Sample<Value> sample_;
};

template <class Value>
nb::tuple run_ks_test(const Batches& x, const Batches& y, TypeId in_place) {
  const Values<Value> first(x, in_place);
  const Values<Value> second(y, in_place);
  KsResult result;
  {
    nb::gil_scoped_release release;
    result = ks_test(first.sample(), second.sample());
  }
  const auto& home = result.in_first ? first.sample() : second.sample();
  return nb::make_tuple(result.statistic, result.pvalue, home.values[result.index], result.sign,
                        result.first_count, result.second_count);
}

// Times compare only with times in the same unit: everything else would be a distance of 1.
void check_same_time(const Type& first, const Type& second) {
  if (!is_time(first.id) && !is_time(second.id)) return;
  if (first.id == second.id && first.unit == second.unit) return;
  throw unsupported("a test of ", type_name(first), " against ", type_name(second),
                    "; cast one to the other's type");
}

nb::tuple ks_test_of(nb::handle x, nb::handle y) {
  const Batches first = batches_from(x);
  const Batches second = batches_from(y);
  const Order a = order_of(first, "first");
  const Order b = order_of(second, "second");
  check_same_time(first.schema->front().type, second.schema->front().type);
  if (a == Order::kReal || b == Order::kReal) {
    return run_ks_test<double>(first, second, TypeId::kFloat64);
  }
  if (a != b) {
    throw unsupported("a test of ", type_name(first.schema->front().type), " against ",
                      type_name(second.schema->front().type), "; cast one to the other's type");
  }
  if (a == Order::kUnsigned) return run_ks_test<std::uint64_t>(first, second, TypeId::kUint64);
  return run_ks_test<std::int64_t>(first, second, TypeId::kInt64);
}

Batches compare_profiles(const Profile& reference, const Profile& current, double min_effect,
                         double confidence) {
  const Batch batch = to_batch(compare(reference, current, {min_effect, confidence}));
  return {batch.schema, {batch}};
}

Batches compare_slices_of(const Profile& reference, const Profile& current, double min_effect,
                          double confidence) {
  const Batch batch = to_batch(compare_slices(reference, current, {min_effect, confidence}));
  return {batch.schema, {batch}};
}

nb::tuple bracket_of(const Histogram& reference, const Histogram& current) {
  const Bracket bracket = ks_bracket(reference, current);
  return nb::make_tuple(bracket.lower, bracket.upper);
}

bool is_text(const Batches& column) {
  return column.schema->size() == 1 && Text::takes(column.schema->front().type);
}

BinnedCounts names_of(const Batches& x, const Batches& y) {
  NameTally tally;
  for (const Batch& batch : x.batches) tally.add_reference(batch.columns[0]);
  for (const Batch& batch : y.batches) tally.add_current(batch.columns[0]);
  return tally.bins();
}

nb::tuple chi_square_of(nb::handle x, nb::handle y) {
  const Batches first = batches_from(x);
  const Batches second = batches_from(y);
  const BinnedCounts bins = is_text(first) && is_text(second)
                                ? names_of(first, second)
                                : BinnedCounts{counts_from(first, "x"), counts_from(second, "y")};
  const ChiSquareResult result = chi_square_homogeneity(bins.reference, bins.current);
  return nb::make_tuple(result.statistic, result.pvalue, static_cast<std::int64_t>(result.dof));
}

}  // namespace

void bind_drift(nb::module_& m) {
  m.def("ks_test", ks_test_of, "x"_a.none(), "y"_a.none(),
        nb::sig("def ks_test(x: object, y: object) -> "
                "tuple[float, float, float | int, int, int, int]"),
        "The exact two-sample test: statistic, p-value, location, sign and both sizes.");
  m.def("chi_square_test", chi_square_of, "x"_a.none(), "y"_a.none(),
        nb::sig("def chi_square_test(x: object, y: object) -> tuple[float, float, int]"),
        "The chi-square test of homogeneity of two counts: statistic, p-value, freedom.");
  m.def("ks_bracket", bracket_of, "reference"_a, "current"_a,
        nb::sig("def ks_bracket(reference: Histogram, current: Histogram) -> tuple[float, float]"),
        "Certain bounds of the distance between two samples counted over the same cells.");
  m.def("compare", compare_profiles, "reference"_a, "current"_a, "min_effect"_a, "confidence"_a,
        "One row for each column: what changed, by how much, how surely, and where.");
  m.def("compare_slices", compare_slices_of, "reference"_a, "current"_a, "min_effect"_a,
        "confidence"_a, "The same for each slice of the rows and column.");
}

}  // namespace kedge
