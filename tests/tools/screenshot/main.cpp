// bulkhead-screenshot: a picture of the X screen, and proof by pixels that a frame of some colour is on it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/number.h"
#include "tests/tools/screenshot/frame_finder.h"

namespace {

void print(std::vector<bh::tools::FoundFrame> const& frames, bool as_json) {
  if (!as_json) {
    for (auto const& f : frames) std::printf("%ux%u at %u,%u, %u thick\n", f.width, f.height, f.x, f.y, f.thickness);
    return;
  }
  auto list = nlohmann::json::array();
  for (auto const& f : frames) list.push_back({{"x", f.x}, {"y", f.y}, {"width", f.width}, {"height", f.height}, {"thickness", f.thickness}});
  std::printf("%s\n", nlohmann::json{{"frames", list}}.dump().c_str());
}

int fail(std::string const& message) {
  std::fprintf(stderr, "bulkhead-screenshot: %s\n", message.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::string display, output, colour_text;
  bool as_json = false;
  CLI::App app("Takes a picture of an X screen and finds coloured frames in it.", "bulkhead-screenshot");
  app.footer("Examples:\n  bulkhead-screenshot --display :9 screen.png\n  bulkhead-screenshot --find-frame 3465a4 --json\n"
             "Exit codes: 0 done and, with --find-frame, found; 1 no such frame; 2 wrong options or no screen.");
  app.set_version_flag("--version", "bulkhead-screenshot " BH_VERSION);
  app.add_option("output", output, "PNG file to write");
  app.add_option("--display", display, "X display (default: $DISPLAY)");
  app.add_option("--find-frame", colour_text, "RRGGBB: report rectangles whose four sides have exactly this colour");
  app.add_flag("--json", as_json, "report as JSON");
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (output.empty() && colour_text.empty()) return fail("give a file to write or --find-frame; see --help");
  auto const colour = bh::parse_hex(colour_text.empty() ? "0" : colour_text, 0xFFFFFF);
  if (!colour) return fail("--find-frame wants six hexadecimal digits");
  auto const image = bh::tools::capture_screen(display);
  if (!image) return fail(image.error().message);
  if (!output.empty()) {
    if (auto const written = bh::tools::write_png(*image, output); !written) return fail(written.error().message);
  }
  if (colour_text.empty()) return 0;
  auto const frames = bh::tools::find_frames(*image, static_cast<std::uint32_t>(*colour));
  print(frames, as_json);
  return frames.empty() ? 1 : 0;
}
