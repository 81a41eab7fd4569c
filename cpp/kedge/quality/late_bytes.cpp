// The stored form of predictions that wait.
#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/base/frame.h"
#include "kedge/evidence/stored_number.h"
#include "kedge/quality/late_counts.h"
#include "kedge/quality/row_values.h"

namespace kedge {
namespace {

constexpr std::string_view kKind = "LATE";
constexpr std::uint32_t kVersion = 1;

bool read_flag(ByteReader& in) {
  const auto flag = in.read<std::uint8_t>();
  if (flag > 1) throw corrupt_data(in.section(), ": ", flag, " is neither 0 nor 1");
  return flag == 1;
}

LateCounter read_counter(ByteReader& in) {
  if (read_flag(in)) return Calibration::read(in);
  return QualityCounts::read(in);
}

LateSpec read_spec(ByteReader& in) {
  LateSpec spec;
  spec.id = in.read_string();
  spec.most_waiting = in.read_varint();
  spec.time = in.read_string();
  spec.horizon = in.read<std::int64_t>();
  return spec;
}

LateCounts checked(const ByteReader& in, LateCounter counter, LateSpec spec) {
  try {
    return {std::move(counter), std::move(spec)};
  } catch (const Error& error) {
    throw corrupt_data(in.section(), ": ", error.what());
  }
}

// As read_predictions checks it, so that counting it cannot fail later.
double read_weight(ByteReader& in) {
  const auto weight = in.read<double>();
  if (weight >= 0 && weight <= kLargestWeight) return weight;
  throw corrupt_data(in.section(), ": a weight of ", weight);
}

double read_prediction(ByteReader& in, QualityKind kind) {
  constexpr double kMostNumber = 1e150;
  const auto value = in.read<double>();
  const bool is_number = kind == QualityKind::kRegression;
  const bool is_answer = kind == QualityKind::kFairness;
  const double least = is_number ? -kMostNumber : 0;
  const double most = is_number ? kMostNumber : 1;
  const bool is_inside =
      value >= least && value <= most && (!is_answer || value == 0 || value == 1);
  if (is_missing(value) || is_inside) return value;
  throw corrupt_data(in.section(), ": a prediction of ", value);
}

std::uint32_t read_slot(ByteReader& in, std::size_t slots) {
  const std::uint64_t slot = in.read_varint();
  if (slot < slots) return static_cast<std::uint32_t>(slot);
  throw corrupt_data(in.section(), ": slot ", slot, " of ", slots);
}

}  // namespace

void LateCounts::write_waiting(ByteWriter& out) const {
  out.write_varint(places_.size());
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!still_waits(first_ + i)) continue;
    const Waiting& row = rows_[i];
    out.write_string(row.id);
    out.write(is_missing(row.prediction) ? kMissingValue : row.prediction);
    out.write_varint(row.predicted_class);
    for (const double share : row.probabilities) {
      out.write(is_missing(share) ? kMissingValue : share);
    }
    if (!counts().spec().weight.empty()) out.write(row.weight);
    out.write_varint(row.part);
    out.write(row.time);
  }
}

std::vector<std::byte> LateCounts::to_bytes() const {
  ByteWriter out;
  out.write(static_cast<std::uint8_t>(counter_.index()));
  std::visit([&](const auto& counter) { out.write_bytes(counter.to_bytes()); }, counter_);
  out.write_string(spec_.id);
  out.write_varint(spec_.most_waiting);
  out.write_string(spec_.time);
  out.write(spec_.horizon);
  for (const std::uint64_t count : {joined_, never_came_, replaced_, unmatched_, incomplete_}) {
    out.write_varint(count);
  }
  out.write(static_cast<std::uint8_t>(now_ ? 1 : 0));
  if (now_) out.write(*now_);
  write_waiting(out);
  return seal_frame(kKind, kVersion, out.view());
}

void LateCounts::read_waiting(ByteReader& in) {
  const std::uint64_t count = in.read_varint();
  if (count > spec_.most_waiting) {
    throw corrupt_data(in.section(), ": ", count, " predictions wait, at most ",
                       spec_.most_waiting);
  }
  const QualitySpec& spec = counts().spec();
  const std::size_t classes = spec.classes.size() + 2;  // the unlisted ones, and none
  for (std::uint64_t i = 0; i < count; ++i) {
    Waiting row;
    row.id = in.read_string();
    if (row.id.empty() || row.id.size() > kMostIdBytes || !places_.try_emplace(row.id, i).second) {
      throw corrupt_data(in.section(), ": prediction ", i, " has no id of its own");
    }
    row.prediction = read_prediction(in, spec.kind);
    row.predicted_class = read_slot(in, classes);
    row.probabilities.resize(spec.probabilities.size());
    for (double& share : row.probabilities) share = read_prediction(in, spec.kind);
    const bool has_gap =
        std::any_of(row.probabilities.begin(), row.probabilities.end(), is_missing);
    if (has_gap && row.predicted_class + 1 < classes) {
      throw corrupt_data(in.section(), ": prediction ", i, " has a class without a probability");
    }
    if (!spec.weight.empty()) row.weight = read_weight(in);
    row.part = read_slot(in, counts().part_count());
    row.time = in.read<std::int64_t>();
    if (now_ ? row.time > *now_ : row.time != 0) {
      throw corrupt_data(in.section(), ": prediction ", i, " is of the time ", row.time);
    }
    rows_.push_back(std::move(row));
  }
}

LateCounts LateCounts::from_bytes(std::span<const std::byte> bytes) {
  ByteReader in(open_whole_frame(bytes, "late labels", kKind, kVersion).payload, "late labels");
  LateCounter counter = read_counter(in);
  LateCounts late = checked(in, std::move(counter), read_spec(in));
  for (std::uint64_t* count :
       {&late.joined_, &late.never_came_, &late.replaced_, &late.unmatched_, &late.incomplete_}) {
    *count = in.read_varint();
  }
  if (read_flag(in)) late.now_ = in.read<std::int64_t>();
  if (late.now_ && late.spec_.time.empty()) {
    throw corrupt_data(in.section(), ": a time without a column of times");
  }
  late.read_waiting(in);
  in.expect_end();
  return late;
}

}  // namespace kedge
