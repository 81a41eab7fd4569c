#include "kedge/edge/memory_plan.h"

#include <sys/stat.h>

#include <algorithm>

#include "kedge/sketch/profile.h"

namespace kedge::edge {
namespace {

constexpr std::uint64_t kReadBytes = 64 << 10;
constexpr std::uint64_t kUploadBytes = 128 << 10;
constexpr std::uint64_t kSlotBytes = 4;
constexpr std::uint64_t kScoreSlots = 4100;
constexpr std::uint64_t kStackBytes = 256 << 10;   // of both threads, and what the C library has
constexpr std::uint64_t kGateBytes = 8 << 10;      // of an output: cuts and a sample
constexpr std::uint64_t kMetadataBytes = 4 << 20;  // read, and in memory as a document

// All of it is mapped sooner or later.
std::uint64_t program_bytes() {
  struct stat found{};
  return ::stat("/proc/self/exe", &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
}

std::uint64_t row_bytes(const Schema& schema) {
  std::uint64_t bytes = 0;
  for (const Field& field : schema) {
    bytes += 1 + std::max<std::size_t>(1, value_bytes(field.type.id));
  }
  return bytes;
}

std::uint64_t sketch_bytes(const EdgeModel& model) {
  std::uint64_t slots = model.model->outputs() * kScoreSlots;
  if (model.profile.empty()) return slots * kSlotBytes;
  const Profile reference = Profile::from_bytes(model.profile);
  for (const ColumnProfile& column : reference.columns()) slots += column.slots();
  return slots * kSlotBytes;
}

// A second model while it is tried, as large as its slot may be.
void add_update(const EdgeConfig& config, const EdgeModel& model, std::vector<MemoryPart>& plan) {
  const std::uint64_t slot = config.update->slot_bytes;
  const std::uint64_t outputs = model.model->outputs();
  plan.push_back({"candidate's slot, mapped", slot});
  plan.push_back({"candidate, ready to score (update.slot_bytes)", 2 * slot});
  plan.push_back({"candidate's features and scores of a batch",
                  config.input.batch_rows * (model.model->features() + 3 * outputs) * 8});
  plan.push_back({"candidate's sketches", sketch_bytes(model)});
  plan.push_back({"gate", outputs * kGateBytes});
  plan.push_back({"metadata of offers", kMetadataBytes});
  if (config.spool.folder.empty()) return;
  plan.push_back({"records of before a change of models", config.spool.limits.pending_bytes / 2});
}

}  // namespace

std::vector<MemoryPart> memory_plan(const EdgeConfig& config, const EdgeModel& model) {
  const std::uint64_t rows = config.input.batch_rows;
  const bool has_text = std::ranges::any_of(
      config.input.columns, [](const Field& field) { return is_string(field.type.id); });
  const std::uint64_t outputs = model.model->outputs();
  std::vector<MemoryPart> plan = {
      {"the program, and its threads' stacks", program_bytes() + kStackBytes},
      {"model file, mapped", model.bytes},
      {"model, ready to score", 2 * model.bytes},
      {"reference while it is read, and its cells", 2 * model.profile.size()},
      {"bytes read at a time, and a line that is not whole", kReadBytes + config.input.line_bytes},
      {"rows of a batch", rows * row_bytes(config.input.columns)},
      {"texts of a batch", has_text ? kReadBytes + config.input.line_bytes : 0},
      {"features and scores of a batch", rows * (model.model->features() + 3 * outputs) * 8},
      {"sketches", sketch_bytes(model)},
  };
  if (config.output.reasons > 0) {
    plan.push_back({"contributions of a batch", rows * outputs * model.model->features() * 8});
  }
  if (config.window) {
    const std::uint64_t most = config.window->max_state_bytes;
    plan.push_back({"windows (window.max_state_bytes)", most, most != 0});
    if (!config.state.folder.empty()) {
      plan.push_back({"windows' state while it is stored", most, most != 0});
    }
  }
  if (!config.spool.folder.empty()) {
    plan.push_back({"records that wait for the disk", 2 * config.spool.limits.pending_bytes});
    plan.push_back(
        {"a segment while it is sent", config.spool.limits.segment_bytes + kUploadBytes});
    plan.push_back({"stored sketches, twice", 2 * sketch_bytes(model)});
    if (config.spool.upload.kind != EndpointKind::kNone) {
      plan.push_back({"records while another life begins", config.spool.limits.pending_bytes});
    }
  }
  if (config.update) add_update(config, model, plan);
  return plan;
}

std::string plan_text(const EdgeConfig& config, const std::vector<MemoryPart>& plan) {
  std::string out;
  std::uint64_t sum = 0;
  bool is_bounded = true;
  const auto line = [&](std::string_view what, const std::string& number) {
    out += what;
    out.append(what.size() < 56 ? 56 - what.size() : 1, ' ');
    out.append(number.size() < 12 ? 12 - number.size() : 1, ' ');
    out += number;
    out += '\n';
  };
  for (const MemoryPart& part : plan) {
    line(part.what, part.is_bounded ? text(part.bytes) : "no bound");
    sum += part.bytes;
    is_bounded = is_bounded && part.is_bounded;
  }
  line("together, bytes", is_bounded ? text(sum) : text("> ", sum));
  if (config.window) line("window definition", text(config.window->hash()));
  if (!config.spool.folder.empty()) line("on the disk, bytes", text(config.spool.limits.bytes));
  if (config.update) line("slots on the disk, bytes", text(2 * config.update->slot_bytes));
  return out;
}

}  // namespace kedge::edge
