// What a display server can share with us, as bulkhead-display-probe learns it and doctor reads it: a few KEY=VALUE lines. Pure codec.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bh::cli {

struct X11Answer {
  std::string shm_version;  // "1.2"; empty: the server has no MIT-SHM
  bool shared_fd = false;   // it took shared memory by descriptor, which is how a window's pixels reach it uncopied
};

struct WaylandAnswer {
  bool shm = false;
  bool argb = false;
  bool xrgb = false;
  bool xdg_shell = false;
  bool security_context = false;
};

struct DisplayAnswer {
  std::optional<X11Answer> x11;          // nullopt: none asked, or it does not answer
  std::optional<WaylandAnswer> wayland;
};

[[nodiscard]] std::string format_display_answer(DisplayAnswer const& answer);
// nullopt: not such a text. Unknown keys are refused: both programs are of one build.
[[nodiscard]] std::optional<DisplayAnswer> parse_display_answer(std::string_view text);

}  // namespace bh::cli
