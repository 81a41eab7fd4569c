#include "kedge/edge/quarantine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>

#include "kedge/base/system_error.h"
#include "kedge/edge/json_text.h"

namespace kedge::edge {
namespace {

constexpr std::uint64_t kAllOf = 100;
constexpr std::size_t kMostLine = 512;

}  // namespace

Quarantine::Quarantine(const QuarantineConfig& config) : most_bytes_(config.bytes) {
  if (config.path.empty()) return;
  file_ = ::open(config.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file_ < 0) refuse_system(config.path);
  struct stat about{};
  if (::fstat(file_, &about) == 0) bytes_ = static_cast<std::uint64_t>(about.st_size);
  entry_.reserve(16 * kMostLine);
}

Quarantine::~Quarantine() {
  if (file_ >= 0) ::close(file_);
}

void Quarantine::take(std::string_view line, std::string_view field, std::string_view reason) {
  ++count_;
  if (file_ < 0 || (count_ > kAllOf && !std::has_single_bit(count_))) return;
  entry_ = "{\"number\":";
  append_text(entry_, count_);
  entry_ += ",\"field\":";
  append_json_string(entry_, field);
  entry_ += ",\"reason\":";
  append_json_string(entry_, reason.substr(0, kMostLine));
  entry_ += ",\"line\":";
  append_json_string(entry_, line.substr(0, kMostLine));
  entry_ += "}\n";
  if (bytes_ + entry_.size() > most_bytes_) return;
  const ssize_t written = ::write(file_, entry_.data(), entry_.size());
  if (written > 0) bytes_ += static_cast<std::uint64_t>(written);
}

}  // namespace kedge::edge
