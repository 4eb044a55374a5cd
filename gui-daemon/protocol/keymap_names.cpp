#include "gui-daemon/protocol/keymap_names.h"

#include <algorithm>

#include "gui-daemon/protocol/limits.h"

namespace bh::gui {
namespace {

bool allowed(char c) {
  bool const alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || std::string_view("_-:,.+()").find(c) != std::string_view::npos;
}

}  // namespace

Bytes encode_keymap_names(to_agent::KeymapNames const& names) {
  ByteWriter out;
  for (std::string const* name : {&names.layout, &names.variant, &names.options}) out.text(*name).u8(0);
  return std::move(out).take();
}

Result<to_agent::KeymapNames, ProtocolError> decode_keymap_names(ByteSpan body) {
  if (body.size() > kMaxKeymapNames) return Failure{ProtocolError::bad_keymap_names};
  std::string_view text = as_text(body);
  to_agent::KeymapNames names;
  for (std::string* name : {&names.layout, &names.variant, &names.options}) {
    auto const end = text.find('\0');
    if (end == std::string_view::npos) return Failure{ProtocolError::bad_keymap_names};
    *name = text.substr(0, end);
    // GUARD: names that would mean a path or another option where they are used.
    if (!std::ranges::all_of(*name, allowed)) return Failure{ProtocolError::bad_keymap_names};
    text.remove_prefix(end + 1);
  }
  if (!text.empty()) return Failure{ProtocolError::bad_keymap_names};
  return names;
}

}  // namespace bh::gui
