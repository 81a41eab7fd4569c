#include "kedge/serve/service_records.h"

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

enum class Kind : std::uint8_t { kLabels = 1, kTrial = 2, kQuality = 3, kLabelled = 4 };

void write_numbers(const std::vector<double>& numbers, ByteWriter& out) {
  for (const double number : numbers) out.write(number);
}

std::vector<double> read_numbers(ByteReader& in, std::size_t count) {
  if (count > in.remaining() / sizeof(double)) {
    throw corrupt_data(in.section(), ": ", count, " numbers are more than there are bytes for");
  }
  std::vector<double> out(count);
  for (double& number : out) number = in.read<double>();
  return out;
}

void write_kind(AnswerKind kind, ByteWriter& out) {
  out.write(static_cast<std::uint8_t>(kind.kind));
  out.write_varint(kind.classes);
}

AnswerKind read_kind(ByteReader& in) {
  AnswerKind kind;
  kind.kind = static_cast<QualityKind>(in.read<std::uint8_t>());
  const std::uint64_t classes = in.read_varint();
  const bool has_classes = kind.kind == QualityKind::kClasses;
  const bool is_known =
      has_classes || kind.kind == QualityKind::kBinary || kind.kind == QualityKind::kRegression;
  if (!is_known || (classes != 0) != has_classes || classes > kMostClasses) {
    throw corrupt_data(in.section(), ": answers of kind ", static_cast<int>(kind.kind), " with ",
                       classes, " classes");
  }
  kind.classes = static_cast<std::uint32_t>(classes);
  return kind;
}

void write_request(const LabelledRequest& request, ByteWriter& out) {
  const Prediction& prediction = request.prediction;
  out.write_string(request.id);
  out.write_string(prediction.version);
  out.write_string(prediction.candidate);
  write_kind(prediction.kind, out);
  out.write_varint(prediction.rows.size());
  write_numbers(prediction.rows, out);
  write_numbers(request.labels, out);
  write_numbers(prediction.candidate_rows, out);
}

LabelledRequest read_request(ByteReader& in) {
  LabelledRequest out;
  out.id = in.read_string();
  out.prediction.version = in.read_string();
  out.prediction.candidate = in.read_string();
  out.prediction.kind = read_kind(in);
  const std::uint64_t rows = in.read_varint();
  out.prediction.rows = read_numbers(in, rows);
  out.labels = read_numbers(in, rows);
  if (!out.prediction.candidate.empty()) out.prediction.candidate_rows = read_numbers(in, rows);
  for (const double label : out.labels) {
    const std::string flaw = out.prediction.kind.flaw_of(label);
    if (!flaw.empty()) throw corrupt_data(in.section(), ": label of \"", out.id, "\": ", flaw);
  }
  return out;
}

LabelsRecord read_labels(ByteReader& in) {
  LabelsRecord out;
  out.model = in.read_string();
  for (std::uint64_t left = in.read_varint(); left != 0; --left) {
    out.requests.push_back(read_request(in));
  }
  return out;
}

TrialRecord read_trial(ByteReader& in) {
  TrialRecord out;
  for (std::string Route::* const part : {&Route::model, &Route::live, &Route::candidate}) {
    out.route.*part = in.read_string();
  }
  out.route.canary = in.read<double>();
  out.route.shadow = in.read<double>();
  const auto verdict = in.read<std::uint8_t>();
  if (verdict > 1) throw corrupt_data(in.section(), ": verdict ", int{verdict}, " is not 0 or 1");
  out.is_promotion = verdict == 1;
  out.decision.verdict = out.is_promotion ? Verdict::kYes : Verdict::kNo;
  out.rule = in.read_string();
  out.decision.log_evidence_yes = in.read<double>();
  out.decision.log_evidence_no = in.read<double>();
  out.decision.rows = in.read<std::uint64_t>();
  out.decision.rows_needed = 0;
  return out;
}

QualityRecord read_quality(ByteReader& in) {
  std::string model(in.read_string());
  std::string version(in.read_string());
  const AnswerKind kind = read_kind(in);
  QualityCounts counts = QualityCounts::read(in);
  if (counts.spec() != QualityCounts(kind.spec()).spec()) {  // which has an order of its own
    throw corrupt_data(in.section(), ": the counts of \"", model, "\" ", version,
                       " are not of its kind of answers");
  }
  return {std::move(model), std::move(version), kind, std::move(counts)};
}

LabelledRecord read_labelled(ByteReader& in) {
  LabelledRecord out;
  out.model = in.read_string();
  for (std::uint64_t left = in.read_varint(); left != 0; --left) {
    out.ids.emplace_back(in.read_string());
  }
  return out;
}

void write(const LabelsRecord& record, ByteWriter& out) {
  out.write(static_cast<std::uint8_t>(Kind::kLabels));
  out.write_string(record.model);
  out.write_varint(record.requests.size());
  for (const LabelledRequest& request : record.requests) write_request(request, out);
}

void write(const TrialRecord& record, ByteWriter& out) {
  out.write(static_cast<std::uint8_t>(Kind::kTrial));
  out.write_string(record.route.model);
  out.write_string(record.route.live);
  out.write_string(record.route.candidate);
  out.write(record.route.canary);
  out.write(record.route.shadow);
  out.write(static_cast<std::uint8_t>(record.is_promotion ? 1 : 0));
  out.write_string(record.rule);
  out.write(record.decision.log_evidence_yes);
  out.write(record.decision.log_evidence_no);
  out.write(record.decision.rows);
}

void write(const QualityRecord& record, ByteWriter& out) {
  out.write(static_cast<std::uint8_t>(Kind::kQuality));
  out.write_string(record.model);
  out.write_string(record.version);
  write_kind(record.kind, out);
  out.write_bytes(record.counts.to_bytes());
}

void write(const LabelledRecord& record, ByteWriter& out) {
  out.write(static_cast<std::uint8_t>(Kind::kLabelled));
  out.write_string(record.model);
  out.write_varint(record.ids.size());
  for (const std::string& id : record.ids) out.write_string(id);
}

}  // namespace

std::vector<std::byte> to_bytes(const ServiceRecord& record) {
  ByteWriter out;
  std::visit([&](const auto& one) { write(one, out); }, record);
  return out.take();
}

ServiceRecord read_record(std::span<const std::byte> bytes) {
  ByteReader in(bytes, "service record");
  const auto kind = in.read<std::uint8_t>();
  ServiceRecord out;
  if (kind == static_cast<std::uint8_t>(Kind::kLabels)) {
    out = read_labels(in);
  } else if (kind == static_cast<std::uint8_t>(Kind::kTrial)) {
    out = read_trial(in);
  } else if (kind == static_cast<std::uint8_t>(Kind::kQuality)) {
    out = read_quality(in);
  } else if (kind == static_cast<std::uint8_t>(Kind::kLabelled)) {
    out = read_labelled(in);
  } else {
    throw corrupt_data(in.section(), ": kind ", int{kind}, " is not from 1 to 4");
  }
  in.expect_end();
  return out;
}

}  // namespace kedge
