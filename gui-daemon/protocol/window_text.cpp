#include "gui-daemon/protocol/window_text.h"

#include "base/display_text.h"

namespace bh::gui {

SanitizedText SanitizedText::from_wire(ByteSpan untrusted_field) {
  if (untrusted_field.empty()) return {};
  // GUARD: a field without terminator: its last byte counts as one.
  std::string_view raw = as_text(untrusted_field.first(untrusted_field.size() - 1));
  raw = raw.substr(0, raw.find('\0'));
  constexpr std::string_view kEllipsis = "\xE2\x80\xA6";
  bool const cut = raw.ends_with(kEllipsis);
  if (cut) raw.remove_suffix(kEllipsis.size());
  // GUARD: control bytes, bidi overrides and invalid UTF-8 in what the user reads as a name.
  return SanitizedText(for_display(raw, raw.size()) + (cut ? "..." : ""));
}

}  // namespace bh::gui
