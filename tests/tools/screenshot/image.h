// Image: pixels of an X screen (or of a window) copied to our own memory, 0xRRGGBB each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/error.h"

namespace bh::tools {

struct Image {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::vector<std::uint32_t> pixels;
  // Outside the image: a colour that does not exist.
  [[nodiscard]] std::uint32_t at(std::uint32_t x, std::uint32_t y) const {
    return x < width && y < height ? pixels[std::size_t{y} * width + x] : 0xFF000000u;
  }
};

// The root window of $DISPLAY, or of `display` if it is not empty: what a person sees there.
Result<Image> capture_screen(std::string const& display);
Result<void> write_png(Image const& image, std::filesystem::path const& path);

}  // namespace bh::tools
