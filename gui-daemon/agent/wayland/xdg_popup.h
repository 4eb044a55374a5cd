// XdgPopup: xdg_popup, a menu or tooltip: an override-redirect window placed relative to its parent.
#pragma once

#include "gui-daemon/agent/core/positioner.h"
#include "gui-daemon/agent/wayland/xdg_surface.h"

namespace bh::gui_agent {

class XdgPopup : public XdgKind, public std::enable_shared_from_this<XdgPopup> {
 public:
  static void create(wl_client* client, std::uint32_t id, std::shared_ptr<XdgSurface> const& base,
                     std::shared_ptr<XdgSurface> const& parent, wl_resource* positioner);
  XdgPopup(std::shared_ptr<XdgSurface> const& base, std::shared_ptr<XdgSurface> const& parent, Positioner const& positioner)
      : base_(base), parent_(parent), positioner_(positioner) {}
  void resource_gone(wl_resource*);

  [[nodiscard]] std::shared_ptr<XdgSurface> base() const { return base_.lock(); }
  [[nodiscard]] wl_resource* resource() const { return resource_; }
  void grab();
  void reposition(Positioner const& positioner, std::uint32_t token);
  // Takes it off the screen and tells the client.
  void dismiss();

  void send_configure() override;
  bool about_to_map() override;
  void unmapped() override;
  void resize_requested(Size) override {}
  void close_requested() override { dismiss(); }
  void flags_changed(std::uint32_t, std::uint32_t) override {}
  void focus_changed(bool) override {}
  void state_applied() override {}

 private:
  void place();
  std::weak_ptr<XdgSurface> base_;
  std::weak_ptr<XdgSurface> parent_;
  Positioner positioner_;
  wl_resource* resource_ = nullptr;
  Rect place_;  // relative to the parent's window geometry
  std::optional<std::uint32_t> reposition_token_;
  bool dismissed_ = false;
};

// The positioner behind an xdg_positioner (xdg_wm_base.cpp).
[[nodiscard]] Positioner const& positioner_of(wl_resource* resource);

}  // namespace bh::gui_agent
