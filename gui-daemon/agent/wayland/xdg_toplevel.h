// XdgToplevel: xdg_toplevel, an ordinary window.
#pragma once

#include "gui-daemon/agent/wayland/xdg_surface.h"

namespace bh::gui_agent {

class XdgToplevel : public XdgKind {
 public:
  static void create(wl_client* client, std::uint32_t id, std::shared_ptr<XdgSurface> const& base);
  explicit XdgToplevel(std::shared_ptr<XdgSurface> const& base) : base_(base) {}
  void resource_gone(wl_resource*);

  [[nodiscard]] std::shared_ptr<XdgSurface> base() const { return base_.lock(); }
  [[nodiscard]] GuestWindow* window() const;
  [[nodiscard]] wl_resource* resource() const { return resource_; }

  void set_parent(XdgToplevel const* parent);
  void set_min_size(Size size) { pending_min_ = size; }
  void set_max_size(Size size) { pending_max_ = size; }
  void ask_fullscreen(bool on);
  void minimize();
  // The states did not change, but the client has asked and waits for an answer.
  void answer();

  void send_configure() override;
  bool about_to_map() override { return true; }
  void unmapped() override;
  void resize_requested(Size size) override;
  void close_requested() override;
  void flags_changed(std::uint32_t set, std::uint32_t unset) override;
  void focus_changed(bool focused) override;
  void state_applied() override;

 private:
  void send_hints();
  std::weak_ptr<XdgSurface> base_;
  wl_resource* resource_ = nullptr;
  Size wanted_;  // empty: the client chooses
  bool fullscreen_ = false;
  bool activated_ = false;
  Size pending_min_;
  Size pending_max_;
  Size min_;
  Size max_;
};

}  // namespace bh::gui_agent
