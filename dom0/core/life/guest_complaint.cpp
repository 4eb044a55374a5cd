#include "dom0/core/life/guest_complaint.h"

#include "base/display_text.h"

namespace bh::dom0 {

namespace {

// What follows the last `marker` on its line.
std::optional<std::string> said_after(std::string_view marker, Untrusted<std::string> const& console) {
  // GUARD: the guest chooses every byte: escape sequences, forged lines, a line without end. Only quoted, never acted upon.
  return console.checked([marker](std::string const& text) -> std::optional<std::string> {
    std::size_t const at = text.rfind(marker);
    if (at == std::string::npos) return std::nullopt;
    std::string_view line = std::string_view(text).substr(at + marker.size());
    line = line.substr(0, line.find_first_of("\r\n"));
    std::size_t const begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return std::nullopt;
    return for_display(line.substr(begin), 200);
  });
}

}  // namespace

std::optional<std::string> guest_complaint(Untrusted<std::string> const& console) { return said_after("BULKHEAD-ERROR:", console); }

std::optional<std::string> guest_panic(Untrusted<std::string> const& console) { return said_after("Kernel panic - not syncing:", console); }

}  // namespace bh::dom0
