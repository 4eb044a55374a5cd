// Surface: wl_surface with its double-buffered state, its pixels and its sub-surfaces. A root surface passes what changed to its
// role; pixels go from the client's buffer straight to window memory, and only surfaces with sub-surfaces keep a copy of their own.
#pragma once

#include <wayland-server-core.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gui-daemon/agent/core/damage.h"
#include "gui-daemon/agent/core/pixel_copy.h"
#include "gui-daemon/agent/wayland/held_buffer.h"
#include "gui-daemon/agent/wayland/input_region.h"

namespace bh::gui_agent {

class Surface;
class Subsurface;

// wl_callback of wl_surface.frame.
class FrameCallback {
 public:
  static std::shared_ptr<FrameCallback> create(wl_client* client, std::uint32_t id);
  void done(std::uint32_t milliseconds);
  void resource_gone(wl_resource*) { resource_ = nullptr; }

 private:
  wl_resource* resource_ = nullptr;
};
using FrameCallbacks = std::vector<std::shared_ptr<FrameCallback>>;

enum class RoleKind { none, subsurface, cursor, drag_icon, toplevel, popup };

// What a root surface is for.
class SurfaceRole {
 public:
  virtual ~SurfaceRole() = default;
  // The surface, or a sub-surface of it, has a new state.
  virtual void tree_committed() = 0;
  virtual void surface_gone() = 0;
  // The surface's pixels as last copied out, for a surface that begins to keep a copy. False: there are none.
  virtual bool read_back(Image const& into) = 0;
};

struct ViewportState {
  std::optional<SourceRect> source;
  std::optional<Size> destination;
};

struct SurfaceState {
  bool attached = false;
  std::shared_ptr<HeldBuffer> buffer;
  Damage surface_damage;
  Damage buffer_damage;
  FrameCallbacks callbacks;
  std::optional<int> scale;
  std::optional<ViewportState> viewport;
  std::optional<std::optional<InputRegion>> input;  // inner nullopt: everywhere
};

class Surface : public std::enable_shared_from_this<Surface> {
 public:
  static void create(wl_client* client, int version, std::uint32_t id);

  [[nodiscard]] wl_resource* resource() const { return resource_; }
  void resource_gone(wl_resource*);

  // A surface keeps its kind for life. False: it has another one, or such a role is still there.
  [[nodiscard]] bool assign_role(RoleKind kind, std::weak_ptr<SurfaceRole> role);
  // The role's object is gone; the kind stays.
  void drop_role() { role_.reset(); }
  [[nodiscard]] RoleKind role_kind() const { return kind_; }
  [[nodiscard]] std::shared_ptr<SurfaceRole> role() const { return role_.lock(); }
  void become_subsurface(std::shared_ptr<Subsurface> const& subsurface);
  [[nodiscard]] std::shared_ptr<Subsurface> subsurface() const { return subsurface_.lock(); }

  SurfaceState& pending() { return pending_; }
  void set_pending_viewport(ViewportState const& state) { pending_.viewport = state; }
  // False: the surface has a viewport already.
  [[nodiscard]] bool take_viewport() { return !std::exchange(has_viewport_, true); }
  void drop_viewport() { has_viewport_ = false; }
  void commit();
  // Of a sub-surface that stopped waiting for its parent.
  void apply_cached();

  [[nodiscard]] bool has_content() const { return !size_.empty(); }
  [[nodiscard]] Size size() const { return size_; }
  // Around this surface and its sub-surfaces, in its coordinates.
  [[nodiscard]] Rect tree_bounds() const;
  [[nodiscard]] Damage take_damage();
  void take_callbacks(FrameCallbacks& into);
  // Draws `area` (target pixels) of the whole tree; `origin` is where (0,0) lies in the target. The bottom surface is drawn opaque.
  // False: the pixels are gone.
  bool draw_tree(Image const& target, Point origin, Rect const& area);
  // The pixels have been copied out: the client may have its buffer back.
  void release_buffer();
  // The topmost surface that takes input at `point`; its local point in `local`.
  [[nodiscard]] std::shared_ptr<Surface> surface_at(Point point, Point& local);
  [[nodiscard]] bool needs_composition() const { return shadowed_; }

  // Sub-surfaces, used by class Subsurface.
  void add_child(std::shared_ptr<Subsurface> const& child);
  void remove_child(Subsurface const* child);
  // Moves `child` next to `sibling` (nullptr: this surface). False: `sibling` is no child of ours.
  [[nodiscard]] bool restack(Subsurface const* child, Subsurface const* sibling, bool above);
  void add_tree_damage(Damage const& damage);
  void notify_root();
  void keep_shadow();

 private:
  void apply(SurfaceState& state);
  bool apply_content(SurfaceState& state);
  void apply_children();
  void copy_to_shadow(Damage const& changed);
  [[nodiscard]] Size content_size() const;
  [[nodiscard]] SourceRect content_part() const;
  [[nodiscard]] Damage damage_of(SurfaceState const& state) const;
  bool draw_own(Image const& target, Point origin, Rect const& area, bool blend);
  bool draw_children_and_self(Image const& target, Point origin, Rect const& area, bool bottom);
  [[nodiscard]] std::shared_ptr<Surface> parent() const;

  wl_resource* resource_ = nullptr;
  RoleKind kind_ = RoleKind::none;
  std::weak_ptr<SurfaceRole> role_;
  std::weak_ptr<Subsurface> subsurface_;

  SurfaceState pending_;
  SurfaceState cached_;
  bool has_cached_ = false;

  std::shared_ptr<HeldBuffer> buffer_;
  std::vector<std::byte> shadow_;
  bool shadowed_ = false;
  Size buffer_size_;
  bool has_alpha_ = false;
  int scale_ = 1;
  ViewportState viewport_;
  bool has_viewport_ = false;
  std::optional<InputRegion> input_;
  Size size_;
  Damage tree_damage_;
  FrameCallbacks callbacks_;

  // Bottom to top; nullptr stands for this surface itself.
  std::vector<std::shared_ptr<Subsurface>> order_{nullptr};
  std::vector<std::shared_ptr<Subsurface>> pending_order_{nullptr};
};

// wl_surface's table of requests (surface_requests.cpp).
[[nodiscard]] void const* surface_requests();

}  // namespace bh::gui_agent
