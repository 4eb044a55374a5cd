#include "gui-daemon/agent/window/guest_window.h"

#include <utility>

#include "base/log.h"
#include "gui-daemon/agent/window/desktop.h"
#include "gui-daemon/protocol/limits.h"

namespace bh::gui_agent {

namespace from = gui::from_agent;
namespace to = gui::to_agent;

namespace {

std::uint32_t u32(int value) { return static_cast<std::uint32_t>(value); }
Rect all_of(Size size) { return {0, 0, size.width, size.height}; }

Size within_limits(Size size) {
  return {std::min(size.width, static_cast<int>(gui::kMaxWidth)), std::min(size.height, static_cast<int>(gui::kMaxHeight))};
}

}  // namespace

GuestWindow::GuestWindow(Desktop& desktop, WindowEvents& events, bool override_redirect)
    : desktop_(desktop), events_(events), id_(desktop.add(*this)), override_redirect_(override_redirect) {}

GuestWindow::~GuestWindow() {
  mapped_ = false;
  starved_ = false;
  drop_slice();
  if (announced_) send(from::Destroy{});
  desktop_.remove(*this);
}

bool GuestWindow::visible() const { return mapped_ && !minimized_ && desktop_.link().connected(); }

void GuestWindow::send(from::Message const& message) { desktop_.link().send(id_, message); }

void GuestWindow::send_configure() {
  owes_configure_ = false;
  send(from::Configure{geometry_.x, geometry_.y, u32(geometry_.width), u32(geometry_.height), override_redirect_});
}

void GuestWindow::send_map() {
  send(from::WindowFlags{flags_, 0});
  send(from::Map{transient_for_, override_redirect_});
  send(from::WindowName{title_});
}

void GuestWindow::set_title(std::string title) {
  title_ = std::move(title);
  if (announced_) send(from::WindowName{title_});
}

void GuestWindow::set_app_id(std::string app_id) {
  app_id_ = std::move(app_id);
  if (announced_) send(from::WindowClass{app_id_, app_id_});
}

void GuestWindow::set_hints(from::WindowHints const& hints) {
  hints_ = hints;
  if (announced_) send(hints_);
}

void GuestWindow::request_flags(std::uint32_t set, std::uint32_t unset) {
  flags_ = (flags_ | set) & ~unset;
  if (announced_ && mapped_) send(from::WindowFlags{set, unset});
}

void GuestWindow::move_to(Point position) {
  if (geometry_.x == position.x && geometry_.y == position.y) return;
  geometry_.x = position.x;
  geometry_.y = position.y;
  if (announced_ && mapped_) send_configure();
}

void GuestWindow::announce() {
  if (!desktop_.link().connected() || content_size_.empty()) return;
  announced_ = true;
  send(from::Create{geometry_.x, geometry_.y, u32(geometry_.width), u32(geometry_.height), gui::kNoWindow, override_redirect_});
  if (hints_.flags != 0) send(hints_);
  if (!title_.empty()) send(from::WindowName{title_});
  if (!app_id_.empty()) send(from::WindowClass{app_id_, app_id_});
  if (mapped_) send_map();
  if (slice_) damage_.add(all_of(slice_size_));
  flush();
}

void GuestWindow::connection_lost() {
  announced_ = false;
  dumped_ = false;
  in_flight_ = false;
  minimized_ = false;
  owes_configure_ = false;
}

void GuestWindow::content_changed(Size size, Damage const& damage) {
  size = within_limits(size);
  bool const resized = size != content_size_;
  content_size_ = size;
  damage_.add(damage, {});
  if (!mapped_) {
    mapped_ = true;
    desktop_.mapped();
    geometry_.width = size.width;
    geometry_.height = size.height;
    if (!announced_) {
      announce();
    } else {
      send_configure();
      send_map();
    }
  } else if (resized && !owes_configure_ && (geometry_.width != size.width || geometry_.height != size.height)) {
    geometry_.width = size.width;
    geometry_.height = size.height;
    if (announced_) send_configure();
  }
  flush();
}

void GuestWindow::content_changed_for_desktop(Size size, Damage const& damage) {
  size = within_limits(size);
  // Echoed as the desktop asked, even if the client took another size: the user wins, and a window that refuses must not quarrel.
  if (owes_configure_ && announced_) send_configure();
  content_size_ = mapped_ ? size : content_size_;
  content_changed(size, damage);
}

void GuestWindow::hide() {
  if (!mapped_) return;
  mapped_ = false;
  content_size_ = {};
  damage_.clear();
  if (owes_configure_ && announced_) send_configure();
  if (announced_) send(from::Unmap{});
  drop_slice();
}

bool GuestWindow::read_back(Image const& into, Point origin) const {
  if (!slice_) return false;
  Image const image = desktop_.memory().image(*slice_, slice_size_);
  copy_pixels({image.bytes, image.size, image.stride, false}, into, origin, all_of(into.size));
  return true;
}

void GuestWindow::drop_slice() {
  if (!slice_) return;
  Slice const old = *std::exchange(slice_, std::nullopt);
  slice_size_ = {};
  if (std::exchange(dumped_, false)) return desktop_.memory().retire(old);
  desktop_.memory().give_back(old);
  desktop_.memory_freed();
}

// True: there is a slice to draw to, of the content's size or, when memory is full, of the former one.
bool GuestWindow::provide_slice() {
  if (slice_ && slice_size_ == content_size_) return true;
  auto const fresh = desktop_.memory().take(content_size_);
  if (!fresh) {
    if (!starved_) {
      log::warning("window memory is full: a window of " + std::to_string(content_size_.width) + "x" +
                   std::to_string(content_size_.height) + " keeps its former size; close windows or give the qube more window memory");
    }
    starved_ = true;
    return slice_.has_value();
  }
  starved_ = false;
  drop_slice();
  slice_ = fresh;
  slice_size_ = content_size_;
  slice_fresh_ = true;
  damage_.clear();
  damage_.add(all_of(slice_size_));
  return true;
}

void GuestWindow::flush() {
  // A window that no daemon has seen yet keeps its client's buffer: what was copied now would be missing in a clone of this machine, whose
  // window memory is blank.
  if (!desktop_.link().connected() && !slice_) return;
  if (!mapped_ || in_flight_ || (damage_.empty() && slice_size_ == content_size_)) return;
  if (!provide_slice()) return;
  damage_.clip(all_of(slice_size_));
  if (damage_.empty()) return;
  Image const target = desktop_.memory().image(*slice_, slice_size_);
  for (Rect const& rect : damage_.rects()) {
    // Pixels that are gone stay as the slice has them: old, or black where it is new.
    if (!events_.draw(target, rect) && slice_fresh_) clear_pixels(target, rect);
  }
  slice_fresh_ = false;
  Rect const shown = damage_.bounds();
  damage_.clear();
  if (announced_) {
    if (!dumped_) send(from::MemoryDump{u32(slice_size_.width), u32(slice_size_.height), slice_->offset});
    dumped_ = true;
    send(from::Damage{shown.x, shown.y, u32(shown.width), u32(shown.height)});
    in_flight_ = true;
  }
  events_.update_sent();
}

void GuestWindow::configured(to::Configure const& wanted) {
  Rect const old = geometry_;
  Rect const position = clamped_rect(wanted.x, wanted.y, 0, 0);
  Size const size = within_limits({static_cast<int>(std::min<std::uint32_t>(wanted.width, gui::kMaxWidth)),
                                   static_cast<int>(std::min<std::uint32_t>(wanted.height, gui::kMaxHeight))});
  geometry_ = {position.x, position.y, std::max(1, size.width), std::max(1, size.height)};
  owes_configure_ = true;
  bool const resized = old.width != geometry_.width || old.height != geometry_.height;
  // A popup's size is its client's business; it only learns where it stands.
  if (!resized || override_redirect_ || !mapped_) return send_configure();
  events_.resize_requested({geometry_.width, geometry_.height});
}

void GuestWindow::handle(to::Message const& message) {
  if (auto const* configure = std::get_if<to::Configure>(&message)) return configured(*configure);
  if (std::holds_alternative<to::Close>(message)) return events_.close_requested();
  if (std::holds_alternative<to::Map>(message)) {
    minimized_ = false;
    flags_ &= ~gui::kFlagMinimize;
    return events_.flags_changed(0, gui::kFlagMinimize);
  }
  if (auto const* flags = std::get_if<to::WindowFlags>(&message)) {
    flags_ = (flags_ | flags->set) & ~flags->unset;
    minimized_ = (flags_ & gui::kFlagMinimize) != 0;
    return events_.flags_changed(flags->set, flags->unset);
  }
  if (std::holds_alternative<to::FrameDone>(message) && in_flight_) {
    in_flight_ = false;
    events_.update_shown();
    flush();
  }
}

}  // namespace bh::gui_agent
