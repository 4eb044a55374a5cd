#include "qrexec/policy/prompt/prompt_text.h"

#include <algorithm>

#include "base/display_text.h"
#include "base/number.h"

namespace bh::policy {

std::string prompt_text(AskMessage const& message) {
  std::string text = "\nThe qube " + for_display(message.source) + " wants to call " + for_display(message.service);
  // "+" alone is the empty argument.
  if (message.argument.size() > 1) text += " with the argument " + for_display(message.argument.substr(1), 256);
  text += "\nWhere may it do so?\n";
  for (std::size_t i = 0; i < message.targets.size(); ++i) {
    std::string const& target = message.targets[i];
    text += "  " + std::to_string(i + 1) + "  " + for_display(target);
    if (target == message.default_target) text += "   (suggested)";
    text += "\n";
  }
  return text + "Number or name; anything else means no: ";
}

std::string notice_text(NotifyMessage const& message) {
  std::string const what = message.resolution == Resolution::allow  ? "was allowed to call "
                           : message.resolution == Resolution::deny ? "was not allowed to call "
                                                                    : "could not call ";
  return "Notice: the qube " + for_display(message.source) + " " + what + for_display(message.service) +
         (message.argument.size() > 1 ? for_display(message.argument, 256) : std::string()) +
         (message.target.empty() ? std::string() : " in " + for_display(message.target)) + "\n";
}

std::optional<std::string> chosen_target(AskMessage const& message, std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  if (line.empty()) return std::nullopt;
  // A qube may be called "7"; its name counts before its number.
  if (auto const name = std::find(message.targets.begin(), message.targets.end(), line); name != message.targets.end()) return *name;
  auto const number = parse_decimal(line, message.targets.size());
  if (!number || *number == 0) return std::nullopt;
  return message.targets[static_cast<std::size_t>(*number) - 1];
}

}  // namespace bh::policy
