#include "gui-daemon/agent/wayland/decoration.h"

#include <xdg-decoration-unstable-v1-server-protocol.h>

#include "gui-daemon/agent/wayland/xdg_toplevel.h"

namespace bh::gui_agent {

namespace {

struct Decoration {
  std::weak_ptr<XdgToplevel> toplevel;
};

void answer(wl_resource* resource) {
  zxdg_toplevel_decoration_v1_send_configure(resource, ZXDG_TOPLEVEL_DECORATION_V1_MODE_SERVER_SIDE);
  if (auto const toplevel = object_of<Decoration>(resource)->toplevel.lock()) toplevel->answer();
}

struct zxdg_toplevel_decoration_v1_interface const kDecorationRequests = {
    .destroy = destroy_request,
    .set_mode = [](wl_client*, wl_resource* resource, std::uint32_t) { answer(resource); },
    .unset_mode = [](wl_client*, wl_resource* resource) { answer(resource); },
};

void get_decoration(wl_client* client, wl_resource* manager, std::uint32_t id, wl_resource* toplevel) {
  NewResource const wanted{client, &zxdg_toplevel_decoration_v1_interface, wl_resource_get_version(manager), id};
  auto const made = std::make_shared<Decoration>(Decoration{object_of<XdgToplevel>(toplevel)});
  if (wl_resource* const resource = make_resource(wanted, &kDecorationRequests, made)) answer(resource);
}

struct zxdg_decoration_manager_v1_interface const kManagerRequests = {
    .destroy = destroy_request,
    .get_toplevel_decoration = get_decoration,
};

void bind(wl_client* client, void*, std::uint32_t version, std::uint32_t id) {
  wl_resource* const resource =
      wl_resource_create(client, &zxdg_decoration_manager_v1_interface, static_cast<int>(version), id);
  if (resource == nullptr) return wl_client_post_no_memory(client);
  wl_resource_set_implementation(resource, &kManagerRequests, nullptr, nullptr);
}

}  // namespace

Global make_decoration_manager(wl_display* display) {
  return Global(wl_global_create(display, &zxdg_decoration_manager_v1_interface, 1, nullptr, bind));
}

}  // namespace bh::gui_agent
