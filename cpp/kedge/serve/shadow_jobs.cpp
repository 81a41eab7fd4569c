#include "kedge/serve/shadow_jobs.h"

#include "kedge/base/give_back.h"

namespace kedge {
namespace {

constexpr std::size_t kMostKept = std::size_t{1} << 20;  // bytes of each part

}  // namespace

ShadowJobs::Job ShadowJobs::operator[](std::size_t i) const noexcept {
  const Ends begin = i == 0 ? Ends{} : ends_[i - 1];
  const Ends& end = ends_[i];
  const std::span bytes(bytes_);
  return {bytes.subspan(begin.fetched, end.request - begin.fetched),
          bytes.subspan(end.request, end.fetched - end.request),
          std::span(known_).subspan(begin.known, end.known - begin.known)};
}

void ShadowJobs::start(const ServedModel& live, const ServedModel& candidate) {
  live_ = live;
  candidate_ = candidate;
}

void ShadowJobs::add(std::span<const std::byte> request, std::span<const std::byte> fetched,
                     const Rows& scores) {
  const std::size_t outputs = live_.model->outputs();
  const Ends before = ends_.empty() ? Ends{} : ends_.back();
  Ends end;
  end.request = before.fetched + request.size();
  end.fetched = end.request + fetched.size();
  end.known = before.known + scores.count * outputs;
  // Whatever there is no memory for, what is here stays as it is.
  bytes_.resize(before.fetched);
  known_.resize(before.known);
  bytes_.insert(bytes_.end(), request.begin(), request.end());
  bytes_.insert(bytes_.end(), fetched.begin(), fetched.end());
  append_values(scores, outputs, known_);
  ends_.push_back(end);
}

void ShadowJobs::clear() noexcept {
  live_ = {};
  candidate_ = {};
  bytes_.clear();
  known_.clear();
  ends_.clear();
  if (bytes_.capacity() > kMostKept) give_back(bytes_);
  if (known_.capacity() * sizeof(double) > kMostKept) give_back(known_);
}

}  // namespace kedge
