#include "kedge/serve/shadow_scorer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "allocations.h"
#include "check.h"
#include "kedge/serve/request_rows.h"
#include "serve/infer_messages.h"
#include "serve/model_folder.h"

namespace kedge {
namespace {

using test::columns_of;
using test::Message;
using test::request_of;

class TwoVersions {
 public:
  const ServedModel& live() const { return catalog_->find("a", "1"); }
  const ServedModel& candidate() const { return catalog_->find("a", "2"); }

 private:
  static std::string fill(const test::ModelFolder& folder) {
    folder.put("a", "1", 1);
    folder.put("a", "2", 2);
    return folder.path();
  }

  test::ModelFolder folder_;
  Repository repository_{fill(folder_)};
  Repository::Pin catalog_ = repository_.read();
};

std::vector<double> scores_of(const ServedModel& served, const Message& message) {
  InferRequest request;
  request.read(message);
  std::vector<double> values;
  RowBatch batch;
  const Rows rows = request_rows(*served.model, *served.form, request.inputs(), values);
  batch.start(rows.is_float32);
  batch.add(rows, served.model->features());
  std::vector<double> out;
  append_values(batch.score(*served.model), served.model->outputs(), out);
  return out;
}

}  // namespace

TEST("what a candidate says is compared row by row, however requests come and who knows scores") {
  const TwoVersions two;
  const std::size_t width = two.live().model->features();
  const std::size_t outputs = two.live().model->outputs();
  ShadowJobs jobs;
  jobs.start(two.live(), two.candidate());
  ShadowCounts expected;
  for (std::size_t i = 0; i < 60; ++i) {
    const auto start = static_cast<double>(i) - 30;
    const std::size_t rows = i % 7 == 0 ? 100 : i % 4;
    const Message message = i % 3 == 0   ? request_of<float>("a", rows, width, start)
                            : i % 3 == 1 ? request_of<double>("a", rows, width, start)
                                         : columns_of(*two.live().model, rows);
    const std::vector<double> live = scores_of(two.live(), message);
    const std::vector<double> candidate = scores_of(two.candidate(), message);
    jobs.add(message, {}, i % 5 == 0 ? Rows{} : rows_of(live, outputs));
    for (std::size_t k = 0; k < live.size(); k += outputs) {
      ++expected.rows;
      bool is_equal = true;
      for (std::size_t j = k; j < k + outputs; ++j) {
        is_equal = is_equal && live[j] == candidate[j];
        expected.largest_difference =
            std::max(expected.largest_difference, std::abs(live[j] - candidate[j]));
      }
      if (!is_equal) ++expected.rows_different;
    }
  }
  jobs.add(request_of<double>("a", 1, width + 1, 0), {}, {});  // wrong, and alone in it
  jobs.add(Message(3, std::byte{0xff}), {}, {});
  ShadowScorer scorer;
  for (int again = 0; again < 2; ++again) {
    const ShadowCounts counts = scorer.score(jobs, false);
    CHECK(counts.rows == expected.rows && counts.rows_different == expected.rows_different);
    CHECK(counts.rows_different > 0 && counts.failed == 2);
    CHECK(counts.largest_difference == expected.largest_difference);
  }
  CHECK(scorer.score(jobs, true).rows == 0);
}

TEST("scores of other rows than the request has are no comparison") {
  const TwoVersions two;
  const Message message = request_of<double>("a", 2, two.live().model->features(), 1);
  const std::vector<double> three(3 * two.live().model->outputs());
  ShadowJobs jobs;
  jobs.start(two.live(), two.candidate());
  jobs.add(message, {}, rows_of(three, two.live().model->outputs()));
  ShadowScorer scorer;
  const ShadowCounts counts = scorer.score(jobs, false);
  CHECK(counts.rows == 0 && counts.failed == 1);
}

TEST("a request that is left for the shadow allocates nothing once as many were") {
  const TwoVersions two;
  const std::size_t outputs = two.live().model->outputs();
  const Message message = request_of<double>("a", 2, two.live().model->features(), 1);
  const Message fetched(7, std::byte{9});
  const std::vector<double> scores(2 * outputs, 0.5);
  ShadowJobs jobs;
  const auto fill = [&] {
    jobs.start(two.live(), two.candidate());
    for (int i = 0; i < 50; ++i) jobs.add(message, fetched, rows_of(scores, outputs));
  };
  fill();
  jobs.clear();
  CHECK(jobs.size() == 0 && !jobs.are_of(two.live(), two.candidate()));
  const std::size_t before = test::allocations();
  fill();
  const std::size_t taken = test::allocations() - before;
  CHECK(taken == 0);
  CHECK(jobs.size() == 50 && jobs.are_of(two.live(), two.candidate()));
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    CHECK(std::ranges::equal(jobs[i].request, message));
    CHECK(std::ranges::equal(jobs[i].fetched, fetched));
    CHECK(std::ranges::equal(jobs[i].known, scores));
  }
}

}  // namespace kedge
