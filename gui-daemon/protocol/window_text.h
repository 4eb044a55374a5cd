// Titles and classes of windows, made printable: nothing but 0x20..0x7E, so no bidi override, escape or look-alike letter.
#pragma once

#include <string>

#include "base/bytes.h"

namespace bh::gui {

class SanitizedText {
 public:
  SanitizedText() = default;
  // Up to the first NUL (a missing one is assumed at the end). A trailing U+2026 becomes "...".
  static SanitizedText from_wire(ByteSpan untrusted_field);
  [[nodiscard]] std::string const& text() const { return text_; }
  friend bool operator==(SanitizedText const&, SanitizedText const&) = default;

 private:
  explicit SanitizedText(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace bh::gui
