#include "gui-daemon/agent/wayland/xdg_toplevel.h"

#include <xdg-shell-server-protocol.h>

#include "gui-daemon/protocol/window_flags.h"

namespace bh::gui_agent {

namespace {

XdgToplevel& self(wl_resource* resource) { return *object_of<XdgToplevel>(resource); }

void set_size(wl_resource* resource, std::int32_t width, std::int32_t height, void (XdgToplevel::*set)(Size)) {
  if (width < 0 || height < 0) {
    wl_resource_post_error(resource, XDG_TOPLEVEL_ERROR_INVALID_SIZE, "a size below zero");
    return;
  }
  (self(resource).*set)({width, height});
}

// Text of a client, for a field of 127 bytes; libwayland has ended it with a NUL.
constexpr std::size_t kMaxText = 4096;

struct xdg_toplevel_interface const kRequests = {
    .destroy = destroy_request,
    .set_parent =
        [](wl_client*, wl_resource* resource, wl_resource* parent) {
          self(resource).set_parent(parent == nullptr ? nullptr : object_of<XdgToplevel>(parent).get());
        },
    .set_title =
        [](wl_client*, wl_resource* resource, char const* title) {
          if (auto* window = self(resource).window()) window->set_title(std::string(title).substr(0, kMaxText));
        },
    .set_app_id =
        [](wl_client*, wl_resource* resource, char const* app_id) {
          if (auto* window = self(resource).window()) window->set_app_id(std::string(app_id).substr(0, kMaxText));
        },
    .show_window_menu = [](wl_client*, wl_resource*, wl_resource*, std::uint32_t, std::int32_t, std::int32_t) {},
    // The frame belongs to dom0, and so does moving by it; the wire has no request for these two.
    .move = [](wl_client*, wl_resource*, wl_resource*, std::uint32_t) {},
    .resize = [](wl_client*, wl_resource*, wl_resource*, std::uint32_t, std::uint32_t) {},
    .set_max_size = [](wl_client*, wl_resource* r, std::int32_t w, std::int32_t h) { set_size(r, w, h, &XdgToplevel::set_max_size); },
    .set_min_size = [](wl_client*, wl_resource* r, std::int32_t w, std::int32_t h) { set_size(r, w, h, &XdgToplevel::set_min_size); },
    .set_maximized = [](wl_client*, wl_resource* resource) { self(resource).answer(); },
    .unset_maximized = [](wl_client*, wl_resource* resource) { self(resource).answer(); },
    .set_fullscreen = [](wl_client*, wl_resource* resource, wl_resource*) { self(resource).ask_fullscreen(true); },
    .unset_fullscreen = [](wl_client*, wl_resource* resource) { self(resource).ask_fullscreen(false); },
    .set_minimized = [](wl_client*, wl_resource* resource) { self(resource).minimize(); },
};

}  // namespace

void XdgToplevel::create(wl_client* client, std::uint32_t id, std::shared_ptr<XdgSurface> const& base) {
  auto const made = std::make_shared<XdgToplevel>(base);
  if (!base->construct(RoleKind::toplevel, *made)) return;
  NewResource const wanted{client, &xdg_toplevel_interface, wl_resource_get_version(base->resource()), id};
  made->resource_ = make_resource(wanted, &kRequests, made);
  if (made->resource_ == nullptr) base->destruct();
}

void XdgToplevel::resource_gone(wl_resource*) {
  resource_ = nullptr;
  if (auto const base = base_.lock()) base->destruct();
}

GuestWindow* XdgToplevel::window() const {
  auto const base = base_.lock();
  return base ? base->window() : nullptr;
}

void XdgToplevel::set_parent(XdgToplevel const* parent) {
  GuestWindow* const above = parent != nullptr ? parent->window() : nullptr;
  if (auto* own = window()) own->set_transient_for(above != nullptr ? above->id() : gui::kNoWindow);
}

void XdgToplevel::ask_fullscreen(bool on) {
  auto* const own = window();
  if (own == nullptr) return;
  own->request_flags(on ? gui::kFlagFullscreen : 0, on ? 0 : gui::kFlagFullscreen);
  answer();
}

void XdgToplevel::minimize() {
  if (auto* own = window()) own->request_flags(gui::kFlagMinimize, 0);
}

void XdgToplevel::answer() {
  if (auto const base = base_.lock()) base->configure();
}

void XdgToplevel::send_configure() {
  if (resource_ == nullptr) return;
  wl_array states;
  wl_array_init(&states);
  auto const add = [&states](std::uint32_t state) {
    if (void* const place = wl_array_add(&states, sizeof state)) *static_cast<std::uint32_t*>(place) = state;
  };
  if (fullscreen_) add(XDG_TOPLEVEL_STATE_FULLSCREEN);
  if (activated_) add(XDG_TOPLEVEL_STATE_ACTIVATED);
  xdg_toplevel_send_configure(resource_, wanted_.width, wanted_.height, &states);
  wl_array_release(&states);
}

void XdgToplevel::unmapped() {
  wanted_ = {};
  activated_ = false;
}

void XdgToplevel::resize_requested(Size size) {
  wanted_ = size;
  if (auto const base = base_.lock()) base->configure_for_desktop();
}

void XdgToplevel::close_requested() {
  if (resource_ != nullptr) xdg_toplevel_send_close(resource_);
}

void XdgToplevel::flags_changed(std::uint32_t set, std::uint32_t unset) {
  bool const before = fullscreen_;
  if ((set & gui::kFlagFullscreen) != 0) fullscreen_ = true;
  if ((unset & gui::kFlagFullscreen) != 0) fullscreen_ = false;
  if (before != fullscreen_) answer();
}

void XdgToplevel::focus_changed(bool focused) {
  if (activated_ == focused) return;
  activated_ = focused;
  answer();
}

void XdgToplevel::state_applied() {
  if (min_ == pending_min_ && max_ == pending_max_) return;
  min_ = pending_min_;
  max_ = pending_max_;
  send_hints();
}

void XdgToplevel::send_hints() {
  auto* const own = window();
  if (own == nullptr) return;
  gui::from_agent::WindowHints hints;
  auto const u32 = [](int value) { return static_cast<std::uint32_t>(value); };
  // Zero means "no limit" in that direction; X has no such value.
  constexpr std::uint32_t kUnlimited = 32767;
  if (min_ != Size{}) {
    hints.flags |= gui::kHintMinSize;
    hints.min_width = std::max(1U, u32(min_.width));
    hints.min_height = std::max(1U, u32(min_.height));
  }
  if (max_ != Size{}) {
    hints.flags |= gui::kHintMaxSize;
    hints.max_width = max_.width == 0 ? kUnlimited : u32(max_.width);
    hints.max_height = max_.height == 0 ? kUnlimited : u32(max_.height);
  }
  own->set_hints(hints);
}

}  // namespace bh::gui_agent
