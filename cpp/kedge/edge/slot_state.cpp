#include "kedge/edge/slot_state.h"

#include <algorithm>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/hash.h"

namespace kedge::edge {
namespace {

constexpr std::string_view kMark = "KEDGESLT";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kForgotten = 496;  // programs that do not know it leave zeros there
constexpr std::size_t kChecked = SlotState::kBytes - sizeof(std::uint32_t);

void write_image(ByteWriter& out, const SlotImage& image) {
  out.write(image.version);
  out.write(image.bytes);
  out.write_bytes(image.digest);
}

SlotImage read_image(ByteReader& in) {
  SlotImage image;
  image.version = in.read<std::uint64_t>();
  image.bytes = in.read<std::uint64_t>();
  std::ranges::copy(in.read_bytes(kSha256Bytes), image.digest.begin());
  return image;
}

bool is_slot(std::uint8_t slot) { return slot < 2 || slot == SlotState::kNone; }

// Of a text that may be cut within a character.
std::size_t whole_size(std::string_view text, std::size_t most) {
  std::size_t size = std::min(text.size(), most);
  while (size > 0 && !is_utf8(text.substr(0, size))) --size;
  return size;
}

}  // namespace

bool SlotState::is_refused(const SlotImage& image) const {
  return std::ranges::any_of(
      refused, [&](const SlotImage& one) { return one.bytes != 0 && one.digest == image.digest; });
}

void SlotState::refuse(const SlotImage& image) {
  const auto lowest = std::ranges::min_element(refused, {}, &SlotImage::version);
  forgotten = std::max(forgotten, lowest->version);
  std::shift_right(refused.begin(), lowest + 1, 1);
  refused[0] = image;
}

std::vector<std::byte> SlotState::to_bytes() const {
  ByteWriter out;
  out.write_bytes(as_bytes(kMark));
  out.write(kVersion);
  out.write(trials);
  for (const std::uint64_t word : {sequence, floor, commits}) out.write(word);
  out.write(active);
  out.write(candidate);
  const std::size_t size = whole_size(reason, kMostReason);
  out.write(static_cast<std::uint16_t>(size));
  out.write(std::uint32_t{was_tried});
  write_image(out, running);
  write_image(out, trying);
  for (const std::uint64_t word : {bounds.rows, bounds.seconds, bounds.disagreement_ppm,
                                   bounds.distance_ppm, bounds.latency_percent}) {
    out.write(word);
  }
  for (const SlotImage& image : refused) write_image(out, image);
  out.write_bytes(as_bytes(reason).first(size));
  while (out.size() < kForgotten) out.write(std::uint8_t{0});
  out.write(forgotten);
  while (out.size() < kChecked) out.write(std::uint8_t{0});
  out.write(crc32c(out.view()));
  return out.take();
}

std::optional<SlotState> SlotState::from_bytes(std::span<const std::byte> bytes) {
  if (bytes.size() < kBytes) return std::nullopt;
  ByteReader in(bytes.first(kBytes), "slot state");
  if (as_text(in.read_bytes(kMark.size())) != kMark) return std::nullopt;
  if (in.at<std::uint32_t>(kChecked) != crc32c(bytes.first(kChecked))) return std::nullopt;
  const auto version = in.read<std::uint32_t>();
  if (version > kVersion) {
    throw unsupported("slot state: version ", version, ", this program reads up to ", kVersion);
  }
  SlotState state;
  state.trials = in.read<std::uint32_t>();
  for (std::uint64_t* const word : {&state.sequence, &state.floor, &state.commits}) {
    *word = in.read<std::uint64_t>();
  }
  state.active = in.read<std::uint8_t>();
  state.candidate = in.read<std::uint8_t>();
  const std::size_t size = in.read<std::uint16_t>();
  const auto was_tried = in.read<std::uint32_t>();
  state.was_tried = was_tried == 1;
  state.running = read_image(in);
  state.trying = read_image(in);
  for (std::uint64_t* const word :
       {&state.bounds.rows, &state.bounds.seconds, &state.bounds.disagreement_ppm,
        &state.bounds.distance_ppm, &state.bounds.latency_percent}) {
    *word = in.read<std::uint64_t>();
  }
  for (SlotImage& image : state.refused) image = read_image(in);
  const bool is_one = is_slot(state.active) && is_slot(state.candidate) && size <= kMostReason &&
                      was_tried <= 1 &&
                      (state.candidate == kNone || state.candidate != state.active);
  if (!is_one) return std::nullopt;
  state.forgotten = in.at<std::uint64_t>(kForgotten);
  state.reason = as_text(in.read_bytes(size));
  if (!is_utf8(state.reason)) return std::nullopt;  // no program writes one that is not
  return state;
}

}  // namespace kedge::edge
