// XdgSurface: xdg_surface, the part that top-levels and popups share: configure and acknowledge, window geometry, and the bridge
// between a surface tree and a GuestWindow.
#pragma once

#include <memory>
#include <optional>

#include "gui-daemon/agent/wayland/frame_pacer.h"
#include "gui-daemon/agent/wayland/shell_context.h"
#include "gui-daemon/agent/wayland/surface.h"
#include "gui-daemon/agent/window/guest_window.h"

namespace bh::gui_agent {

// What differs between the kinds.
class XdgKind {
 public:
  virtual ~XdgKind() = default;
  // Sends the kind's own part of a configure event.
  virtual void send_configure() = 0;
  // Before the first content is shown. False: it may not be shown (dismissed).
  virtual bool about_to_map() = 0;
  virtual void unmapped() = 0;
  virtual void resize_requested(Size size) = 0;
  virtual void close_requested() = 0;
  virtual void flags_changed(std::uint32_t set, std::uint32_t unset) = 0;
  virtual void focus_changed(bool focused) = 0;
  virtual void state_applied() = 0;
};

class XdgSurface : public SurfaceRole, public WindowEvents, public std::enable_shared_from_this<XdgSurface> {
 public:
  static void create(wl_client* client, wl_resource* wm_base, std::uint32_t id, std::shared_ptr<Surface> const& surface,
                     ShellContext const& context);
  explicit XdgSurface(ShellContext const& context, std::shared_ptr<Surface> const& surface);
  void resource_gone(wl_resource*);

  [[nodiscard]] wl_resource* resource() const { return resource_; }
  [[nodiscard]] ShellContext const& context() const { return context_; }
  [[nodiscard]] std::shared_ptr<Surface> surface() const { return surface_.lock(); }
  [[nodiscard]] GuestWindow* window() { return window_.get(); }
  // The content's rectangle in surface coordinates.
  [[nodiscard]] Rect window_geometry() const;
  [[nodiscard]] bool constructed() const { return kind_ != nullptr; }

  // False (and a protocol error): it has a kind, or the surface had another role.
  [[nodiscard]] bool construct(RoleKind role, XdgKind& kind);
  // The kind's object is gone.
  void destruct();
  // A configure event with a new serial; nothing before the client's first commit.
  void configure();
  // A configure that answers the desktop's wish for a size.
  void configure_for_desktop();
  void set_geometry(Rect const& geometry) { pending_geometry_ = geometry; }
  void acknowledge(std::uint32_t serial);
  void hide();

  void tree_committed() override;
  void surface_gone() override;
  bool read_back(Image const& into) override;

  void resize_requested(Size size) override;
  void close_requested() override;
  void flags_changed(std::uint32_t set, std::uint32_t unset) override;
  void focus_changed(bool focused) override;
  bool draw(Image const& target, Rect const& area) override;
  void update_sent() override;
  void update_shown() override;
  std::shared_ptr<Surface> input_surface(Point& origin) override;

 private:
  void show(Surface& surface);

  ShellContext context_;
  wl_resource* resource_ = nullptr;
  std::weak_ptr<Surface> surface_;
  XdgKind* kind_ = nullptr;
  std::unique_ptr<GuestWindow> window_;
  FramePacer pacer_;

  bool initial_commit_done_ = false;
  std::uint32_t last_serial_ = 0;
  std::uint32_t acked_serial_ = 0;
  bool acked_ = false;
  std::optional<std::uint32_t> desktop_serial_;  // the configure that carries the desktop's size
  std::optional<Rect> pending_geometry_;
  std::optional<Rect> geometry_;
  Rect shown_geometry_;
};

}  // namespace bh::gui_agent
