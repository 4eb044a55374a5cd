// Names of services that Qubes and Bulkhead know, for one purpose: telling a misspelt one. A service of somebody's own is no mistake.
#pragma once

#include <optional>
#include <string_view>

namespace bh::policy {

// A known service that differs from `name` in letter case, or by at most two letters; nullopt if `name` is known itself, or like none.
[[nodiscard]] std::optional<std::string_view> probably_meant(std::string_view name);

// Whoever may call these in a qube runs programs of his choice there, or rules the system.
[[nodiscard]] bool gives_control(std::string_view service);

}  // namespace bh::policy
