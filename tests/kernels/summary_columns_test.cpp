#include "kedge/kernels/summary_columns.h"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"
#include "kedge/base/twofold.h"

namespace kedge {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kLengths[] = {1, 2, 3, 7, 8, 9, 31, 127, 128, 129, 130, 257, 300};

// Columns of so many summaries, with the memory they lie in.
struct Summaries {
  Summaries(std::size_t size, SummaryParts of_parts)
      : length(size), parts(of_parts), memory(size * summary_words(of_parts)) {}

  WordColumns columns() {
    return {reinterpret_cast<std::byte*>(memory.data()), length * sizeof(double)};
  }
  std::uint64_t& count(std::size_t i) { return columns().word<std::uint64_t>(0)[i]; }
  double& word(std::size_t w, std::size_t i) { return columns().word<double>(w)[i]; }

  // Every NaN as the same one.
  std::vector<std::uint64_t> bits() {
    std::vector<std::uint64_t> out;
    for (std::size_t w = 0; w < summary_words(parts); ++w) {
      for (std::size_t i = 0; i < length; ++i) {
        const std::uint64_t plain = w == 0 ? count(i) : std::bit_cast<std::uint64_t>(word(w, i));
        const bool is_nan = w != 0 && word(w, i) != word(w, i);
        out.push_back(is_nan ? 0x7ff8000000000000 : plain);
      }
    }
    return out;
  }

