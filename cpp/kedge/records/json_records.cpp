#include "kedge/records/json_records.h"

#include <bitset>
#include <cstring>

#include "kedge/base/decimal.h"
#include "kedge/base/json_string.h"

namespace kedge::records {
namespace {

// As string_view has it, but without a call: names are short, and there is one for each value.
bool starts_with(std::string_view text, std::string_view start) {
  if (text.size() < start.size()) return false;
  std::size_t at = 0;
  for (std::uint64_t a, b; start.size() - at >= sizeof a; at += sizeof a) {
    std::memcpy(&a, text.data() + at, sizeof a);
    std::memcpy(&b, start.data() + at, sizeof b);
    if (a != b) return false;
  }
  for (; at < start.size(); ++at) {
    if (text[at] != start[at]) return false;
  }
  return true;
}

}  // namespace

JsonRecords::JsonRecords(Schema schema) : columns_(std::move(schema)), paths_(columns_.schema()) {}

template <class... Parts>
[[gnu::always_inline]] inline bool JsonRecords::fail(const Parts&... parts) {
  return columns_.refuse({}, "byte ", at_, ": ", parts...);
}

bool JsonRecords::expected(std::string_view what) {
  if (at_ == text_.size()) return fail("expected ", what, ", got the end");
  const char c = text_[at_];
  if (c > ' ' && c < 0x7f) return fail("expected ", what, ", got '", c, '\'');
  return fail("expected ", what, ", got byte ",
              static_cast<unsigned>(static_cast<unsigned char>(c)));
}

bool JsonRecords::word(std::string_view wanted) {
  if (text_.substr(at_, wanted.size()) != wanted) return expected("a value");
  at_ += wanted.size();
  return true;
}

bool JsonRecords::string(std::string_view& value) {
  const JsonString read = read_json_string(text_, at_, unescaped_);
  at_ = read.end;
  value = read.value;
  return read.problem == nullptr || fail(read.problem);
}

bool JsonRecords::colon() {
  skip_space();
  if (!takes(':')) return expected("':'");
  skip_space();
  return true;
}

bool JsonRecords::comma_or(char end, bool& more) {
  skip_space();
  more = takes(',');
  if (more) return skip_space(), true;
  return takes(end) || expected(end == '}' ? "',' or '}'" : "',' or ']'");
}

bool JsonRecords::append(std::string_view record) {
  columns_.begin();
  ++record_;
  text_ = record;
  at_ = depth_ = 0;
  skip_space();
  if (at_ == text_.size() || text_[at_] != '{') return expected("'{'");
  if (!object(0)) return false;
  skip_space();
  if (at_ < text_.size()) return expected("the end");
  return columns_.commit();
}

bool JsonRecords::object(std::uint32_t node) {
  ++at_;
  ++depth_;
  skip_space();
  std::uint32_t last = FieldPaths::kNone;
  for (bool more = !takes('}'); more;) {
    if (at_ == text_.size() || text_[at_] != '"') return expected("a name");
    if (!member(node, last) || !comma_or('}', more)) return false;
  }
  --depth_;
  return true;
}

// `last` is the child that was read before it, of those that columns ask for.
bool JsonRecords::member(std::uint32_t node, std::uint32_t& last) {
  FieldPaths::Node& here = paths_.node(node);
  std::uint32_t& guess = last == FieldPaths::kNone ? here.first : here.children[last].next;
  if (guess != FieldPaths::kNone) {
    const FieldPaths::Child& child = here.children[guess];
    if (!child.quoted.empty() && starts_with(text_.substr(at_), child.quoted)) {
      at_ += child.quoted.size();
      last = guess;
      return colon() && child_value(child);
    }
  }
  std::string_view name;
  if (!string(name)) return false;
  const std::uint32_t found = FieldPaths::find(here, name);
  if (!colon()) return false;
  if (found == FieldPaths::kNone) {
    ++skipped_;
    return skip_value();
  }
  last = guess = found;
  return child_value(here.children[found]);
}

bool JsonRecords::child_value(const FieldPaths::Child& child) {
  if (child.is_column) return column_value(child.target);
  FieldPaths::Node& node = paths_.node(child.target);
  if (node.seen == record_) return columns_.refuse(node.path, "the record has it twice");
  node.seen = record_;
  if (at_ < text_.size() && text_[at_] == 'n') return word("null");
  if (at_ < text_.size() && text_[at_] == '{') return object(child.target);
  const std::size_t start = at_;
  if (!skip_value()) return false;
  return columns_.refuse(node.path, "wanted an object, got ",
                         excerpt(text_.substr(start, at_ - start)));
}

bool JsonRecords::column_value(std::uint32_t column) {
  switch (at_ < text_.size() ? text_[at_] : '\0') {
    case '"': {
      std::string_view value;
      return string(value) && columns_.set_text(column, value);
    }
    case 't':
      return word("true") && columns_.set_bool(column, true);
    case 'f':
      return word("false") && columns_.set_bool(column, false);
    case 'n':
      return word("null") && columns_.set_null(column);
    case '{':
      return skip_value() && columns_.refuse_value(column, "an object");
    case '[':
      return skip_value() && columns_.refuse_value(column, "an array");
    default:
      return number(column);
  }
}

bool JsonRecords::number(std::uint32_t column) {
  const auto number = read_decimal(text_.substr(at_));
  if (!number) return expected("a value");
  at_ += number->spelling.size();
  return columns_.set_decimal(column, *number);
}

bool JsonRecords::skip_scalar() {
  switch (at_ < text_.size() ? text_[at_] : '\0') {
    case '"': {
      std::string_view value;
      return string(value);
    }
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return word("null");
    default: {
      const auto number = read_decimal(text_.substr(at_));
      if (!number) return expected("a value");
      at_ += number->spelling.size();
      return true;
    }
  }
}

bool JsonRecords::skip_value() {
  std::bitset<kMostNesting> is_object;
  const std::size_t outside = depth_;
  do {
    bool more = false;
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (c == '{' || c == '[') {
      if (depth_ == kMostNesting) return fail("nested deeper than ", kMostNesting);
      ++at_;
      is_object[depth_++] = c == '{';
      skip_space();
      more = !takes(c == '{' ? '}' : ']');
      depth_ -= more ? 0 : 1;
    } else if (!skip_scalar()) {
      return false;
    }
    // What ends here may end what it is in.
    while (!more && depth_ > outside) {
      if (!comma_or(is_object[depth_ - 1] ? '}' : ']', more)) return false;
      depth_ -= more ? 0 : 1;
    }
    if (more && is_object[depth_ - 1]) {
      std::string_view name;
      if (at_ == text_.size() || text_[at_] != '"') return expected("a name");
      if (!string(name) || !colon()) return false;
    }
  } while (depth_ > outside);
  return true;
}

}  // namespace kedge::records
