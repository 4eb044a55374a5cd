#include "dom0/cli/display_probe/display_answer.h"

#include <cstddef>

namespace bh::cli {

namespace {

constexpr std::size_t kMaxText = 1024;

std::optional<bool> yes_or_no(std::string_view value) {
  if (value == "yes") return true;
  return value == "no" ? std::optional(false) : std::nullopt;
}

bool is_version(std::string_view value) { return value.size() <= 12 && value.find_first_not_of("0123456789.") == std::string_view::npos; }

// False: the line is none of ours.
bool take(DisplayAnswer& answer, std::string_view key, std::string_view value) {
  auto const flag = yes_or_no(value);
  if (key == "x11-shm" && is_version(value)) {
    answer.x11 = X11Answer{std::string(value), false};
    return true;
  }
  if (!flag) return false;
  if (key == "x11-shm-fd" && answer.x11) answer.x11->shared_fd = *flag;
  else if (key == "wayland-shm") answer.wayland = WaylandAnswer{*flag};
  else if (!answer.wayland) return false;
  else if (key == "wayland-argb8888") answer.wayland->argb = *flag;
  else if (key == "wayland-xrgb8888") answer.wayland->xrgb = *flag;
  else if (key == "wayland-xdg-shell") answer.wayland->xdg_shell = *flag;
  else if (key == "wayland-security-context") answer.wayland->security_context = *flag;
  else return false;
  return true;
}

}  // namespace

std::string format_display_answer(DisplayAnswer const& answer) {
  std::string text;
  auto const line = [&](char const* key, std::string_view value) { text.append(key).append("=").append(value).append("\n"); };
  auto const flag = [&](char const* key, bool value) { line(key, value ? "yes" : "no"); };
  if (answer.x11) {
    line("x11-shm", answer.x11->shm_version);
    flag("x11-shm-fd", answer.x11->shared_fd);
  }
  if (answer.wayland) {
    flag("wayland-shm", answer.wayland->shm);
    flag("wayland-argb8888", answer.wayland->argb);
    flag("wayland-xrgb8888", answer.wayland->xrgb);
    flag("wayland-xdg-shell", answer.wayland->xdg_shell);
    flag("wayland-security-context", answer.wayland->security_context);
  }
  return text;
}

std::optional<DisplayAnswer> parse_display_answer(std::string_view text) {
  DisplayAnswer answer;
  if (text.size() > kMaxText) return std::nullopt;
  while (!text.empty()) {
    std::size_t const end = text.find('\n');
    std::size_t const equals = text.substr(0, end).find('=');
    if (end == std::string_view::npos || equals == std::string_view::npos) return std::nullopt;
    if (!take(answer, text.substr(0, equals), text.substr(equals + 1, end - equals - 1))) return std::nullopt;
    text.remove_prefix(end + 1);
  }
  return answer;
}

}  // namespace bh::cli
