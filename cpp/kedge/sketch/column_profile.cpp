#include "kedge/sketch/column_profile.h"

#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

// As they are stored, and in the order of ColumnCounts.
enum class Kind : std::uint8_t { kNumber, kCategory, kText };

constexpr std::string_view kKindNames[] = {"number", "category", "text"};

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

bool is_temporal(std::string_view type) {
  return type.starts_with("timestamp") || type.starts_with("date");
}

bool takes(const ColumnCounts& counts, const Type& type) {
  return std::visit(Overloaded{[&](const Histogram&) { return is_numeric(type); },
                               [&](const Categories&) { return Categories::takes(type); },
                               [&](const Text&) { return Text::takes(type); }},
                    counts);
}

}  // namespace

std::string_view ColumnProfile::kind() const { return kKindNames[counts.index()]; }

ColumnProfile ColumnProfile::like() const {
  const auto empty = Overloaded{
      [](const Histogram& numbers) -> ColumnCounts { return Histogram(numbers.shared_map()); },
      [](const Categories& names) -> ColumnCounts { return Categories(names.shared_map()); },
      [](const Text& text) -> ColumnCounts { return text.like(); }};
  return {name, type, distinct, std::visit(empty, counts)};
}

bool ColumnProfile::same_map(const ColumnProfile& other) const {
  if (counts.index() != other.counts.index()) return false;
  return std::visit(
      [&]<class Counts>(const Counts& mine) {
        return mine.same_map(std::get<Counts>(other.counts));
      },
      counts);
}

void ColumnProfile::check_takes(const Type& other) const {
  if (!takes(counts, other)) {
    throw unsupported("column \"", name, "\": the profile holds ", type, " as a ", kind(), ", got ",
                      type_name(other));
  }
  if (!is_time(other.id) && !is_temporal(type)) return;
  if (const std::string got = type_name(other); got != type) {
    throw invalid_argument("column \"", name, "\": the profile holds ", type, ", got ", got);
  }
}

void ColumnProfile::update(const Column& column) {
  in_column(name, [&] { std::visit([&](auto& mine) { mine.update(column); }, counts); });
}

void ColumnProfile::merge(const ColumnProfile& other) {
  in_column(name, [&] {
    std::visit([&]<class Counts>(Counts& mine) { mine.merge(std::get<Counts>(other.counts)); },
               counts);
  });
}

void ColumnProfile::subtract(const ColumnProfile& other) {
  in_column(name, [&] {
    std::visit([&]<class Counts>(Counts& mine) { mine.subtract(std::get<Counts>(other.counts)); },
               counts);
  });
}

std::uint64_t ColumnProfile::slots() const {
  return std::visit(Overloaded{[](const Text& text) { return text.slots(); },
                               [](const auto& mine) { return std::uint64_t{mine.map().slots()}; }},
                    counts);
}

std::uint64_t ColumnProfile::row_count() const {
  return std::visit([](const auto& mine) { return mine.row_count(); }, counts);
}

std::uint64_t ColumnProfile::missing_count() const {
  return std::visit(
      Overloaded{[](const Histogram& mine) { return mine.null_count() + mine.nan_count(); },
                 [](const auto& mine) { return mine.null_count(); }},
      counts);
}

void ColumnProfile::write(ByteWriter& out) const {
  out.write_string(name);
  out.write_string(type);
  out.write_varint(distinct);
  out.write(static_cast<std::uint8_t>(counts.index()));
  std::visit(Overloaded{[&](const Text& text) { text.write(out); },
                        [&](const auto& mine) { out.write_bytes(mine.to_bytes()); }},
             counts);
}

ColumnProfile ColumnProfile::read(ByteReader& in, std::uint32_t version) {
  std::string name(in.read_string());
  std::string type(in.read_string());
  const std::uint64_t distinct = version == 1 ? 0 : in.read_varint();
  const auto kind = version == 1 ? Kind::kNumber : static_cast<Kind>(in.read<std::uint8_t>());
  ByteReader rest(in.slice(in.position(), in.remaining()),
                  text(in.section(), ", column \"", name, "\""));
  const auto column = [&](ColumnCounts counts) {
    in.read_bytes(rest.position());
    return ColumnProfile{std::move(name), std::move(type), distinct, std::move(counts)};
  };
  switch (kind) {
    case Kind::kNumber:
      return column(Histogram::read(rest));
    case Kind::kCategory:
      return column(Categories::read(rest));
    case Kind::kText:
      return column(Text::read(rest));
  }
  throw corrupt_data(rest.section(), ": kind ", static_cast<int>(kind), " is not one of 0 to 2");
}

}  // namespace kedge
