// kedge.v1.Kedge/Feedback: labels, joined to what was answered by the request's id.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/protobuf_write.h"
#include "kedge/serve/service_records.h"

namespace kedge {

inline constexpr std::size_t kMostTold = 100;  // ids that an answer names

// A view into the message.
struct FeedbackRequest {
  struct Label {
    std::string_view id;
    std::vector<double> values;
  };
  std::string_view model;
  std::vector<Label> labels;
};

// Throws CorruptData or InvalidArgument that says what is wrong.
FeedbackRequest read_feedback(std::span<const std::byte> message);

// Labels of one call, joined. Those whose request is remembered are claimed, and given back unless
// they are kept.
class JoinedLabels {
 public:
  // Throws InvalidArgument that names the request's id, the value and the bound for a label that
  // the model cannot have, or when there are not as many as the request had rows.
  JoinedLabels(const FeedbackRequest& request, RecentPredictions& recent);
  JoinedLabels(const JoinedLabels&) = delete;
  JoinedLabels& operator=(const JoinedLabels&) = delete;
  ~JoinedLabels();

  const LabelsRecord& record() const noexcept { return record_; }
  void keep() noexcept { is_kept_ = true; }
  std::uint64_t unknown() const noexcept { return unknown_.count; }
  std::uint64_t duplicates() const noexcept { return duplicates_.count; }

  // A FeedbackResponse.
  void write(ProtoWriter& out) const;

 private:
  struct Told {
    std::uint64_t count = 0;
    std::vector<std::string_view> ids;  // the first of them

    void add(std::string_view id);
  };
  void join(const FeedbackRequest::Label& label);
  void give_back() noexcept;

  RecentPredictions& recent_;
  LabelsRecord record_;
  Told unknown_;
  Told duplicates_;
  bool is_kept_ = false;
};

}  // namespace kedge
