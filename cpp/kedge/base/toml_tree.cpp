#include "kedge/base/toml_tree.h"

namespace kedge {
namespace {

struct Build {
  DocumentBuilder* out;

  void operator()(bool value) const { out->boolean(value); }
  void operator()(std::int64_t value) const { out->integer(value); }
  void operator()(double value) const { out->number(value); }
  void operator()(const std::string& value) const { out->text(value); }
  void operator()(const TomlElements& array) const {
    out->open_array();
    for (const auto& element : array.all) std::visit(*this, element->value);
    out->close();
  }
  void operator()(const TomlMembers& table) const {
    out->open_object();
    for (const auto& [name, member] : table.named) {
      out->text(name);
      std::visit(*this, member->value);
    }
    out->close();
  }
};

}  // namespace

TomlNode* TomlNode::find(std::string_view name) noexcept {
  for (auto& [key, member] : table()->named) {
    if (key == name) return member.get();
  }
  return nullptr;
}

TomlNode& TomlNode::add(std::string_view name) {
  return *table()->named.emplace_back(name, std::make_unique<TomlNode>()).second;
}

Document document_of(TomlNode& root) {
  DocumentBuilder out;
  std::visit(Build{&out}, root.value);
  return out.finish();
}

}  // namespace kedge
