// Output: wl_output, a screen of the desktop's size that shows nothing by itself.
#pragma once

#include "gui-daemon/agent/core/rect.h"
#include "gui-daemon/agent/wayland/resource_list.h"
#include "gui-daemon/agent/wayland/surface.h"

namespace bh::gui_agent {

class Output {
 public:
  // Until the daemon has told the real one.
  static constexpr Size kDefaultSize{1920, 1080};

  explicit Output(wl_display* display);

  [[nodiscard]] Size size() const { return size_; }
  void resize(Size size);
  void send_enter(Surface const& surface) const;

 private:
  static void bind(wl_client* client, void* self, std::uint32_t version, std::uint32_t id);
  void send_mode(wl_resource* resource) const;

  Size size_ = kDefaultSize;
  ResourceList resources_;
  Global global_;
};

}  // namespace bh::gui_agent
