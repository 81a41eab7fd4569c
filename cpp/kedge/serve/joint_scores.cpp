#include "kedge/serve/joint_scores.h"

#include <algorithm>
#include <exception>

#include "kedge/base/give_back.h"
#include "kedge/serve/request_rows.h"

namespace kedge {
namespace {

constexpr std::size_t kMostKept = std::size_t{1} << 22;  // bytes of each part

bool wants_scores(const InferRequest& request) {
  if (request.outputs().empty()) return true;
  return std::ranges::any_of(request.outputs(), [](const RequestedOutput& output) {
    return output.name == "score" || output.name == "label" || output.name == "probabilities";
  });
}

}  // namespace

void JointScores::make(const Catalog& catalog, const Router& router,
                       std::span<const std::span<const std::byte>> requests,
                       std::size_t most_rows) noexcept {
  used_ = batches_ = rows_ = 0;
  try {
    ready_.assign(requests.size(), {});
    for (std::size_t i = 0; i < requests.size(); ++i) {
      add(catalog, router, i, requests[i], most_rows);
    }
    for (Batch& batch : std::span(batches_made_).first(used_)) {
      if (batch.members.size() > 1) score(batch);
    }
  } catch (const std::exception&) {
    std::ranges::fill(ready_, ReadyScores{});  // each has its own turn, and its own error
  }
  request_.trim(kMostKept);
  if (values_.capacity() * sizeof(double) > kMostKept) give_back(values_);
}

void JointScores::add(const Catalog& catalog, const Router& router, std::size_t request,
                      std::span<const std::byte> message, std::size_t most_rows) try {
  request_.read(message);
  if (!wants_scores(request_)) return;
  const ServedModel& served = *router.choose(catalog, request_).served;
  const Rows rows = request_rows(*served.model, *served.form, request_.inputs(), values_);
  if (rows.count == 0 || rows.count >= most_rows) return;
  Batch& batch = batch_for(*served.model, rows, most_rows);
  batch.members.push_back({request, batch.rows.count(), rows.count});
  batch.rows.add(rows, served.model->features());
} catch (const Error&) {
  return;
} catch (const Refusal&) {
  return;
}

JointScores::Batch& JointScores::batch_for(const Model& model, const Rows& rows,
                                           std::size_t most_rows) {
  for (Batch& batch : std::span(batches_made_).first(used_)) {
    if (batch.model == &model && batch.rows.is_float32() == rows.is_float32 &&
        rows.count <= most_rows - batch.rows.count()) {
      return batch;
    }
  }
  if (used_ == batches_made_.size()) batches_made_.emplace_back();
  Batch& batch = batches_made_[used_++];
  batch.model = &model;
  batch.rows.start(rows.is_float32);
  batch.members.clear();
  return batch;
}

void JointScores::score(Batch& batch) {
  const Rows scores = batch.rows.score(*batch.model);
  const auto of_row = static_cast<std::size_t>(scores.row_stride);
  for (const Member& member : batch.members) {
    ready_[member.request] = {batch.model, member.rows, scores.data + member.first * of_row,
                              member.rows * of_row};
  }
  ++batches_;
  rows_ += batch.rows.count();
}

}  // namespace kedge
