// The ways that a policy leaves open as a picture: Graphviz text, or an SVG of our own that needs no other program.
#pragma once

#include <string>
#include <vector>

#include "qrexec/policy/survey.h"

namespace bh::policy {

// One arrow: all calls from one qube to another, told as one label. Solid where at least one passes without a question.
struct Arrow {
  std::string from;
  std::string to;
  std::vector<std::string> calls;
  bool asks = true;
};
[[nodiscard]] std::vector<Arrow> arrows(std::vector<Reach> const& reaches);

struct GraphOptions {
  bool labels = true;
};
[[nodiscard]] std::string dot_text(std::vector<Arrow> const& arrows, SystemInfo const& info, GraphOptions const& options);
[[nodiscard]] std::string svg_text(std::vector<Arrow> const& arrows, SystemInfo const& info, GraphOptions const& options);

}  // namespace bh::policy
