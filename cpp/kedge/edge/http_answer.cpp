#include "kedge/edge/http_answer.h"

#include <algorithm>

#include "kedge/base/error.h"

namespace kedge::edge {
namespace {

constexpr std::string_view kEnd = "\r\n";

bool is_same_name(std::string_view name, std::string_view lower) {
  const auto lowered = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(name, lower, {}, lowered);
}

std::string_view trimmed(std::string_view value) {
  const auto first = value.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return value.substr(first, value.find_last_not_of(" \t") - first + 1);
}

int read_status(std::string_view line) {
  // "HTTP/1.1 200 OK"; the reason may be missing.
  constexpr std::size_t kStatus = 9;
  const bool is_http = line.starts_with("HTTP/1.0 ") || line.starts_with("HTTP/1.1 ");
  const int status = is_http ? number_of<std::uint16_t>(line.substr(kStatus, 3)).value_or(0) : 0;
  const bool has_end = line.size() == kStatus + 3 || line.substr(0, kStatus + 4).ends_with(' ');
  if (status < 100 || line.size() < kStatus + 3 || !has_end) {
    throw corrupt_data("HTTP: \"", line.substr(0, 40), "\" is no status line");
  }
  return status;
}

void read_field(std::string_view line, HttpAnswer& answer) {
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos || line.front() == ' ' ||
      line.front() == '\t') {
    throw corrupt_data("HTTP: \"", line.substr(0, 40), "\" is no header field");
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (is_same_name(name, "transfer-encoding")) {
    throw unsupported("HTTP: transfer coding \"", value, "\" is not supported");
  }
  if (is_same_name(name, "content-encoding") && !is_same_name(value, "identity")) {
    throw unsupported("HTTP: content coding \"", value, "\" is not supported");
  }
  if (!is_same_name(name, "content-length")) return;
  const auto length = number_of<std::uint64_t>(value);
  if (!length || (answer.length && answer.length != length)) {
    throw corrupt_data("HTTP: content length \"", value, "\" is no number, or another one");
  }
  answer.length = length;
}

}  // namespace

HttpAnswer read_http_answer(std::string_view head) {
  HttpAnswer answer;
  const auto next_line = [&] {
    const std::size_t end = head.find(kEnd);
    if (end == std::string_view::npos) throw corrupt_data("HTTP: a line of the head does not end");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + kEnd.size());
    return line;
  };
  answer.status = read_status(next_line());
  for (std::string_view line = next_line(); !line.empty(); line = next_line()) {
    read_field(line, answer);
  }
  if (!head.empty()) throw corrupt_data("HTTP: ", head.size(), " bytes behind the head");
  return answer;
}

}  // namespace kedge::edge
