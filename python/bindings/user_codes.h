// Users' aggregates and columns that Python compiled, as the core asks for them.
#pragma once

#include <nanobind/nanobind.h>

#include "kedge/window/user_code.h"

namespace kedge {

// `codes` is a kedge.window.codes.Codes. It is asked with the GIL held, from threads that hold it
// or do not, and kept as long as this.
class PythonCodes final : public UserCodes {
 public:
  explicit PythonCodes(nanobind::object codes) : codes_(std::move(codes)) {}

  const nanobind::object& object() const noexcept { return codes_; }

  std::optional<std::uint64_t> hash_of(const std::string& name) const override;
  UserCode code_for(const std::string& name, std::span<const TypeId> inputs) const override;
  UserColumnCode column_for(const std::string& name, std::span<const TypeId> inputs) const override;

 private:
  nanobind::object codes_;
};

}  // namespace kedge
