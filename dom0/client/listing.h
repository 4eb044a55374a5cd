// Texts inside replies of the Admin API (admin-api.md 2): lines of admin.vm.List, property values, escaped lines of GetAll.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bh::admin {

// One line of admin.vm.List.
struct ListedQube {
  std::string name;
  std::string klass;
  std::string state;
  std::string uuid;
};
[[nodiscard]] std::vector<ListedQube> parse_vm_list(std::string_view text);

struct PropertyValue {
  bool is_default = true;
  std::string type = "str";  // str int bool vm label
  std::string value = {};
  friend bool operator==(PropertyValue const&, PropertyValue const&) = default;
};
// "default=True type=int 400"
[[nodiscard]] std::string format_property(PropertyValue const& property);
[[nodiscard]] std::optional<PropertyValue> parse_property(std::string_view text);
// Lines of property.GetAll: "NAME default=... type=... VALUE", backslash and line feed escaped.
[[nodiscard]] std::string format_property_line(std::string_view name, PropertyValue const& property);
[[nodiscard]] std::map<std::string, PropertyValue> parse_property_lines(std::string_view text);

// "key=value" parts separated by `separator`; parts without '=' are left out.
[[nodiscard]] std::map<std::string, std::string> parse_pairs(std::string_view text, char separator);
// Lines without their ends; an empty text has none.
[[nodiscard]] std::vector<std::string> parse_lines(std::string_view text);

}  // namespace bh::admin
