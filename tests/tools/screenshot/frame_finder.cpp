#include "tests/tools/screenshot/frame_finder.h"

#include <algorithm>
#include <optional>

namespace bh::tools {
namespace {

constexpr std::uint32_t kLeast = 8;

// How many pixels of the colour follow each other from a pixel to the right, and downward.
class Runs {
 public:
  Runs(Image const& image, std::uint32_t colour) : width_(image.width), right_(image.pixels.size()), down_(image.pixels.size()) {
    for (std::uint32_t y = image.height; y-- > 0;) {
      for (std::uint32_t x = width_; x-- > 0;) {
        if (image.at(x, y) != colour) continue;
        right_[at(x, y)] = 1 + (x + 1 < width_ ? right_[at(x + 1, y)] : 0);
        down_[at(x, y)] = 1 + (y + 1 < image.height ? down_[at(x, y + 1)] : 0);
      }
    }
  }
  [[nodiscard]] std::uint32_t right(std::uint32_t x, std::uint32_t y) const { return right_[at(x, y)]; }
  [[nodiscard]] std::uint32_t down(std::uint32_t x, std::uint32_t y) const { return down_[at(x, y)]; }

 private:
  [[nodiscard]] std::size_t at(std::uint32_t x, std::uint32_t y) const { return std::size_t{y} * width_ + x; }
  std::uint32_t width_;
  std::vector<std::uint32_t> right_, down_;
};

// The widest closed rectangle with this top left corner.
std::optional<FoundFrame> frame_from(Runs const& runs, std::uint32_t x, std::uint32_t y) {
  for (std::uint32_t width = runs.right(x, y); width >= kLeast; --width) {
    std::uint32_t const x2 = x + width - 1;
    for (std::uint32_t height = std::min(runs.down(x, y), runs.down(x2, y)); height >= kLeast; --height) {
      if (runs.right(x, y + height - 1) < width) continue;
      return FoundFrame{x, y, width, height, std::min(runs.right(x, y + height / 2), width / 2)};
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<FoundFrame> find_frames(Image const& image, std::uint32_t colour) {
  Runs const runs(image, colour);
  std::vector<FoundFrame> found;
  for (std::uint32_t y = 0; y < image.height; ++y) {
    for (std::uint32_t x = 0; x < image.width; ++x) {
      bool const corner = image.at(x, y) == colour && (x == 0 || image.at(x - 1, y) != colour) && (y == 0 || image.at(x, y - 1) != colour);
      if (!corner) continue;
      if (auto const frame = frame_from(runs, x, y)) found.push_back(*frame);
    }
  }
  return found;
}

}  // namespace bh::tools
