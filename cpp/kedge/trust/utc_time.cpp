#include "kedge/trust/utc_time.h"

#include <chrono>

#include "kedge/base/text.h"

namespace kedge::trust {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::string_view kForm = "0000-00-00T00:00:00Z";

bool is_formed(std::string_view text) noexcept {
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !is_digit : text[i] != kForm[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<std::int64_t> read_utc(std::string_view text) noexcept {
  if (!is_formed(text)) return std::nullopt;
  const auto part = [&](std::size_t start, std::size_t length) {
    return number_of<unsigned>(text.substr(start, length)).value_or(0);  // they are digits
  };
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(part(0, 4))),
                                         std::chrono::month(part(5, 2)),
                                         std::chrono::day(part(8, 2))};
  const unsigned hour = part(11, 2), minute = part(14, 2), second = part(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * kDay + hour * 3600 + minute * 60 + second;
}

std::string utc_text(std::int64_t seconds) {
  constexpr std::int64_t kMost = 253402300799;  // the last second of 9999
  if (seconds < 0 || seconds > kMost) return text(seconds, " s after 1970");
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(static_cast<int>(seconds / kDay)))};
  const auto rest = static_cast<unsigned>(seconds % kDay);
  std::string out(kForm);
  const auto put = [&](std::size_t end, unsigned value) {
    for (; value > 0; value /= 10) out[end--] = static_cast<char>('0' + value % 10);
  };
  put(3, static_cast<unsigned>(static_cast<int>(date.year())));
  put(6, static_cast<unsigned>(date.month()));
  put(9, static_cast<unsigned>(date.day()));
  put(12, rest / 3600);
  put(15, rest / 60 % 60);
  put(18, rest % 60);
  return out;
}

}  // namespace kedge::trust
