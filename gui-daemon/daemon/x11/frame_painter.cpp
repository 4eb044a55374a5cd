#include "gui-daemon/daemon/x11/frame_painter.h"

#include <cairo/cairo-xcb.h>

#include <memory>

namespace bh::gui::x11 {
namespace {

constexpr std::int32_t kButtonWidth = 26;
constexpr std::int32_t kCorner = 18;
constexpr double kFontSize = 13;

struct FreeCairo {
  void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};

void set_colour(cairo_t* cairo, Colour colour, double alpha = 1) {
  cairo_set_source_rgba(cairo, colour.red / 255.0, colour.green / 255.0, colour.blue / 255.0, alpha);
}

// Diagonal stripes: "isolation is not promised here" must be seen on every window, but never hide the label colour.
void hatch(cairo_t* cairo, Colour ink, double width, double height) {
  set_colour(cairo, ink, 0.30);
  cairo_set_line_width(cairo, 2.5);
  for (double x = -height; x < width; x += 9) {
    cairo_move_to(cairo, x, height);
    cairo_line_to(cairo, x + height, 0);
  }
  cairo_stroke(cairo);
}

double text_width(cairo_t* cairo, std::string const& text) {
  cairo_text_extents_t extents{};
  cairo_text_extents(cairo, text.c_str(), &extents);
  return extents.x_advance;
}

// The longest beginning that fits, with dots where something is missing.
std::string shortened(cairo_t* cairo, std::string const& text, double room) {
  if (text_width(cairo, text) <= room) return text;
  std::size_t fits = 0;
  for (std::size_t beyond = text.size(); fits + 1 < beyond;) {
    std::size_t const middle = (fits + beyond) / 2;
    (text_width(cairo, text.substr(0, middle) + "...") <= room ? fits : beyond) = middle;
  }
  return fits == 0 ? std::string() : text.substr(0, fits) + "...";
}

void draw_icon(cairo_t* cairo, TitleButton button, double centre_x, double centre_y) {
  constexpr double r = 4.5;
  cairo_set_line_width(cairo, 1.6);
  cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
  if (button == TitleButton::close) {
    cairo_move_to(cairo, centre_x - r, centre_y - r);
    cairo_line_to(cairo, centre_x + r, centre_y + r);
    cairo_move_to(cairo, centre_x + r, centre_y - r);
    cairo_line_to(cairo, centre_x - r, centre_y + r);
  } else if (button == TitleButton::maximise) {
    cairo_rectangle(cairo, centre_x - r, centre_y - r, 2 * r, 2 * r);
  } else {
    cairo_move_to(cairo, centre_x - r, centre_y + r - 0.5);
    cairo_line_to(cairo, centre_x + r, centre_y + r - 0.5);
  }
  cairo_stroke(cairo);
}

void draw_buttons(cairo_t* cairo, Colour ink, FrameView const& view) {
  double right = view.extent.width() - kBorder;
  double const centre_y = kBorder + kTitleHeight / 2.0 - 2;
  for (auto const button : {TitleButton::close, TitleButton::maximise, TitleButton::minimise}) {
    if (view.hovered == button) {
      set_colour(cairo, ink, 0.22);
      cairo_rectangle(cairo, right - kButtonWidth, kBorder, kButtonWidth, kTitleHeight - 4);
      cairo_fill(cairo);
    }
    set_colour(cairo, ink, view.focused ? 0.95 : 0.7);
    draw_icon(cairo, button, right - kButtonWidth / 2.0, centre_y);
    right -= kButtonWidth;
  }
}

void draw_title(cairo_t* cairo, Label const& label, Colour plate, FrameView const& view) {
  double const room = static_cast<double>(view.extent.width()) - 2.0 * kBorder - 3.0 * kButtonWidth - 12;
  if (room <= 0) return;
  Colour const ink = plate.readable_text();
  std::string const name = "[" + label.qube.text() + "]";
  cairo_set_font_size(cairo, kFontSize);
  cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
  std::string const shown_name = shortened(cairo, name, room);
  double const name_width = text_width(cairo, shown_name);
  cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  std::string const shown_title = shortened(cairo, view.title, room - name_width - 7);
  double const width = name_width + (shown_title.empty() ? 0 : 7 + text_width(cairo, shown_title));
  double const left = kBorder + 6, baseline = kBorder + kTitleHeight / 2.0 + 3;
  if (label.hatched) {  // a plain plate behind the words
    set_colour(cairo, plate);
    cairo_rectangle(cairo, left - 6, kBorder, width + 12, kTitleHeight);
    cairo_fill(cairo);
  }
  set_colour(cairo, ink, view.focused ? 1 : 0.82);
  cairo_move_to(cairo, left + name_width + 7, baseline);
  cairo_show_text(cairo, shown_title.c_str());
  cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
  cairo_move_to(cairo, left, baseline);
  cairo_show_text(cairo, shown_name.c_str());
}

}  // namespace

FrameSpot spot_at(Extent const& frame, std::int32_t x, std::int32_t y) {
  auto const width = static_cast<std::int32_t>(frame.width()), height = static_cast<std::int32_t>(frame.height());
  constexpr auto border = static_cast<std::int32_t>(kBorder);
  bool const top = y < border, bottom = y >= height - border, left = x < border, right = x >= width - border;
  if (!top && !bottom && !left && !right) {
    std::int32_t const from_right = width - border - 1 - x;
    if (from_right >= 3 * kButtonWidth) return {FrameSpot::Kind::title};
    std::array const buttons{TitleButton::close, TitleButton::maximise, TitleButton::minimise};
    return {FrameSpot::Kind::button, buttons[static_cast<std::size_t>(from_right / kButtonWidth)]};
  }
  bool const near_left = x < kCorner, near_right = x >= width - kCorner, near_top = y < kCorner, near_bottom = y >= height - kCorner;
  std::uint32_t edge = 7;
  if (near_top && near_left) edge = 0;
  else if (near_top && near_right) edge = 2;
  else if (near_bottom && near_right) edge = 4;
  else if (near_bottom && near_left) edge = 6;
  else if (top) edge = 1;
  else if (right) edge = 3;
  else if (bottom) edge = 5;
  return {FrameSpot::Kind::edge, TitleButton::close, edge};
}

void paint_frame(Connection const& connection, xcb_window_t window, Label const& label, FrameView const& view) {
  if (view.kind == FrameKind::popup) return;  // its frame is the background
  auto const width = static_cast<int>(view.extent.width()), height = static_cast<int>(view.extent.height());
  std::unique_ptr<cairo_surface_t, FreeCairo> const surface(
      cairo_xcb_surface_create(connection.raw(), window, connection.visual(), width, height));
  std::unique_ptr<cairo_t, FreeCairo> const cairo(cairo_create(surface.get()));
  // The label colour dims a little without focus, on the title only: the border is the label, always.
  Colour const plate = view.focused ? label.colour : label.colour.towards({128, 128, 128}, 96);
  Colour const ink = plate.readable_text();
  set_colour(cairo.get(), label.colour);
  cairo_paint(cairo.get());
  set_colour(cairo.get(), plate);
  cairo_rectangle(cairo.get(), kBorder, kBorder, width - 2.0 * kBorder, kTitleHeight - 0.0);
  cairo_fill(cairo.get());
  if (label.hatched) {
    // The outer two pixels stay plain.
    cairo_save(cairo.get());
    cairo_rectangle(cairo.get(), 2, 2, width - 4, height - 4);
    cairo_clip(cairo.get());
    hatch(cairo.get(), ink, width, height);
    cairo_restore(cairo.get());
  }
  draw_title(cairo.get(), label, plate, view);
  draw_buttons(cairo.get(), ink, view);
  cairo_surface_flush(surface.get());
}

}  // namespace bh::gui::x11
