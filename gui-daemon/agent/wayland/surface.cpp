#include "gui-daemon/agent/wayland/surface.h"

#include <wayland-server-protocol.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gui-daemon/agent/wayland/resource.h"
#include "gui-daemon/agent/wayland/subsurface.h"

namespace bh::gui_agent {

namespace {

Damage whole(Size size) {
  Damage all;
  all.add({0, 0, size.width, size.height});
  return all;
}

// Later state wins; what accumulates accumulates.
void merge(SurfaceState& from, SurfaceState& into) {
  if (from.attached) {
    into.attached = true;
    into.buffer = std::move(from.buffer);
  }
  into.surface_damage.add(from.surface_damage, {});
  into.buffer_damage.add(from.buffer_damage, {});
  std::move(from.callbacks.begin(), from.callbacks.end(), std::back_inserter(into.callbacks));
  if (from.scale) into.scale = from.scale;
  if (from.viewport) into.viewport = from.viewport;
  if (from.input) into.input = std::move(from.input);
  from = {};
}

}  // namespace

std::shared_ptr<FrameCallback> FrameCallback::create(wl_client* client, std::uint32_t id) {
  auto made = std::make_shared<FrameCallback>();
  made->resource_ = make_resource(NewResource{client, &wl_callback_interface, 1, id}, nullptr, made);
  return made;
}

void FrameCallback::done(std::uint32_t milliseconds) {
  if (resource_ == nullptr) return;
  wl_callback_send_done(resource_, milliseconds);
  wl_resource_destroy(resource_);
}

void Surface::create(wl_client* client, int version, std::uint32_t id) {
  auto made = std::make_shared<Surface>();
  made->resource_ = make_resource(NewResource{client, &wl_surface_interface, version, id}, surface_requests(), made);
}

void Surface::resource_gone(wl_resource*) {
  auto const self = shared_from_this();
  resource_ = nullptr;
  if (auto const role = role_.lock()) role->surface_gone();
  if (auto const link = subsurface_.lock()) link->unlink();
  auto const children = std::exchange(pending_order_, {nullptr});
  order_ = {nullptr};
  for (auto const& child : children) {
    if (child) child->unlink();
  }
  buffer_.reset();
  pending_ = {};
  cached_ = {};
}

bool Surface::assign_role(RoleKind kind, std::weak_ptr<SurfaceRole> role) {
  if (kind_ != RoleKind::none && kind_ != kind) return false;
  if (!role_.expired() || (subsurface_.lock() && subsurface_.lock()->parent())) return false;
  kind_ = kind;
  role_ = std::move(role);
  return true;
}

void Surface::become_subsurface(std::shared_ptr<Subsurface> const& subsurface) {
  subsurface_ = subsurface;
  keep_shadow();
}

std::shared_ptr<Surface> Surface::parent() const {
  auto const link = subsurface_.lock();
  return link ? link->parent() : nullptr;
}

void Surface::commit() {
  auto const link = subsurface_.lock();
  if (link && link->waits_for_parent()) {
    merge(pending_, cached_);
    has_cached_ = true;
    return;
  }
  merge(pending_, cached_);
  has_cached_ = false;
  SurfaceState state = std::exchange(cached_, {});
  apply(state);
  notify_root();
}

void Surface::apply_cached() {
  if (!has_cached_) return;
  has_cached_ = false;
  SurfaceState state = std::exchange(cached_, {});
  apply(state);
  notify_root();
}

void Surface::notify_root() {
  if (auto const above = parent()) return above->notify_root();
  if (auto const root = role_.lock()) root->tree_committed();
}

void Surface::apply(SurfaceState& state) {
  Size const old_size = size_;
  bool const remapped = apply_content(state);
  if (state.scale) scale_ = *state.scale;
  if (state.viewport) viewport_ = *state.viewport;
  if (state.input) input_ = std::move(*state.input);
  std::move(state.callbacks.begin(), state.callbacks.end(), std::back_inserter(callbacks_));
  size_ = content_size();

  bool const everything = remapped || size_ != old_size || state.scale || state.viewport;
  Damage changed = everything ? whole(size_) : damage_of(state);
  changed.clip({0, 0, size_.width, size_.height});
  if (shadowed_ && buffer_) copy_to_shadow(changed);
  if (size_ != old_size) changed.add({0, 0, old_size.width, old_size.height});
  // The first pixels of a child: from now on the parent's must survive being drawn over.
  if (auto const above = parent(); above && has_content()) above->keep_shadow();
  add_tree_damage(changed);
  apply_children();
}

// True: the content appeared, went away or changed its size.
bool Surface::apply_content(SurfaceState& state) {
  if (!state.attached) return false;
  Size const before = buffer_size_;
  if (state.buffer) {
    state.buffer->mark_committed();
    // In this order: a buffer attached again is not released in between.
    buffer_ = std::move(state.buffer);
    buffer_size_ = buffer_->size();
    has_alpha_ = buffer_->has_alpha();
  } else {
    buffer_.reset();
    buffer_size_ = {};
    shadow_.clear();
  }
  return before != buffer_size_;
}

void Surface::apply_children() {
  if (order_ != pending_order_) {
    order_ = pending_order_;
    add_tree_damage(whole(size_));
    for (auto const& child : order_) {
      auto const surface = child ? child->surface() : nullptr;
      if (surface) surface->add_tree_damage(whole(surface->size()));
    }
  }
  auto const children = order_;
  for (auto const& child : children) {
    auto const surface = child ? child->surface() : nullptr;
    if (!surface) continue;
    Rect const old_bounds = surface->tree_bounds();
    Point const old = child->position();
    if (child->apply_position()) {
      Damage moved;
      moved.add(old_bounds.moved(old.x, old.y));
      moved.add(old_bounds.moved(child->position().x, child->position().y));
      add_tree_damage(moved);
    }
    if (surface->has_cached_) {
      surface->has_cached_ = false;
      SurfaceState state = std::exchange(surface->cached_, {});
      surface->apply(state);
    } else {
      surface->apply_children();
    }
  }
}

Damage Surface::damage_of(SurfaceState const& state) const {
  if (viewport_.source || viewport_.destination) {
    return state.buffer_damage.empty() && state.surface_damage.empty() ? Damage() : whole(size_);
  }
  Damage all = state.surface_damage;
  for (Rect const& rect : state.buffer_damage.rects()) {
    int const left = rect.x / scale_;
    int const top = rect.y / scale_;
    all.add({left, top, (rect.right() + scale_ - 1) / scale_ - left, (rect.bottom() + scale_ - 1) / scale_ - top});
  }
  return all;
}

Size Surface::content_size() const {
  if (buffer_size_.empty()) return {};
  if (viewport_.destination) return *viewport_.destination;
  if (viewport_.source) {
    return {static_cast<int>(std::ceil(viewport_.source->width)), static_cast<int>(std::ceil(viewport_.source->height))};
  }
  return {std::max(1, buffer_size_.width / scale_), std::max(1, buffer_size_.height / scale_)};
}

SourceRect Surface::content_part() const {
  if (viewport_.source) {
    return {viewport_.source->x * scale_, viewport_.source->y * scale_, viewport_.source->width * scale_,
            viewport_.source->height * scale_};
  }
  return {0, 0, static_cast<double>(buffer_size_.width), static_cast<double>(buffer_size_.height)};
}

Rect Surface::tree_bounds() const {
  Rect all{0, 0, size_.width, size_.height};
  for (auto const& child : order_) {
    auto const surface = child ? child->surface() : nullptr;
    if (surface) all = bounding(all, surface->tree_bounds().moved(child->position().x, child->position().y));
  }
  return all;
}

void Surface::add_tree_damage(Damage const& damage) {
  if (damage.empty()) return;
  if (auto const above = parent()) {
    Damage moved;
    moved.add(damage, subsurface_.lock()->position());
    return above->add_tree_damage(moved);
  }
  tree_damage_.add(damage, {});
}

Damage Surface::take_damage() { return std::exchange(tree_damage_, {}); }

void Surface::take_callbacks(FrameCallbacks& into) {
  std::move(callbacks_.begin(), callbacks_.end(), std::back_inserter(into));
  callbacks_.clear();
  for (auto const& child : order_) {
    auto const surface = child ? child->surface() : nullptr;
    if (surface) surface->take_callbacks(into);
  }
}

void Surface::add_child(std::shared_ptr<Subsurface> const& child) { pending_order_.push_back(child); }

void Surface::remove_child(Subsurface const* child) {
  for (auto const& known : order_) {
    auto const surface = known.get() == child && child != nullptr ? child->surface() : nullptr;
    if (!surface) continue;
    Damage uncovered;
    uncovered.add(surface->tree_bounds().moved(child->position().x, child->position().y));
    add_tree_damage(uncovered);
  }
  auto const is_child = [child](auto const& entry) { return entry && entry.get() == child; };
  std::erase_if(order_, is_child);
  std::erase_if(pending_order_, is_child);
}

bool Surface::restack(Subsurface const* child, Subsurface const* sibling, bool above) {
  auto const find = [this](Subsurface const* wanted) {
    return std::find_if(pending_order_.begin(), pending_order_.end(), [&](auto const& e) { return e.get() == wanted; });
  };
  auto const self = find(child);
  if (self == pending_order_.end() || child == nullptr) return false;
  auto const kept = *self;
  pending_order_.erase(self);
  auto const place = find(sibling);
  bool const found = place != pending_order_.end();
  pending_order_.insert(!found ? pending_order_.end() : above ? std::next(place) : place, kept);
  return found;
}

std::shared_ptr<Surface> Surface::surface_at(Point point, Point& local) {
  for (auto entry = order_.rbegin(); entry != order_.rend(); ++entry) {
    if (*entry) {
      auto const surface = (*entry)->surface();
      Point const at = (*entry)->position();
      if (!surface) continue;
      if (auto const hit = surface->surface_at({point.x - at.x, point.y - at.y}, local)) return hit;
    } else if (Rect{0, 0, size_.width, size_.height}.contains(point) && (!input_ || input_->contains(point))) {
      local = point;
      return shared_from_this();
    }
  }
  return nullptr;
}

}  // namespace bh::gui_agent
