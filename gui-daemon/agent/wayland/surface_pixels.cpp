// The pixels of a surface: its private copy where one is needed, and drawing of a tree.
#include "gui-daemon/agent/wayland/subsurface.h"
#include "gui-daemon/agent/wayland/surface.h"

namespace bh::gui_agent {

namespace {
Image image_over(std::vector<std::byte>& bytes, Size size) { return {bytes, size, size.width * 4}; }
std::size_t bytes_for(Size size) { return static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height) * 4; }
}  // namespace

void Surface::keep_shadow() {
  if (shadowed_) return;
  shadowed_ = true;
  if (buffer_size_.empty()) return;
  if (buffer_) {
    Damage all;
    all.add({0, 0, size_.width, size_.height});
    return copy_to_shadow(all);
  }
  shadow_.assign(bytes_for(buffer_size_), std::byte{0});
  auto const role = role_.lock();
  if (role) role->read_back(image_over(shadow_, buffer_size_));
}

void Surface::copy_to_shadow(Damage const& changed) {
  bool const fresh = shadow_.size() != bytes_for(buffer_size_);
  if (fresh) shadow_.assign(bytes_for(buffer_size_), std::byte{0});
  Image const target = image_over(shadow_, buffer_size_);
  bool const scaled = scale_ != 1 || viewport_.source || viewport_.destination;
  buffer_->with_pixels([&](ConstImage const& source) {
    if (fresh || scaled) return copy_pixels(source, target, {}, {0, 0, buffer_size_.width, buffer_size_.height});
    for (Rect const& rect : changed.rects()) copy_pixels(source, target, {}, rect);
  });
  buffer_.reset();
}

void Surface::release_buffer() { buffer_.reset(); }

bool Surface::draw_own(Image const& target, Point origin, Rect const& area, bool blend) {
  if (!has_content()) return true;
  Rect const shown{origin.x, origin.y, size_.width, size_.height};
  auto const draw = [&](ConstImage source) {
    source.has_alpha = source.has_alpha && blend;
    draw_pixels(source, content_part(), target, shown, area);
  };
  if (shadowed_) {
    if (shadow_.size() != bytes_for(buffer_size_)) return false;
    draw({shadow_, buffer_size_, buffer_size_.width * 4, has_alpha_});
    return true;
  }
  return buffer_ && buffer_->with_pixels(draw);
}

bool Surface::draw_children_and_self(Image const& target, Point origin, Rect const& area, bool bottom) {
  bool complete = true;
  bool const alone = order_.size() == 1;
  for (auto const& child : order_) {
    if (!child) {
      // Only the window's lowest layer may ignore its alpha: there is nothing but black below it.
      complete = draw_own(target, origin, area, !(bottom && (alone || order_.front() == nullptr))) && complete;
    } else if (auto const surface = child->surface()) {
      Point const at{origin.x + child->position().x, origin.y + child->position().y};
      surface->draw_children_and_self(target, at, area, false);
    }
  }
  return complete;
}

bool Surface::draw_tree(Image const& target, Point origin, Rect const& area) {
  Rect const own{origin.x, origin.y, size_.width, size_.height};
  // What no opaque layer covers would show the slice's former content.
  bool const covered = order_.front() == nullptr && intersection(own, area) == area;
  if (!covered) clear_pixels(target, area);
  return draw_children_and_self(target, origin, area, true);
}

}  // namespace bh::gui_agent
