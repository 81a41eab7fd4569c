#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/operators.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "kedge/base/error.h"
#include "kedge/evidence/bernstein_interval.h"
#include "kedge/evidence/betting_interval.h"
#include "kedge/evidence/count_ratio.h"
#include "kedge/evidence/detector.h"
#include "kedge/evidence/fdr.h"
#include "kedge/evidence/mean_bet.h"
#include "kedge/evidence/mixture.h"
#include "kedge/evidence/two_sample.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <class Class>
void bind_bytes(nb::class_<Class>& bound) {
  bound.def(
      "to_bytes",
      [](const Class& self) {
        ByteWriter out;
        self.write(out);
        return python_bytes(out.view());
      },
      "The stored form.");
  bound.def_static(
      "from_bytes",
      [](const nb::bytes& data) {
        ByteReader in(bytes_of(data), "evidence");
        Class read = Class::read(in);
        in.expect_end();
        return read;
      },
      "data"_a, "Read the stored form.");
}

template <class Class>
void update_all(Class& self, const Numbers& values) {
  for (std::size_t i = 0; i < values.shape(0); ++i) self.update(values.data()[i]);
}

// The capital after each value: what somebody who looks all the time sees.
template <class Class>
std::vector<double> path_of(Class& self, const Numbers& values) {
  std::vector<double> path;
  path.reserve(values.shape(0));
  for (std::size_t i = 0; i < values.shape(0); ++i) {
    self.update(values.data()[i]);
    path.push_back(self.log_capital());
  }
  return path;
}

template <class Class>
void bind_bet(nb::module_& m, const char* name, const char* doc) {
  auto bet = nb::class_<Class>(m, name, doc)
                 .def(nb::init<double, double, double, double>(), "mean"_a, "low"_a, "high"_a,
                      "memory"_a = 1.0, "Against this mean of values from low to high.")
                 .def("update", &Class::update, "value"_a, "The log of the factor of one value.")
                 .def("path", path_of<Class>, "values"_a, "The log capital after each value.")
                 .def("merge", &Class::merge, "other"_a, "Multiply by the capital of another run.")
                 .def_prop_ro("log_capital", &Class::log_capital, "The log of the capital.");
  bind_bytes(bet);
}

template <class Class>
nb::class_<Class> bind_interval(nb::module_& m, const char* name, const char* doc) {
  auto interval =
      nb::class_<Class>(m, name, doc)
          .def("update", update_all<Class>, "values"_a, "Take the values in their order.")
          .def_prop_ro(
              "limits",
              [](const Class& self) { return std::pair(self.limits().lower, self.limits().upper); },
              "The mean lies between these two, at all times at once.")
          .def_prop_ro("count", &Class::count, "How many values there were.");
  bind_bytes(interval);
  return interval;
}

ArmCounts arm(std::int64_t hits, std::int64_t rows) {
  if (hits < 0 || hits > rows) throw invalid_argument(hits, " hits of ", rows, " rows");
  return {static_cast<std::uint64_t>(hits), static_cast<std::uint64_t>(rows)};
}

void bind_two_sample(nb::module_& m) {
  auto ratio =
      nb::class_<TwoSampleRatio>(m, "TwoSampleRatio", "Blocks of outcomes of two arms.")
          .def(nb::init<bool>(), "one_sided"_a, "Nothing seen.")
          .def(
              "update",
              [](TwoSampleRatio& self, std::int64_t a_hits, std::int64_t a_rows,
                 std::int64_t b_hits, std::int64_t b_rows) {
                return self.update(arm(a_hits, a_rows), arm(b_hits, b_rows));
              },
              "a_hits"_a, "a_rows"_a, "b_hits"_a, "b_rows"_a, "The log of the block's factor.")
          .def("merge", &TwoSampleRatio::merge, "other"_a, "Multiply by that of another run.")
          .def_prop_ro("log_evidence", &TwoSampleRatio::log_evidence, "The log of the evidence.");
  bind_bytes(ratio);
}

void bind_detector(nb::module_& m) {
  nb::enum_<DetectorForm>(m, "DetectorForm", "How a detector adds up beginnings.")
      .value("shiryaev_roberts", DetectorForm::kShiryaevRoberts, "All of them.")
      .value("cusum", DetectorForm::kCusum, "The best one.")
      .value("never_false", DetectorForm::kNeverFalse, "All, by weights that sum to 1.");
  auto detector =
      nb::class_<ChangeDetector>(m, "ChangeDetector", "Evidence of a change at any time.")
          .def(nb::init<DetectorForm>(), "form"_a, "Nothing seen.")
          .def("update", &ChangeDetector::update, "log_factor"_a, "elapsed"_a = 1.0,
               "One look at the log of a factor.")
          .def("restart", &ChangeDetector::restart, "Forget the evidence, not the time.")
          .def_prop_ro("log_evidence", &ChangeDetector::log_evidence, "The log of the evidence.")
          .def_prop_ro("since", &ChangeDetector::since, "When the change began, if it did.")
          .def_prop_ro("now", &ChangeDetector::now, "The time.");
  bind_bytes(detector);
}

}  // namespace

void bind_evidence(nb::module_& m) {
  bind_bet<MeanBet>(m, "MeanBet", "Capital of bets that a mean is larger.");
  bind_bet<MeanHedge>(m, "MeanHedge", "Capital of bets that a mean is another.");
  bind_interval<BernsteinInterval>(m, "BernsteinInterval", "Limits of a mean, cheap.")
      .def(nb::init<double, double, double>(), "low"_a, "high"_a, "alpha"_a, "Nothing seen.");
  bind_interval<BettingInterval>(m, "BettingInterval", "Limits of a mean, narrow.")
      .def(nb::init<double, double, double, std::uint32_t>(), "low"_a, "high"_a, "alpha"_a,
           "points"_a = 1000, "Nothing seen.");
  bind_two_sample(m);
  bind_detector(m);
  m.def("mixture_bound", mixture_bound, "variance"_a, "rho"_a, "alpha"_a,
        "How far a centred sum of that variance may ever be from 0.");
  m.def("mixture_rho", mixture_rho, "variance"_a, "alpha"_a,
        "The rho whose bound is narrow at that variance.");
  m.def(
      "count_ratio",
      [](double boundary, double alternative, std::uint64_t hits, std::uint64_t rows) {
        return CountRatio(boundary, alternative).log_factor(hits, rows);
      },
      "boundary"_a, "alternative"_a, "hits"_a, "rows"_a,
      "The log of the likelihood ratio of hits in rows.");
  m.def(
      "e_benjamini_hochberg",
      [](const std::vector<double>& log_evidence, double alpha) {
        return e_benjamini_hochberg(log_evidence, alpha);
      },
      "log_evidence"_a, "alpha"_a, "The tests to reject, the strongest first.");
}

}  // namespace kedge
