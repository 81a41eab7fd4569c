// A board's upload as its receiver reads it: bytes come in any pieces, records leave in order and
// once. Whatever comes, memory is one record and what the last bytes brought. docs/formats.md,
// "Upload".
//
// Thread safety: one caller at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kedge/edge/intake.h"
#include "kedge/edge/spool_record.h"

namespace kedge::edge {

inline constexpr std::string_view kUploadMark = "KEDGEHUB";
inline constexpr std::uint32_t kKeylessUpload = 1;  // versions of the greeting
inline constexpr std::uint32_t kKeyedUpload = 2;
inline constexpr std::size_t kChallengeBytes = 32;
inline constexpr std::size_t kMostDeviceName = 127;  // its length is one byte
// So that numbers are whole numbers everywhere: no honest board comes near.
inline constexpr std::uint64_t kMostNumber = std::uint64_t{1} << 62;

struct BoardHello {
  std::uint32_t version = 0;
  std::uint64_t life = 0;
  std::string device;
};

class BoardStream {
 public:
  enum class Phase : std::uint8_t {
    kHello,    // bytes are wanted
    kGreeted,  // an answer is: ask_proof or begin
    kProof,    // bytes are wanted
    kProved,   // begin is
    kGap,
    kHeader,
    kRecords,
  };

  // Bytes as they came, those of the last call used up. Throws CorruptData for what is no upload,
  // Unsupported for one of a version that is not known; the connection is of no use then.
  void feed(std::span<const std::byte> bytes);

  Phase phase() const noexcept { return phase_; }
  const BoardHello& hello() const noexcept { return hello_; }
  // After kGreeted: the board is sent a challenge, and answers.
  void ask_proof() noexcept { phase_ = Phase::kProof; }
  const Sha256Sum& proof() const noexcept { return proof_; }
  // The record that is wanted first.
  void begin(const SpoolPlace& next);

  // The new records that the bytes held, whose payloads last until the next feed. Of several
  // sketches of one model and epoch only the last one is among them, as it has all of the others.
  // Scores are left out unless they are wanted.
  std::vector<SpoolRecord> take(bool with_scores);
  // What comes next, and all that came. Only after begin.
  const Intake& intake() const noexcept { return *intake_; }
  // Bytes of a record that is not whole.
  std::size_t waiting() const noexcept { return in_.size() - at_; }

 private:
  bool step();
  bool read_hello();
  bool read_proof();
  bool read_gap();
  bool read_header();
  std::optional<SpoolRecord> next();
  std::span<const std::byte> rest() const noexcept { return std::span(in_).subspan(at_); }

  Phase phase_ = Phase::kHello;
  BoardHello hello_;
  Sha256Sum proof_{};
  std::optional<Intake> intake_;
  std::vector<std::byte> in_;
  std::size_t at_ = 0;
};

}  // namespace kedge::edge
