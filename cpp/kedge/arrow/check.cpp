#include "kedge/arrow/check.h"

#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

// One pass without branches, which is all that good columns need, and one to name the bad row.
template <class Offset>
void check_offsets(const Column& column) {
  const Offset* offsets = column.data<Offset>();
  bool rising = column.length == 0 || offsets[0] >= 0;
  for (std::size_t row = 0; row < column.length; ++row) rising &= offsets[row] <= offsets[row + 1];
  if (rising) return;
  for (std::size_t row = 0; row < column.length; ++row) {
    if (offsets[row] >= 0 && offsets[row] <= offsets[row + 1]) continue;
    throw invalid_argument("string offsets fall from ", offsets[row], " to ", offsets[row + 1],
                           " at row ", row);
  }
}

void check_views(const Column& column) {
  const auto* views = column.data<StringView16>();
  for (std::size_t row = 0; row < column.length; ++row) {
    const StringView16& view = views[row];
    if (view.length >= 0 && view.length <= StringView16::kInlineBytes) continue;
    if (column.is_null(row)) continue;
    const bool in_buffers = view.length > 0 && view.buffer >= 0 &&
                            static_cast<std::size_t>(view.buffer) < column.view_text.size();
    const auto end = std::int64_t{view.offset} + view.length;
    if (in_buffers && view.offset >= 0 && column.view_text[view.buffer] != nullptr &&
        column.view_text_bytes != nullptr && end <= column.view_text_bytes[view.buffer]) {
      continue;
    }
    throw invalid_argument("the view at row ", row, " has ", view.length, " bytes at ", view.offset,
                           " of buffer ", view.buffer, ", outside of ", column.view_text.size(),
                           " buffers");
  }
}

}  // namespace

void check_indices(const Column& column) {
  const std::size_t values = column.dictionary->length;
  for (std::size_t row = 0; row < column.length; ++row) {
    if (column.is_null(row)) continue;
    double index;
    read_doubles(column, row, 1, &index);
    if (index >= 0 && index < static_cast<double>(values)) continue;
    throw invalid_argument("the dictionary index ", index, " at row ", row, " is outside of ",
                           values, " values");
  }
}

void check_strings(const Column& column) {
  if (column.dictionary) return check_strings(*column.dictionary);
  if (column.type == TypeId::kUtf8) check_offsets<std::int32_t>(column);
  if (column.type == TypeId::kLargeUtf8) check_offsets<std::int64_t>(column);
  if (column.type == TypeId::kUtf8View) check_views(column);
}

void check_column(const Column& column) {
  check_strings(column);
  if (column.dictionary) check_indices(column);
}

void check_values(const Batch& batch) {
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    try {
      check_column(batch.columns[i]);
    } catch (const Error& error) {
      throw Error(error.code(), text("column \"", batch.field(i).name, "\": ", error.what()));
    }
  }
}

}  // namespace kedge
