// Finds frames by looking at pixels, as a person does: rectangles whose four sides have one exact colour.
#pragma once

#include <vector>

#include "tests/tools/screenshot/image.h"

namespace bh::tools {

struct FoundFrame {
  std::uint32_t x;
  std::uint32_t y;
  std::uint32_t width;
  std::uint32_t height;
  std::uint32_t thickness;  // of the left side, at half height
};

// Rectangles of at least 8 by 8 pixels, in reading order of their top left corners. Partly covered ones are not found.
[[nodiscard]] std::vector<FoundFrame> find_frames(Image const& image, std::uint32_t colour);

}  // namespace bh::tools
