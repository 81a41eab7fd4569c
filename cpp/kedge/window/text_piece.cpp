#include "kedge/window/text_piece.h"

#include "kedge/base/error.h"
#include "kedge/window/output.h"
#include "kedge/window/owned_text.h"

namespace kedge {
namespace {

class TextResult final : public Result {
 public:
  explicit TextResult(std::function<std::uint64_t(const std::byte*)> address_in)
      : address_in_(std::move(address_in)) {}

  void append(const Finished& finished, OutputColumn& out) const override {
    for (const std::byte* const state : finished.states) {
      const std::string* const text = text_at(address_in_(state));
      if (text == nullptr) {
        out.append_null_text();
      } else {
        out.append_text(*text);
      }
    }
  }

 private:
  std::function<std::uint64_t(const std::byte*)> address_in_;
};

struct End {
  std::int64_t time;
  std::uint64_t text;
};
struct Ends {
  End first;
  End last;
};

void offer_first(End& end, std::int64_t time, std::string_view text) {
  if (end.text != 0 && time >= end.time) return;
  end.time = time;
  set_text(end.text, text);
}

void offer_last(End& end, std::int64_t time, std::string_view text) {
  if (end.text != 0 && time < end.time) return;
  end.time = time;
  set_text(end.text, text);
}

}  // namespace

std::unique_ptr<Result> text_result(std::function<std::uint64_t(const std::byte*)> address_in) {
  return std::make_unique<TextResult>(std::move(address_in));
}

void TextExtremePiece::offer(std::uint64_t& address, std::string_view text) const {
  const std::string* const best = text_at(address);
  const bool is_better = best == nullptr || (greatest_ ? text > *best : text < *best);
  if (is_better) set_text(address, text);
}

void TextExtremePiece::update(const Block& block) const {
  const Values& values = block.inputs[input_];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i) || block.states[i] == block.sink) continue;
    offer(of<std::uint64_t>(block.states[i]), values.texts[i]);
  }
}

void TextExtremePiece::merge(std::byte* into, const std::byte* from) const {
  const std::string* const other = text_at(of<std::uint64_t>(from));
  if (other != nullptr) offer(of<std::uint64_t>(into), *other);
}

void TextExtremePiece::release(std::byte* state) const noexcept {
  release_text(of<std::uint64_t>(state));
}

std::size_t TextExtremePiece::owned_bytes(const std::byte* state) const noexcept {
  return text_bytes(of<std::uint64_t>(state));
}

void TextExtremePiece::write(const std::byte* state, ByteWriter& out) const {
  write_text(of<std::uint64_t>(state), out);
}

void TextExtremePiece::read(std::byte* state, ByteReader& in) const {
  read_text(of<std::uint64_t>(state), in);
}

std::unique_ptr<Result> TextExtremePiece::text() const {
  return text_result([this](const std::byte* state) { return of<std::uint64_t>(state); });
}

std::size_t TextEndsPiece::bytes() const noexcept { return sizeof(Ends); }

void TextEndsPiece::init(std::byte* state) const noexcept { of<Ends>(state) = {}; }

void TextEndsPiece::update(const Block& block) const {
  const Values& values = block.inputs[input_];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i) || block.states[i] == block.sink) continue;
    Ends& ends = of<Ends>(block.states[i]);
    offer_first(ends.first, block.times[i], values.texts[i]);
    offer_last(ends.last, block.times[i], values.texts[i]);
  }
}

void TextEndsPiece::merge(std::byte* into, const std::byte* from) const {
  const Ends& other = of<Ends>(from);
  if (other.first.text == 0) return;
  Ends& ends = of<Ends>(into);
  offer_first(ends.first, other.first.time, *text_at(other.first.text));
  offer_last(ends.last, other.last.time, *text_at(other.last.text));
}

void TextEndsPiece::release(std::byte* state) const noexcept {
  release_text(of<Ends>(state).first.text);
  release_text(of<Ends>(state).last.text);
  init(state);
}

std::size_t TextEndsPiece::owned_bytes(const std::byte* state) const noexcept {
  return text_bytes(of<Ends>(state).first.text) + text_bytes(of<Ends>(state).last.text);
}

void TextEndsPiece::write(const std::byte* state, ByteWriter& out) const {
  for (const End& end : {of<Ends>(state).first, of<Ends>(state).last}) {
    out.write(end.time);
    write_text(end.text, out);
  }
}

void TextEndsPiece::read(std::byte* state, ByteReader& in) const {
  Ends& ends = of<Ends>(state);
  for (End* const end : {&ends.first, &ends.last}) {
    end->time = in.read<std::int64_t>();
    read_text(end->text, in);
  }
  if ((ends.first.text == 0) != (ends.last.text == 0)) {
    throw corrupt_data(in.section(), ": a first text without a last one");
  }
}

std::unique_ptr<Result> TextEndsPiece::first() const {
  return text_result([this](const std::byte* state) { return of<Ends>(state).first.text; });
}

std::unique_ptr<Result> TextEndsPiece::last() const {
  return text_result([this](const std::byte* state) { return of<Ends>(state).last.text; });
}

}  // namespace kedge
