#include "kedge/model/onnx_net_value.h"

#include <utility>

namespace kedge {

std::vector<std::uint32_t> sizes_of(const OnnxNetValue& value, std::size_t width) {
  if (value.form == OnnxForm::kDeep) return value.sizes;
  if (value.form != OnnxForm::kMatrix) return {};
  return {static_cast<std::uint32_t>(width)};
}

void set_sizes(OnnxNetValue& value, std::vector<std::uint32_t> sizes) {
  value.form = sizes.empty() ? OnnxForm::kFlat : OnnxForm::kMatrix;
  if (sizes.size() > 1) {
    value.form = OnnxForm::kDeep;
    value.sizes = std::move(sizes);
  } else {
    value.sizes.clear();
  }
}

void OnnxTexts::begin(std::size_t inputs) {
  lists_.resize(inputs);
  growing_ = inputs;
}

std::uint32_t OnnxTexts::insert(List& list, std::string_view name) {
  const auto next = static_cast<std::uint32_t>(list.names.size());
  const auto [found, is_new] = list.places.emplace(name, next);
  if (is_new) list.names.push_back(name);
  return found->second;
}

std::uint32_t OnnxTexts::add(const std::vector<std::string_view>& names) {
  List& list = lists_.emplace_back();
  for (const std::string_view name : names) insert(list, name);
  return static_cast<std::uint32_t>(lists_.size() - 1);
}

std::vector<std::string> OnnxTexts::names(std::uint32_t list) const {
  return {lists_[list].names.begin(), lists_[list].names.end()};
}

std::uint32_t OnnxTexts::place(std::uint32_t list, std::string_view name) {
  List& chosen = lists_[list];
  if (list < growing_) return insert(chosen, name);
  const auto found = chosen.places.find(name);
  return found == chosen.places.end() ? static_cast<std::uint32_t>(chosen.names.size())
                                      : found->second;
}

std::uint32_t OnnxTexts::place_of_none(std::uint32_t list) const noexcept {
  const List& chosen = lists_[list];
  const auto found = chosen.places.find(std::string_view());
  return found == chosen.places.end() ? static_cast<std::uint32_t>(chosen.names.size())
                                      : found->second;
}

}  // namespace kedge
