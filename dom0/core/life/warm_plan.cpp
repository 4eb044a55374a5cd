#include "dom0/core/life/warm_plan.h"

#include <algorithm>

#include "dom0/core/model/property.h"

namespace bh::dom0 {

namespace {

constexpr std::size_t kMaxPrograms = 1000;

// GUARD: the text becomes a value of the guest's environment file; its alphabet is that of hypervisor/vchan/guest_config.h.
bool is_plain(std::string const& text) {
  constexpr std::string_view kOthers = " ._:+,@/-";
  return text.size() <= kMaxPrograms && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || kOthers.find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string inherited_feature(Inventory const& inventory, Qube const& qube, char const* name) {
  auto const feature = FeatureName::parse(name);
  for (Qube const* const at : {&qube, inventory.find(value_of(inventory, qube, "template")), inventory.find(root_template(inventory, qube))}) {
    if (at == nullptr || !feature) continue;
    if (auto const found = at->features.find(*feature); found != at->features.end()) return found->second.text();
  }
  return {};
}

WarmWish warm_wish(Inventory const& inventory, Qube const& qube) {
  WarmWish wish;
  if (value_of(inventory, qube, "warm_start") != "True") {
    wish.why_not = "its property warm_start is off";
    return wish;
  }
  wish.programs = inherited_feature(inventory, qube, kWarmPrograms);
  if (!is_plain(wish.programs)) {
    wish.why_not = std::string("its feature ") + kWarmPrograms + " holds a character that is not allowed there";
    return wish;
  }
  wish.warm = true;
  wish.tag = "user=" + value_of(inventory, qube, "default_user") + " programs=" + wish.programs;
  if (!inherited_feature(inventory, qube, kWarmPerLabel).empty()) wish.tag += " label=" + qube.label.text();
  return wish;
}

std::string preparation_environment(Inventory const& inventory, Qube const& like, WarmWish const& wish, DomainId domain, std::int64_t now) {
  std::string text = "WARM=prepare\nQUBE_DOMAIN=" + std::to_string(domain.value()) + "\nVCHAN_DOMAIN=" + std::to_string(kAliasDomain) +
                     "\nVCHAN_SOCKET_DIR=/run/bulkhead/vchan\nDEFAULT_USER=" + value_of(inventory, like, "default_user") + "\nKEYBOARD_LAYOUT=us++" +
                     "\nGUI_TRANSPORT=window-memory\nTIME=" + std::to_string(now) + "\n";
  if (!wish.programs.empty()) text += "WARM_PROGRAMS=" + wish.programs + "\n";
  return text;
}

}  // namespace bh::dom0
