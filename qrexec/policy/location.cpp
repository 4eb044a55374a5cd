#include "qrexec/policy/location.h"

#include "base/display_text.h"

namespace bh::policy {

std::string Location::for_people() const {
  bool const outside = !file.empty() && file.front() == '/';
  std::string text = outside || folder.empty() ? file : file.empty() ? folder : folder + "/" + file;
  if (line != 0) text += ":" + std::to_string(line);
  if (line != 0 && column != 0) text += ":" + std::to_string(column);
  return text;
}

std::string Problem::for_people() const {
  std::string text = at.for_people() + ": " + message;
  if (!hint.empty()) text += " (" + hint + ")";
  return for_display(text, 4096);
}

}  // namespace bh::policy
