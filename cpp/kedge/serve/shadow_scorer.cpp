#include "kedge/serve/shadow_scorer.h"

#include <algorithm>
#include <cmath>
#include <exception>

#include "kedge/base/error.h"
#include "kedge/base/give_back.h"
#include "kedge/serve/request_rows.h"

namespace kedge {
namespace {

constexpr std::size_t kTogether = 64;                    // rows
constexpr std::size_t kMostKept = std::size_t{1} << 22;  // bytes

bool is_same(double a, double b) noexcept { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

void ShadowCounts::add(const ShadowCounts& more) noexcept {
  rows += more.rows;
  rows_different += more.rows_different;
  largest_difference = std::max(largest_difference, more.largest_difference);
  failed += more.failed;
  dropped += more.dropped;
}

ShadowCounts ShadowScorer::score(const ShadowJobs& jobs, const std::atomic<bool>& is_over) {
  counts_ = {};
  rows_.start(false);
  members_.clear();
  for (std::size_t i = 0; i < jobs.size() && !is_over; ++i) {
    try {
      add(jobs, jobs[i]);
    } catch (const std::exception&) {
      ++counts_.failed;
    }
  }
  compare(jobs);
  request_.trim(kMostKept);
  if (values_.capacity() * sizeof(double) > kMostKept) give_back(values_);
  return counts_;
}

void ShadowScorer::add(const ShadowJobs& jobs, const ShadowJobs::Job& job) {
  const ServedModel& candidate = jobs.candidate();
  const std::size_t outputs = candidate.model->outputs();
  if (outputs != jobs.live().model->outputs()) throw invalid_argument("other outputs");
  FetchedContents fetched(job.fetched);
  request_.read(job.request, &fetched);
  std::span<const double> known = job.known;
  const bool is_known = !known.empty();
  if (!is_known) {
    compare(jobs);  // live_scores_ are of one request
    known = ask_live(jobs.live());
  }
  const Rows rows = request_rows(*candidate.model, *candidate.form, request_.inputs(), values_);
  if (rows.count * outputs != known.size()) throw invalid_argument("other rows");
  if (rows.is_float32 != rows_.is_float32() || rows_.count() + rows.count > kTogether) {
    compare(jobs);
    rows_.start(rows.is_float32);
  }
  rows_.add(rows, candidate.model->features());
  members_.push_back({request_.id(), known, rows.count});
  if (!is_known) compare(jobs);
}

std::span<const double> ShadowScorer::ask_live(const ServedModel& live) {
  const Rows rows = request_rows(*live.model, *live.form, request_.inputs(), values_);
  live_rows_.start(rows.is_float32);
  live_rows_.add(rows, live.model->features());
  live_scores_.clear();
  append_values(live_rows_.score(*live.model), live.model->outputs(), live_scores_);
  return live_scores_;
}

// Those that wait, which are none afterwards.
void ShadowScorer::compare(const ShadowJobs& jobs) noexcept {
  std::size_t done = 0;
  try {
    const Rows scores = rows_.score(*jobs.candidate().model);
    for (std::size_t first = 0; done < members_.size(); ++done) {
      const Member& member = members_[done];
      const Rows own = scores.from(first, member.rows);
      remember(jobs, member, own);
      compare(member, own, jobs.candidate().model->outputs());
      first += member.rows;
    }
  } catch (const std::exception&) {
    counts_.failed += members_.size() - done;
  }
  rows_.start(rows_.is_float32());
  members_.clear();
}

void ShadowScorer::compare(const Member& member, const Rows& scores, std::size_t outputs) noexcept {
  for (std::size_t row = 0; row < scores.count; ++row) {
    bool is_equal = true;
    for (std::size_t k = 0; k < outputs; ++k) {
      const double live = member.known[row * outputs + k];
      const double candidate = scores.value(row, k);
      is_equal = is_equal && is_same(live, candidate);
      const double difference = std::abs(live - candidate);
      if (difference > counts_.largest_difference) counts_.largest_difference = difference;
    }
    ++counts_.rows;
    if (!is_equal) ++counts_.rows_different;
  }
}

// For labels to come, beside what the live model answered.
void ShadowScorer::remember(const ShadowJobs& jobs, const Member& member, const Rows& scores) {
  const ServedModel& live = jobs.live();
  const ServedModel& candidate = jobs.candidate();
  if (live.recent == nullptr || !live.kind || live.kind != candidate.kind) return;
  if (member.id.empty() || scores.count == 0) return;
  read_predictions(*candidate.kind, scores, candidate.model->outputs(), predictions_);
  live.recent->compare(member.id, candidate.version, predictions_);
}

}  // namespace kedge
