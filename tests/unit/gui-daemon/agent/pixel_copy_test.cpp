#include "gui-daemon/agent/core/pixel_copy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace bh::gui_agent {
namespace {

struct Picture {
  Size size;
  std::vector<std::uint32_t> pixels;
  Picture(int width, int height, std::uint32_t colour)
      : size{width, height}, pixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), colour) {}
  Image image() { return {std::as_writable_bytes(std::span(pixels)), size, size.width * 4}; }
  ConstImage source(bool alpha = false) const { return {std::as_bytes(std::span(pixels)), size, size.width * 4, alpha}; }
  std::uint32_t at(int x, int y) const { return pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) + static_cast<std::size_t>(x)]; }
};

TEST(PixelCopy, CopiesTheAreaAndNothingElse) {
  Picture const source(8, 8, 0x11);
  Picture target(8, 8, 0x22);
  copy_pixels(source.source(), target.image(), {}, {2, 3, 4, 2});
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) EXPECT_EQ(target.at(x, y), (Rect{2, 3, 4, 2}.contains({x, y}) ? 0x11U : 0x22U));
  }
}

TEST(PixelCopy, ClipsToBothImagesWhateverIsAsked) {
  Picture const source(4, 4, 0x11);
  Picture target(6, 6, 0x22);
  copy_pixels(source.source(), target.image(), {-2, 4}, {-100, -100, 1000, 1000});
  EXPECT_EQ(target.at(0, 4), 0x11U);
  EXPECT_EQ(target.at(1, 5), 0x11U);
  EXPECT_EQ(target.at(2, 4), 0x22U);
  copy_pixels(source.source(), target.image(), {50, 50}, {0, 0, 6, 6});
  EXPECT_EQ(target.at(5, 5), 0x22U);
}

TEST(PixelCopy, RowsOfAnotherStrideAreRead) {
  std::vector<std::uint32_t> wide(3 * 10, 7);
  wide[10] = 9;
  Picture target(2, 2, 0);
  copy_pixels({std::as_bytes(std::span(wide)), {2, 2}, 40, false}, target.image(), {}, {0, 0, 2, 2});
  EXPECT_EQ(target.at(0, 1), 9U);
  EXPECT_EQ(target.at(1, 1), 7U);
}

TEST(PixelCopy, AlphaIsBlendedPremultiplied) {
  Picture const half(2, 2, 0x80000080);
  Picture target(2, 2, 0xFFFF0000);
  draw_pixels(half.source(true), {0, 0, 2, 2}, target.image(), {0, 0, 2, 2}, {0, 0, 2, 2});
  EXPECT_EQ(target.at(1, 1) & 0xFFFFFF, 0x7F0080U);
  Picture const wrong(2, 2, 0x00FFFFFF);  // not premultiplied: must saturate, not wrap
  draw_pixels(wrong.source(true), {0, 0, 2, 2}, target.image(), {0, 0, 2, 2}, {0, 0, 2, 2});
  EXPECT_EQ(target.at(0, 0) & 0xFFFFFF, 0xFFFFFFU);
}

TEST(PixelCopy, ScalesAPartAndNeverReadsOutside) {
  Picture source(4, 4, 0x1);
  source.pixels[3] = 0x2;
  Picture target(8, 8, 0);
  draw_pixels(source.source(), {2, 0, 2, 2}, target.image(), {0, 0, 8, 8}, {0, 0, 8, 8});
  EXPECT_EQ(target.at(0, 0), 0x1U);
  EXPECT_EQ(target.at(7, 0), 0x2U);
  draw_pixels(source.source(), {100, 100, 2, 2}, target.image(), {0, 0, 8, 8}, {0, 0, 8, 8});
  EXPECT_EQ(target.at(0, 0), 0x1U) << "clamped to the last pixel";
}

TEST(PixelCopy, ClearMakesBlack) {
  Picture target(4, 4, 0xFFFFFFFF);
  clear_pixels(target.image(), {1, 1, 100, 1});
  EXPECT_EQ(target.at(3, 1), 0U);
  EXPECT_EQ(target.at(0, 1), 0xFFFFFFFFU);
}

}  // namespace
}  // namespace bh::gui_agent
