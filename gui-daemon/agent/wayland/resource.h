// wl_resource in C++: every protocol object is a T held by a shared_ptr that the resource owns. Others keep weak_ptr, so that the
// order in which a dying client's resources go does not matter.
#pragma once

#include <wayland-server-core.h>

#include <cstdint>
#include <memory>

namespace bh::gui_agent {

struct NewResource {
  wl_client* client = nullptr;
  wl_interface const* interface = nullptr;
  int version = 1;
  std::uint32_t id = 0;
};

template <class T>
std::shared_ptr<T> object_of(wl_resource* resource) {
  if (resource == nullptr) return nullptr;
  return *static_cast<std::shared_ptr<T>*>(wl_resource_get_user_data(resource));
}

// nullptr: no memory, and the client has been told. `requests` is the interface's table of functions. If T has
// `resource_gone(wl_resource*)` it is called when the client or we destroy the resource.
template <class T>
wl_resource* make_resource(NewResource const& wanted, void const* requests, std::shared_ptr<T> object) {
  wl_resource* const resource = wl_resource_create(wanted.client, wanted.interface, wanted.version, wanted.id);
  if (resource == nullptr) {
    wl_client_post_no_memory(wanted.client);
    return nullptr;
  }
  auto holder = std::make_unique<std::shared_ptr<T>>(std::move(object));
  wl_resource_set_implementation(resource, requests, holder.release(), [](wl_resource* dying) {
    std::unique_ptr<std::shared_ptr<T>> const held(static_cast<std::shared_ptr<T>*>(wl_resource_get_user_data(dying)));
    if constexpr (requires(T& t) { t.resource_gone(dying); }) (*held)->resource_gone(dying);
  });
  return resource;
}

inline void destroy_request(wl_client*, wl_resource* resource) { wl_resource_destroy(resource); }

struct FreeGlobal {
  void operator()(wl_global* global) const { wl_global_destroy(global); }
};
using Global = std::unique_ptr<wl_global, FreeGlobal>;

struct FreeEventSource {
  void operator()(wl_event_source* source) const { wl_event_source_remove(source); }
};
using EventSource = std::unique_ptr<wl_event_source, FreeEventSource>;

}  // namespace bh::gui_agent
