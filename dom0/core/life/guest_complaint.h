// What a guest that ended early printed about why: the last "BULKHEAD-ERROR:" line of its console (templates/ prints them).
#pragma once

#include <optional>
#include <string>

#include "base/untrusted.h"

namespace bh::dom0 {

// Fit to be shown, at most 200 characters; nullopt: no such line.
[[nodiscard]] std::optional<std::string> guest_complaint(Untrusted<std::string> const& console);

// The last words of a kernel that panicked, likewise.
[[nodiscard]] std::optional<std::string> guest_panic(Untrusted<std::string> const& console);

}  // namespace bh::dom0
