// The properties of qubes and of the system: one table each, with type, who has it, default and check. Values are texts in the
// form of the wire (admin-api.md 2).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dom0/client/listing.h"
#include "dom0/client/reply.h"
#include "dom0/core/model/inventory.h"

namespace bh::dom0 {

enum class PropertyType { str, integer, boolean, vm, label };
[[nodiscard]] std::string_view to_string(PropertyType type);

struct PropertySpec {
  std::string_view name;
  PropertyType type;
  bool on_admin, on_template, on_app;
  bool settable;
  // Taken from the template when the qube does not set it itself.
  bool inherited;
  // Used when nothing is set; for vm and int types it may name a system setting instead, written "@setting".
  std::string_view fallback;
  std::string_view help;
  // Disposables have what AppVMs have, unless it says otherwise here.
  enum class Disposables { as_app, not_these, only_these } disposables = Disposables::as_app;

  [[nodiscard]] bool applies_to(QubeClass klass) const;
};

[[nodiscard]] std::span<PropertySpec const> qube_properties();
[[nodiscard]] std::span<PropertySpec const> system_settings();
// nullptr: there is none, or this class has none of that name.
[[nodiscard]] PropertySpec const* find_property(std::string_view name, QubeClass klass);
[[nodiscard]] PropertySpec const* find_setting(std::string_view name);

[[nodiscard]] admin::PropertyValue evaluate(Inventory const& inventory, Qube const& qube, PropertySpec const& spec);
// As if nothing were set on the qube itself.
[[nodiscard]] admin::PropertyValue default_of(Inventory const& inventory, Qube const& qube, PropertySpec const& spec);
[[nodiscard]] admin::PropertyValue evaluate_setting(Inventory const& inventory, PropertySpec const& spec);
// The value of a property that every qube but dom0 has, e.g. "memory".
[[nodiscard]] std::string value_of(Inventory const& inventory, Qube const& qube, std::string_view property);
[[nodiscard]] int number_of(Inventory const& inventory, Qube const& qube, std::string_view property);

// The text a caller sent, as it will be stored; or QubesPropertyValueError saying what would be right. `qube` is null for a system setting.
[[nodiscard]] Result<std::string, admin::Exception> check_value(Inventory const& inventory, Qube const* qube, PropertySpec const& spec,
                                                                std::string_view text);

// The TemplateVM whose root volume a qube starts from: its template's template for a disposable. Empty if there is none.
[[nodiscard]] std::string root_template(Inventory const& inventory, Qube const& qube);
// What stands between a qube and the network, the nearest first; the qube itself is not in it.
[[nodiscard]] std::vector<std::string> netvm_chain(Inventory const& inventory, std::string_view qube);

// default_template: the setting, else the only template, else the first by name; empty if there is none.
[[nodiscard]] std::string default_template(Inventory const& inventory);

}  // namespace bh::dom0
