#include "kedge/arrow/column.h"

namespace kedge {

std::string_view Column::string_at(std::size_t row) const noexcept {
  if (type == TypeId::kUtf8) {
    const auto* ends = data<std::int32_t>() + row;
    return {text + ends[0], static_cast<std::size_t>(ends[1] - ends[0])};
  }
  if (type == TypeId::kLargeUtf8) {
    const auto* ends = data<std::int64_t>() + row;
    return {text + ends[0], static_cast<std::size_t>(ends[1] - ends[0])};
  }
  const StringView16& view = data<StringView16>()[row];
  const auto length = static_cast<std::size_t>(view.length);
  if (view.length <= StringView16::kInlineBytes) return {view.prefix, length};
  return {view_text[static_cast<std::size_t>(view.buffer)] + view.offset, length};
}

}  // namespace kedge
