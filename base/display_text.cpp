#include "base/display_text.h"

namespace bh {

namespace {
bool printable(char c) { return c >= 0x20 && c <= 0x7E; }
}  // namespace

std::string for_display(std::string_view untrusted, std::size_t limit) {
  std::string out(untrusted.substr(0, limit));
  for (char& c : out) {
    if (!printable(c)) c = '_';
  }
  return out;
}

std::string for_terminal(std::string_view untrusted) {
  std::string out(untrusted);
  for (char& c : out) {
    if (!printable(c) && c != '\t' && c != '\n' && c != '\r' && c != '\b' && c != '\a') c = '_';
  }
  return out;
}

}  // namespace bh
