#include "dom0/core/model/property.h"

#include "base/number.h"

namespace bh::dom0 {

std::string_view to_string(PropertyType type) {
  switch (type) {
    case PropertyType::str: return "str";
    case PropertyType::integer: return "int";
    case PropertyType::boolean: return "bool";
    case PropertyType::vm: return "vm";
    case PropertyType::label: return "label";
  }
  return "str";
}

bool PropertySpec::applies_to(QubeClass klass) const {
  switch (klass) {
    case QubeClass::admin: return on_admin;
    case QubeClass::template_qube: return on_template;
    case QubeClass::app: return on_app;
  }
  return false;
}

PropertySpec const* find_property(std::string_view name, QubeClass klass) {
  for (auto const& spec : qube_properties()) {
    if (spec.name == name && spec.applies_to(klass)) return &spec;
  }
  return nullptr;
}

PropertySpec const* find_setting(std::string_view name) {
  for (auto const& spec : system_settings()) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

std::string default_template(Inventory const& inventory) {
  if (auto const set = inventory.settings().find("default_template"); set != inventory.settings().end()) return set->second;
  for (auto const& [name, qube] : inventory.qubes()) {
    if (qube.klass == QubeClass::template_qube) return name;
  }
  return {};
}

namespace {

admin::PropertyValue as_default(PropertySpec const& spec, std::string value) {
  return {true, std::string(to_string(spec.type)), std::move(value)};
}

std::string setting_value(Inventory const& inventory, std::string_view name) {
  if (name == "default_template") return default_template(inventory);
  auto const* const spec = find_setting(name);
  return spec == nullptr ? std::string() : evaluate_setting(inventory, *spec).value;
}

// Parts of the qube itself that are served as properties; they are never "default".
std::optional<std::string> built_in(Qube const& qube, std::string_view name) {
  if (name == "name") return qube.name.text();
  if (name == "qid") return std::to_string(qube.qid);
  if (name == "uuid") return qube.uuid.text();
  if (name == "klass") return std::string(to_string(qube.klass));
  if (name == "label") return qube.label.text();
  if (name == "icon") return (qube.klass == QubeClass::template_qube ? "templatevm-" : qube.klass == QubeClass::admin ? "adminvm-" : "appvm-") + qube.label.text();
  if (name == "updateable") return qube.klass == QubeClass::app ? "False" : "True";
  return std::nullopt;
}

}  // namespace

admin::PropertyValue evaluate_setting(Inventory const& inventory, PropertySpec const& spec) {
  auto const set = inventory.settings().find(spec.name);
  if (set != inventory.settings().end()) return {false, std::string(to_string(spec.type)), set->second};
  if (spec.name == "default_template") return as_default(spec, default_template(inventory));
  return as_default(spec, std::string(spec.fallback));
}

admin::PropertyValue default_of(Inventory const& inventory, Qube const& qube, PropertySpec const& spec) {
  if (auto value = built_in(qube, spec.name)) return {spec.name != "label", std::string(to_string(spec.type)), *value};
  if (spec.name == "netvm" && qube.klass != QubeClass::app) return as_default(spec, "");
  if (spec.inherited && qube.klass == QubeClass::app) {
    Qube const* const base = inventory.find(value_of(inventory, qube, "template"));
    if (base != nullptr) {
      auto const set = base->properties.find(std::string(spec.name));
      if (set != base->properties.end()) return as_default(spec, set->second);
    }
  }
  if (spec.fallback.starts_with('@')) return as_default(spec, setting_value(inventory, spec.fallback.substr(1)));
  return as_default(spec, std::string(spec.fallback));
}

admin::PropertyValue evaluate(Inventory const& inventory, Qube const& qube, PropertySpec const& spec) {
  auto const set = qube.properties.find(std::string(spec.name));
  if (set != qube.properties.end()) return {false, std::string(to_string(spec.type)), set->second};
  return default_of(inventory, qube, spec);
}

std::string value_of(Inventory const& inventory, Qube const& qube, std::string_view property) {
  auto const* const spec = find_property(property, qube.klass);
  return spec == nullptr ? std::string() : evaluate(inventory, qube, *spec).value;
}

int number_of(Inventory const& inventory, Qube const& qube, std::string_view property) {
  return static_cast<int>(parse_decimal(value_of(inventory, qube, property), 1U << 30U).value_or(0));
}

}  // namespace bh::dom0
