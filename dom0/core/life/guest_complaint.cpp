#include "dom0/core/life/guest_complaint.h"

#include "base/display_text.h"

namespace bh::dom0 {

std::optional<std::string> guest_complaint(Untrusted<std::string> const& console) {
  // GUARD: the guest chooses every byte: escape sequences, forged lines, a line without end. Only quoted, never acted upon.
  return console.checked([](std::string const& text) -> std::optional<std::string> {
    constexpr std::string_view kMarker = "BULKHEAD-ERROR:";
    std::size_t const at = text.rfind(kMarker);
    if (at == std::string::npos) return std::nullopt;
    std::string_view line = std::string_view(text).substr(at + kMarker.size());
    line = line.substr(0, line.find_first_of("\r\n"));
    std::size_t const begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return std::nullopt;
    return for_display(line.substr(begin), 200);
  });
}

}  // namespace bh::dom0
