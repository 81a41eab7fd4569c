#include "user_codes.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include <algorithm>
#include <bit>

#include "kedge/base/error.h"
#include "stored.h"

namespace nb = nanobind;

namespace kedge {
namespace {

struct TypeRow {
  TypeId id;
  std::string_view name;  // as Numba and numpy have it
};
constexpr TypeRow kTypes[] = {
    {TypeId::kFloat64, "float64"},
    {TypeId::kInt64, "int64"},
    {TypeId::kUint64, "uint64"},
    {TypeId::kBool, "bool"},
};

std::string_view name_of(TypeId id) { return std::ranges::find(kTypes, id, &TypeRow::id)->name; }

nb::list names_of(std::span<const TypeId> ids) {
  nb::list names;
  for (const TypeId id : ids) names.append(name_of(id));
  return names;
}

TypeId type_named(const nb::handle& name) {
  const auto text = nb::cast<std::string>(name);
  const auto* found = std::ranges::find(kTypes, text, &TypeRow::name);
  if (found == std::end(kTypes)) throw unsupported("no aggregate can be ", text);
  return found->id;
}

template <class Function>
Function* function_at(const nb::handle& address) {
  return std::bit_cast<Function*>(nb::cast<std::uintptr_t>(address));
}

}  // namespace

std::optional<std::uint64_t> PythonCodes::hash_of(const std::string& name) const {
  const nb::gil_scoped_acquire gil;
  return nb::cast<std::optional<std::uint64_t>>(codes_.attr("hash_of")(name));
}

UserCode PythonCodes::code_for(const std::string& name, std::span<const TypeId> inputs) const {
  const nb::gil_scoped_acquire gil;
  const nb::object native = codes_.attr("code_for")(name, names_of(inputs));
  UserCode code;
  const auto initial = nb::cast<nb::bytes>(native.attr("initial"));
  const auto bytes = bytes_of(initial);
  code.initial.assign(bytes.begin(), bytes.end());
  code.plain_words = nb::cast<std::size_t>(native.attr("plain_words"));
  code.result = type_named(native.attr("result"));
  code.step = function_at<UserCode::Step>(native.attr("step"));
  code.merge = function_at<UserCode::Merge>(native.attr("merge"));
  code.prepend = function_at<UserCode::Prepend>(native.attr("prepend"));
  code.finish = function_at<UserCode::Finish>(native.attr("finish"));
  return code;
}

UserColumnCode PythonCodes::column_for(const std::string& name,
                                       std::span<const TypeId> inputs) const {
  const nb::gil_scoped_acquire gil;
  const nb::object native = codes_.attr("column_for")(name, names_of(inputs));
  return {type_named(native.attr("result")),
          function_at<UserColumnCode::Apply>(native.attr("apply"))};
}

}  // namespace kedge
