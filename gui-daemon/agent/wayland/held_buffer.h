// HeldBuffer: a client's wl_shm buffer between commit and copy. The client gets wl_buffer.release when the last holder lets go.
#pragma once

#include <wayland-server-core.h>

#include <functional>
#include <memory>

#include "gui-daemon/agent/core/pixel_copy.h"

namespace bh::gui_agent {

class HeldBuffer {
 public:
  // nullptr (and a protocol error for the client): not a wl_shm buffer, or its rows overlap. One object a buffer, however often attached.
  static std::shared_ptr<HeldBuffer> hold(wl_resource* buffer);
  ~HeldBuffer();
  HeldBuffer(HeldBuffer const&) = delete;
  HeldBuffer& operator=(HeldBuffer const&) = delete;

  // From now on the client waits for the release.
  void mark_committed() { committed_ = true; }
  [[nodiscard]] Size size() const { return size_; }
  [[nodiscard]] bool has_alpha() const { return has_alpha_; }
  // Runs `use` on the pixels, if the buffer is still there. GUARD: a pool that its client truncated (SIGBUS) ends that client only.
  bool with_pixels(std::function<void(ConstImage const&)> const& use) const;

 private:
  struct Watch {
    wl_listener listener{};
    HeldBuffer* owner = nullptr;
  };
  HeldBuffer() = default;
  static void buffer_destroyed(wl_listener* listener, void* data);

  Watch watch_;
  wl_resource* buffer_ = nullptr;
  std::weak_ptr<HeldBuffer> self_;
  Size size_;
  bool has_alpha_ = false;
  bool committed_ = false;
};

}  // namespace bh::gui_agent
