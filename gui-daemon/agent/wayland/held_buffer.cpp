#include "gui-daemon/agent/wayland/held_buffer.h"

#include <wayland-server-protocol.h>

namespace bh::gui_agent {

void HeldBuffer::buffer_destroyed(wl_listener* listener, void*) {
  Watch* watch = nullptr;
  watch = wl_container_of(listener, watch, listener);
  wl_list_remove(&watch->listener.link);
  wl_list_init(&watch->listener.link);
  watch->owner->buffer_ = nullptr;
}

std::shared_ptr<HeldBuffer> HeldBuffer::hold(wl_resource* buffer) {
  wl_shm_buffer* const shm = wl_shm_buffer_get(buffer);
  if (shm == nullptr) {
    wl_resource_post_error(buffer, WL_DISPLAY_ERROR_IMPLEMENTATION, "only wl_shm buffers can be shown");
    return nullptr;
  }
  // GUARD: libwayland lets a stride pass that is shorter than a row of pixels; copying such rows would run past the pool.
  std::int64_t const width = wl_shm_buffer_get_width(shm);
  if (wl_shm_buffer_get_stride(shm) < width * 4) {
    wl_resource_post_error(buffer, WL_SHM_ERROR_INVALID_STRIDE, "stride is shorter than a row");
    return nullptr;
  }
  if (wl_listener* const known = wl_resource_get_destroy_listener(buffer, &HeldBuffer::buffer_destroyed)) {
    Watch* watch = nullptr;
    watch = wl_container_of(known, watch, listener);
    return watch->owner->self_.lock();
  }
  std::shared_ptr<HeldBuffer> held(new HeldBuffer);
  held->self_ = held;
  held->buffer_ = buffer;
  held->size_ = {static_cast<int>(width), wl_shm_buffer_get_height(shm)};
  held->has_alpha_ = wl_shm_buffer_get_format(shm) == WL_SHM_FORMAT_ARGB8888;
  held->watch_.owner = held.get();
  held->watch_.listener.notify = &HeldBuffer::buffer_destroyed;
  wl_resource_add_destroy_listener(buffer, &held->watch_.listener);
  return held;
}

HeldBuffer::~HeldBuffer() {
  if (buffer_ == nullptr) return;
  wl_list_remove(&watch_.listener.link);
  if (committed_) wl_buffer_send_release(buffer_);
}

bool HeldBuffer::with_pixels(std::function<void(ConstImage const&)> const& use) const {
  if (buffer_ == nullptr) return false;
  wl_shm_buffer* const shm = wl_shm_buffer_get(buffer_);
  int const stride = wl_shm_buffer_get_stride(shm);
  std::size_t const size = static_cast<std::size_t>(stride) * static_cast<std::size_t>(size_.height);
  wl_shm_buffer_begin_access(shm);
  auto const* const memory = static_cast<std::byte const*>(wl_shm_buffer_get_data(shm));
  use(ConstImage{{memory, size}, size_, stride, has_alpha_});
  wl_shm_buffer_end_access(shm);
  return true;
}

}  // namespace bh::gui_agent
