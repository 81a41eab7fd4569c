#include "kedge/serve/feedback.h"

#include <exception>

#include "kedge/base/error.h"
#include "kedge/base/protobuf.h"
#include "kedge/serve/parameters.h"

namespace kedge {
namespace {

FeedbackRequest::Label read_label(std::span<const std::byte> message) {
  FeedbackRequest::Label label;
  for (ProtoReader reader(message, "FeedbackRequest.Label"); reader.next();) {
    if (reader.field() == 1) label.id = utf8_text(reader, "request_id");
    if (reader.field() == 2) reader.append_to(label.values);
  }
  if (label.id.empty()) throw invalid_argument("a label without a request_id");
  return label;
}

}  // namespace

FeedbackRequest read_feedback(std::span<const std::byte> message) {
  FeedbackRequest out;
  for (ProtoReader reader(message, "FeedbackRequest"); reader.next();) {
    if (reader.field() == 1) out.model = utf8_text(reader, "model_name");
    if (reader.field() == 2) out.labels.push_back(read_label(reader.bytes()));
  }
  return out;
}

void JoinedLabels::Told::add(std::string_view id) {
  ++count;
  if (ids.size() < kMostTold) ids.push_back(id);
}

JoinedLabels::JoinedLabels(const FeedbackRequest& request, RecentPredictions& recent)
    : recent_(recent) {
  record_.model = request.model;
  record_.requests.reserve(request.labels.size());
  try {
    for (const FeedbackRequest::Label& label : request.labels) join(label);
  } catch (...) {
    give_back();
    throw;
  }
}

JoinedLabels::~JoinedLabels() {
  if (!is_kept_) give_back();
}

void JoinedLabels::join(const FeedbackRequest::Label& label) {
  RecentPredictions::Claim claim = recent_.claim(label.id);
  if (claim.found == RecentPredictions::Found::kUnknown) return unknown_.add(label.id);
  if (claim.found == RecentPredictions::Found::kLabelled) return duplicates_.add(label.id);
  record_.requests.push_back({std::string(label.id), std::move(claim.prediction), label.values});
  const Prediction& prediction = record_.requests.back().prediction;
  if (label.values.size() != prediction.rows.size()) {
    throw invalid_argument("request \"", label.id, "\": ", label.values.size(), " values, it had ",
                           prediction.rows.size(), " rows");
  }
  for (std::size_t i = 0; i < label.values.size(); ++i) {
    const std::string flaw = prediction.kind.flaw_of(label.values[i]);
    if (!flaw.empty()) {
      throw invalid_argument("request \"", label.id, "\": values[", i, "] = ", flaw);
    }
  }
}

void JoinedLabels::give_back() noexcept {
  try {
    for (const LabelledRequest& request : record_.requests) recent_.give_back(request.id);
  } catch (const std::exception&) {
    return;  // without memory for a name it stays claimed
  }
}

void JoinedLabels::write(ProtoWriter& out) const {
  std::uint64_t rows = 0;
  for (const LabelledRequest& request : record_.requests) rows += request.labels.size();
  if (rows != 0) out.integer(1, rows);
  if (unknown_.count != 0) out.integer(2, unknown_.count);
  if (duplicates_.count != 0) out.integer(3, duplicates_.count);
  for (const std::string_view id : unknown_.ids) out.text(4, id);
  for (const std::string_view id : duplicates_.ids) out.text(5, id);
}

}  // namespace kedge
