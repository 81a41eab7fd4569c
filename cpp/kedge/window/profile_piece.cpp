#include "kedge/window/profile_piece.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "kedge/arrow/take.h"
#include "kedge/base/error.h"
#include "kedge/sketch/profile.h"
#include "kedge/window/output.h"

namespace kedge {
namespace {

// From so many rows of one state on, the kernel's start is worth it.
constexpr std::size_t kFewestAtOnce = 16;

class ProfileResult final : public Result {
 public:
  explicit ProfileResult(std::function<const ColumnProfile&(const std::byte*)> column_in)
      : column_in_(std::move(column_in)) {}

  void append(const Finished& finished, OutputColumn& out) const override {
    for (const std::byte* const state : finished.states) {
      out.append_text(as_text(Profile::of(column_in_(state)).to_bytes()));
    }
  }

 private:
  std::function<const ColumnProfile&(const std::byte*)> column_in_;
};

}  // namespace

ColumnProfile reference_column(const std::string& stored) {
  const Profile profile = Profile::from_bytes(as_bytes(stored));
  if (profile.columns().size() == 1) return profile.columns().front();
  throw invalid_argument("like: a profile of ", profile.columns().size(), " columns, not of one");
}

std::size_t CountedColumn::bytes() const noexcept {
  return sizeof *this + static_cast<std::size_t>(column_.slots()) * sizeof(std::uint32_t);
}

void CountedColumn::write(ByteWriter& out) const { column_.write(out); }

void CountedColumn::read(ByteReader& in) {
  const ColumnProfile stored = ColumnProfile::read(in, kProfileVersion);
  if (stored.name != column_.name || !column_.same_map(stored)) {
    throw corrupt_data(in.section(), ": a profile of \"", stored.name,
                       "\" has other cells than the reference");
  }
  column_.merge(stored);  // it keeps the map that all states share
}

void ProfilePiece::update(const Block& block) const {
  if (std::holds_alternative<Histogram>(empty_.counts)) return update_numbers(block);
  update_names(block);
}

void ProfilePiece::update_numbers(const Block& block) const {
  const Values& wanted = block.inputs[wanted_];
  const Values& values = block.inputs[input_];
  const auto counts = [&](std::size_t i) { return wanted.keeps(i) && values.keeps(i); };
  for (std::size_t i = 0; i < block.length;) {
    std::byte* const state = block.states[i];
    std::size_t end = i + 1;
    if (!wanted.keeps(i) || state == block.sink) {
      i = end;
      continue;
    }
    auto& histogram = std::get<Histogram>(owned_in(state).column().counts);
    if (!values.keeps(i)) {
      histogram.add_nulls(1);
      i = end;
      continue;
    }
    while (end < block.length && block.states[end] == state && counts(end)) ++end;
    if (end - i >= kFewestAtOnce) {
      histogram.update({values.doubles + i, end - i});
    } else {
      for (std::size_t row = i; row < end; ++row) histogram.add(values.doubles[row], 1);
    }
    i = end;
  }
}

// Each state's rows are copied into a column of their own: names are read a column at a time.
void ProfilePiece::update_names(const Block& block) const {
  const Values& wanted = block.inputs[wanted_];
  const Values& values = block.inputs[input_];
  std::vector<std::pair<std::byte*, std::uint32_t>> rows;
  rows.reserve(block.length);
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!wanted.keeps(i) || block.states[i] == block.sink) continue;
    rows.emplace_back(block.states[i], static_cast<std::uint32_t>(values.start + i));
  }
  std::ranges::sort(rows, [](const auto& a, const auto& b) {
    return std::less<>()(a.first, b.first) || (a.first == b.first && a.second < b.second);
  });
  std::vector<std::uint32_t> places;
  for (std::size_t i = 0; i < rows.size();) {
    std::byte* const state = rows[i].first;
    places.clear();
    for (; i < rows.size() && rows[i].first == state; ++i) places.push_back(rows[i].second);
    owned_in(state).column().update(take(*values.column, places).column);
  }
}

std::unique_ptr<Result> ProfilePiece::profile() const {
  return std::make_unique<ProfileResult>([this](const std::byte* state) -> const ColumnProfile& {
    const CountedColumn* const counted = owned_in(state);
    return counted == nullptr ? empty_ : counted->column();
  });
}

}  // namespace kedge
