// The head of an HTTP answer: its status, and how long what follows is.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kedge::edge {

struct HttpAnswer {
  int status = 0;
  std::optional<std::uint64_t> length;  // of the content; none when it goes on to the end
};

// Of the bytes up to the empty line. Throws CorruptData when they are no such head, Unsupported
// when the content is coded.
HttpAnswer read_http_answer(std::string_view head);

}  // namespace kedge::edge