  std::size_t length;
  SummaryParts parts;
  std::vector<double> memory;
};

struct Values {
  std::vector<double> values;
  std::vector<std::uint8_t> keep;
};

Values draw(std::size_t length, Random& random) {
  const double hard[] = {0.0,   -0.0,   5e-324,    -1e-310,    1e300,
                         1e-90, -1e200, kInfinity, -kInfinity, std::nan("")};
  const std::uint64_t share = random.below(3) == 0 ? 4 : 1000;
  Values out;
  for (std::size_t i = 0; i < length; ++i) {
    const bool is_hard = random.below(share) == 0;
    out.values.push_back(is_hard ? hard[random.below(std::size(hard))] : 1e6 + random.uniform());
    out.keep.push_back(random.below(4) != 0);
  }
  return out;
}

// One summary behind another, as plainly as it can be said.
void join(Summaries& first, std::size_t i, Summaries& then, std::size_t k, Summaries& to,
          std::size_t at) {
  const SummaryParts parts = to.parts;
  to.count(at) = first.count(i) + then.count(k);
  for (std::size_t w = 1; has_sum(parts) && w <= (has_squares(parts) ? 2U : 1U); ++w) {
    const std::size_t rest = rest_word(parts) + w - 1;
    const Twofold both = exact_sum(first.word(w, i), then.word(w, k));
    to.word(rest, at) = first.word(rest, i) + (both.low + then.word(rest, k));
    to.word(w, at) = both.high;
  }
  for (std::size_t w = extremes_word(parts); w < summary_words(parts); ++w) {
    const double a = first.word(w, i), b = then.word(w, k);
    to.word(w, at) = b > a ? b : a;
  }
}

// The rows one by one, through the kernel that adds rows to states.
Summaries one_by_one(const Values& given, SummaryParts parts, bool some) {
  Summaries out(given.values.size(), parts);
  for (std::size_t i = 0; i < out.length; ++i) {
    std::vector<double> words(2 * summary_words(parts));
    for (std::size_t w = extremes_word(parts); w < summary_words(parts); ++w) words[w] = -kInfinity;
    auto* const state = reinterpret_cast<std::byte*>(words.data());
    std::byte* const sink = state + summary_words(parts) * sizeof(double);
    summarize_scalar().of[static_cast<std::size_t>(parts)](
        {&state, 0, given.values.data() + i, some ? given.keep.data() + i : nullptr, sink, 1});
    for (std::size_t w = 0; w < summary_words(parts); ++w) out.word(w, i) = words[w];
  }
  return out;
}

template <class Check>
void for_each_case(const Check& check) {
  Random random(41);
  for (const SummaryColumnsVariant& variant : summary_columns_variants()) {
    if (!is_runnable(variant.isa)) continue;
    for (std::size_t part = 0; part < kSummaryParts; ++part) {
      for (const std::size_t length : kLengths) {
        const Values given = draw(length, random);
        for (const bool some : {false, true}) {
          const auto parts = static_cast<SummaryParts>(part);
          check(variant.of[part], given, one_by_one(given, parts, some), some);
        }
      }
    }
  }
}

TEST("rows by themselves are what adding each to an empty summary gives") {
  for_each_case(
      [](const SummaryMerges& merges, const Values& given, Summaries expected, bool some) {
        Summaries found(expected.length, expected.parts);
        merges.single(found.columns(), given.values.data(), some ? given.keep.data() : nullptr,
                      found.length);
        CHECK(found.bits() == expected.bits());
      });
}

TEST("running sums from either end are merges of one summary after the other") {
  for_each_case([](const SummaryMerges& merges, const Values&, const Summaries& rows, bool) {
    Summaries forward = rows, backward = rows, found = rows;
    for (std::size_t i = 1; i < rows.length; ++i) join(forward, i - 1, forward, i, forward, i);
    merges.sum_forward(found.columns(), found.length);
    CHECK(found.bits() == forward.bits());
    for (std::size_t i = rows.length; i-- > 1;) join(backward, i - 1, backward, i, backward, i - 1);
    found = rows;
    merges.sum_backward(found.columns(), found.length);
    CHECK(found.bits() == backward.bits());
  });
}

TEST("what comes before is merged ahead, one for all or one for each") {
  for_each_case([](const SummaryMerges& merges, const Values&, const Summaries& rows, bool) {
    Summaries before = rows, each = rows, all = rows, found = rows;
    merges.sum_backward(before.columns(), before.length);
    for (std::size_t i = 0; i < rows.length; ++i) join(before, i, each, i, each, i);
    merges.prepend_each(found.columns(), before.columns(), found.length);
    CHECK(found.bits() == each.bits());
    for (std::size_t i = 0; i < rows.length; ++i) join(before, 0, all, i, all, i);
    found = rows;
    merges.prepend_one(found.columns(), before.columns(), found.length);
    CHECK(found.bits() == all.bits());
  });
}

// Sums so large that they overflow, empty summaries and all sorts of counts.
Summaries hard_summaries(SummaryParts parts, Random& random) {
  const Values given = draw(300, random);
  Summaries out = one_by_one(given, parts, true);
  summary_columns_scalar().of[static_cast<std::size_t>(parts)].sum_backward(out.columns(),
                                                                            out.length);
  for (std::size_t i = 0; i < out.length; ++i) {
    if (random.below(4) == 0) out.count(i) = random.bits() >> random.below(64);
    if (random.below(4) == 0) out.count(i) = random.below(3);
  }
  return out;
}

struct Answers {
  std::vector<std::uint64_t> values;
  std::vector<std::uint8_t> valid;
  friend bool operator==(const Answers&, const Answers&) = default;
};

Answers all_answers(const SummaryAnswers& answers, Summaries& of) {
  Answers out;
  const auto add = [&](auto read, auto argument) {
    const std::size_t at = out.values.size();
    out.values.resize(at + of.length);
    out.valid.resize(at + of.length);
    read(of.columns(), argument, of.length, out.values.data() + at, out.valid.data() + at);
  };
  const std::size_t rest = rest_word(of.parts), extremes = extremes_word(of.parts);
  if (has_sum(of.parts)) {
    add(answers.sum, rest);
    add(answers.mean, rest);
  }
  for (const double ddof : {0.0, 1.0, 2.5}) {
    if (!has_squares(of.parts)) break;
    add(answers.variance, ddof);
    add(answers.stddev, ddof);
  }
  if (has_extremes(of.parts)) {
    add(answers.least, extremes);
    add(answers.greatest, extremes);
  }
  return out;
}

TEST("every variant gives the scalar one's answers") {
  Random random(43);
  for (std::size_t part = 0; part < kSummaryParts; ++part) {
    for (int round = 0; round < 20; ++round) {
      Summaries summaries = hard_summaries(static_cast<SummaryParts>(part), random);
      const Answers expected = all_answers(summary_columns_scalar().answers, summaries);
      for (const SummaryColumnsVariant& variant : summary_columns_variants()) {
        if (!is_runnable(variant.isa)) continue;
        CHECK(all_answers(variant.answers, summaries) == expected);
      }
    }
  }
}

TEST("means, sums and extremes are those of the definition, whatever the count") {
  Random random(44);
  Summaries of = hard_summaries(SummaryParts::kSumExtremes, random);
  const Answers found = all_answers(summary_columns_scalar().answers, of);
  const auto bits = [](double value) {
    return value == value ? std::bit_cast<std::uint64_t>(value) : 0x7ff8000000000000;
  };
  for (std::size_t i = 0; i < of.length; ++i) {
    const bool is_known = of.count(i) != 0;
    const double sum = Twofold{of.word(1, i), of.word(2, i)}.value();
    const double least = of.word(3, i), greatest = of.word(4, i);
    const bool is_nan = least == -kInfinity && greatest == -kInfinity;
    const double expected[] = {sum, sum / static_cast<double>(of.count(i)),
                               is_nan ? std::nan("") : -least, is_nan ? std::nan("") : greatest};
    for (std::size_t a = 0; a < std::size(expected); ++a) {
      CHECK(found.valid[a * of.length + i] == (is_known ? 1 : 0));
      CHECK(found.values[a * of.length + i] == (is_known ? bits(expected[a]) : 0));
    }
  }
}

TEST("a variance of values far from zero keeps what a double would lose") {
  Summaries of(1, SummaryParts::kMoments);
  Values given{{1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 6}, {}};
  Summaries rows = one_by_one(given, SummaryParts::kMoments, false);
  summary_columns_scalar().of[1].sum_backward(rows.columns(), rows.length);
  const Answers found = all_answers(summary_columns_scalar().answers, rows);
  CHECK(std::bit_cast<double>(found.values[2 * rows.length]) == 3.5);
}

}  // namespace
}  // namespace kedge
