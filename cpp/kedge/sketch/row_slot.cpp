#include "kedge/sketch/row_slot.h"

#include "kedge/arrow/numeric.h"
#include "kedge/sketch/name_reader.h"

namespace kedge {
namespace {

const CellMap* cells_of(const ColumnProfile& profile) noexcept {
  if (const auto* numbers = std::get_if<Histogram>(&profile.counts)) return &numbers->map();
  if (const auto* text = std::get_if<Text>(&profile.counts)) return &text->lengths().map();
  return nullptr;
}

// The dictionary's entry that the row points to, or the row itself.
struct Place {
  const Column& column;
  std::size_t row;
};

Place place_of(const Column& column, std::size_t row) noexcept {
  if (!column.dictionary) return {column, row};
  return {*column.dictionary, entry_at(column, row)};
}

std::uint32_t name_slot(const CategoryMap& map, const Column& column, std::size_t row) {
  if (column.is_null(row)) return map.null_slot();
  const Place place = place_of(column, row);
  if (place.column.is_null(place.row)) return map.null_slot();
  return is_string(place.column.type) ? map.slot_of(place.column.string_at(place.row))
                                      : map.slot_of(name_at(place.column, place.row));
}

}  // namespace

std::uint32_t row_slot(const ColumnProfile& profile, const Column& column, std::size_t row) {
  if (const auto* names = std::get_if<Categories>(&profile.counts)) {
    return name_slot(names->map(), column, row);
  }
  const CellPlan& plan = cells_of(profile)->plan();
  if (column.is_null(row)) return null_slot(plan.cells);
  double value;
  if (std::holds_alternative<Histogram>(profile.counts)) {
    read_doubles(column, row, 1, &value);
  } else {
    const Place place = place_of(column, row);
    if (place.column.is_null(place.row)) return null_slot(plan.cells);
    value = static_cast<double>(place.column.string_at(place.row).size());
  }
  return cell_slot(plan, value);
}

std::uint32_t row_slots(const ColumnProfile& profile) {
  if (const CellMap* map = cells_of(profile)) return map->slots();
  return std::get<Categories>(profile.counts).map().slots();
}

bool is_missing_slot(const ColumnProfile& profile, std::uint32_t slot) {
  if (const CellMap* map = cells_of(profile)) return slot >= nan_slot(map->cells());
  return slot == std::get<Categories>(profile.counts).map().null_slot();
}

}  // namespace kedge
