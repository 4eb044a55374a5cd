// internal.GetSystemInfo: what the policy engine knows of the qubes (policy.md 8).
#include <nlohmann/json.hpp>

#include "dom0/core/admin/api.h"

namespace bh::dom0 {

namespace {

nlohmann::json name_or_null(std::string const& name) { return name.empty() ? nlohmann::json(nullptr) : nlohmann::json(name); }

}  // namespace

admin::Reply AdminApi::system_info(CallContext const&) {
  Inventory const& inventory = registry_.inventory();
  nlohmann::json domains = nlohmann::json::object();
  for (auto const& [name, qube] : inventory.qubes()) {
    Label const* const label = inventory.find_label(qube.label.text());
    auto const internal = qube.features.find(*FeatureName::parse("internal"));
    nlohmann::json tags = nlohmann::json::array();
    for (Tag const& tag : qube.tags) tags.push_back(tag.text());
    PowerState const state = qube.klass == QubeClass::admin ? PowerState::running : life_.info(name).state;
    domains[name] = {{"tags", std::move(tags)},
                     {"type", to_string(qube.klass)},
                     {"template_for_dispvms", value_of(inventory, qube, "template_for_dispvms") == "True"},
                     {"default_dispvm", name_or_null(value_of(inventory, qube, "default_dispvm"))},
                     {"power_state", to_string(state)},
                     {"icon", value_of(inventory, qube, "icon")},
                     {"label", label == nullptr ? "0x000000" : label->color},
                     {"guivm", name_or_null(value_of(inventory, qube, "guivm"))},
                     {"internal", internal == qube.features.end() ? nlohmann::json(nullptr) : nlohmann::json(internal->second.text())},
                     {"relayvm", nullptr},
                     {"transport_rpc", nullptr},
                     {"uuid", qube.uuid.text()}};
  }
  return nlohmann::json{{"domains", std::move(domains)}}.dump();
}

}  // namespace bh::dom0
