#include "kedge/drift/tally_history.h"

#include <algorithm>
#include <utility>

#include "kedge/evidence/stored_number.h"

namespace kedge {
namespace {

constexpr std::uint64_t kMostMoments = 256;                   // 64 doublings need fewer
constexpr std::uint64_t kMostLooks = std::uint64_t{1} << 53;  // whole numbers that a double holds

}  // namespace

TallyHistory::TallyHistory(std::size_t tallies) {
  moments_.resize(1);
  moments_[0].tallies.resize(tallies);
}

void TallyHistory::append(std::uint64_t look, double time, std::span<const std::uint64_t> tallies) {
  // A moment goes when its neighbours are within half of the age of the newer one.
  Moment spare;
  std::size_t kept = 1;
  for (std::size_t i = 1; i < moments_.size(); ++i) {
    const bool is_last = i + 1 == moments_.size();
    if (!is_last &&
        2 * (moments_[i + 1].look - moments_[kept - 1].look) <= look - moments_[i + 1].look) {
      spare = std::move(moments_[i]);
    } else if (kept++ != i) {
      moments_[kept - 1] = std::move(moments_[i]);
    }
  }
  moments_.resize(kept);
  spare.look = look;
  spare.time = time;
  spare.tallies.assign(tallies.begin(), tallies.end());
  moments_.push_back(std::move(spare));
}

const TallyHistory::Moment& TallyHistory::from(std::uint64_t look) const noexcept {
  const auto found = std::find_if(moments_.begin(), moments_.end(),
                                  [&](const Moment& moment) { return moment.look >= look; });
  return found == moments_.end() ? moments_.back() : *found;
}

void TallyHistory::write(ByteWriter& out) const {
  out.write_varint(moments_.size());
  for (const Moment& moment : moments_) {
    out.write_varint(moment.look);
    out.write(moment.time);
    for (const std::uint64_t tally : moment.tallies) out.write_varint(tally);
  }
}

TallyHistory TallyHistory::read(ByteReader& in, std::size_t tallies) {
  const std::uint64_t count = in.read_varint();
  if (count == 0 || count > kMostMoments) {
    throw corrupt_data(in.section(), ": ", count, " moments, 1 to ", kMostMoments, " are kept");
  }
  TallyHistory history;
  for (std::uint64_t i = 0; i < count; ++i) {
    Moment moment;
    moment.look = in.read_varint();
    moment.time = read_at_least(in, 0, "the time of a look");
    const std::uint64_t before = i == 0 ? 0 : history.newest().look;
    if (moment.look > kMostLooks || (i > 0 && moment.look <= before)) {
      throw corrupt_data(in.section(), ": look ", moment.look, " after ", before);
    }
    if (in.remaining() < tallies) throw corrupt_data(in.section(), ": tallies are missing");
    moment.tallies.resize(tallies);
    for (std::size_t t = 0; t < tallies; ++t) {
      moment.tallies[t] = in.read_varint();
      if (i > 0 && moment.tallies[t] < history.newest().tallies[t]) {
        throw corrupt_data(in.section(), ": tally ", t, " falls at look ", moment.look);
      }
    }
    history.moments_.push_back(std::move(moment));
  }
  return history;
}

}  // namespace kedge
