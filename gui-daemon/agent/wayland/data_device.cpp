#include "gui-daemon/agent/wayland/data_device.h"

#include <wayland-server-protocol.h>

#include <utility>

#include "base/unique_fd.h"
#include "gui-daemon/agent/wayland/surface.h"

namespace bh::gui_agent {

namespace {

// What a paste refers to; its source may be gone by then.
struct DataOffer {
  std::weak_ptr<DataSource> source;
};

void receive(wl_client*, wl_resource* resource, char const* type, int raw_fd) {
  // Closed here in any case: a reader whose source is gone sees the end at once.
  UniqueFd const fd(raw_fd);
  auto const source = object_of<DataOffer>(resource)->source.lock();
  if (source && source->resource() != nullptr) wl_data_source_send_send(source->resource(), type, fd.borrow());
}

struct wl_data_offer_interface const kOfferRequests = {
    .accept = [](wl_client*, wl_resource*, std::uint32_t, char const*) {},
    .receive = receive,
    .destroy = destroy_request,
    .finish =
        [](wl_client*, wl_resource* resource) {
          wl_resource_post_error(resource, WL_DATA_OFFER_ERROR_INVALID_FINISH, "this offer is no drag");
        },
    .set_actions = [](wl_client*, wl_resource*, std::uint32_t, std::uint32_t) {},
};

struct wl_data_source_interface const kSourceRequests = {
    .offer = [](wl_client*, wl_resource* resource, char const* type) { object_of<DataSource>(resource)->add_type(type); },
    .destroy = destroy_request,
    .set_actions = [](wl_client*, wl_resource*, std::uint32_t) {},
};

// The icon's role is taken, so that misuse is reported as the protocol says; the drag itself ends before it begins.
void start_drag(wl_client*, wl_resource* device, wl_resource* source, wl_resource*, wl_resource* icon, std::uint32_t) {
  if (icon != nullptr && !object_of<Surface>(icon)->assign_role(RoleKind::drag_icon, {})) {
    wl_resource_post_error(device, WL_DATA_DEVICE_ERROR_ROLE, "the icon has another role");
    return;
  }
  if (source != nullptr) wl_data_source_send_cancelled(source);
}

}  // namespace

void DataSource::resource_gone(wl_resource*) {
  resource_ = nullptr;
  if (auto const call = std::exchange(on_gone_, nullptr)) call();
}

DataDevices::DataDevices(wl_display* display)
    : global_(wl_global_create(display, &wl_data_device_manager_interface, 3, this, bind)) {}

void DataDevices::bind(wl_client* client, void* self, std::uint32_t version, std::uint32_t id) {
  static struct wl_data_device_manager_interface const requests = {
      .create_data_source =
          [](wl_client* asking, wl_resource* manager, std::uint32_t new_id) {
            auto const made = std::make_shared<DataSource>();
            NewResource const wanted{asking, &wl_data_source_interface, wl_resource_get_version(manager), new_id};
            made->set_resource(make_resource(wanted, &kSourceRequests, made));
          },
      .get_data_device =
          [](wl_client* asking, wl_resource* manager, std::uint32_t new_id, wl_resource*) {
            auto* const all = static_cast<DataDevices*>(wl_resource_get_user_data(manager));
            all->add_device({asking, &wl_data_device_interface, wl_resource_get_version(manager), new_id});
          },
  };
  wl_resource* const resource = wl_resource_create(client, &wl_data_device_manager_interface, static_cast<int>(version), id);
  if (resource == nullptr) return wl_client_post_no_memory(client);
  wl_resource_set_implementation(resource, &requests, self, nullptr);
}

void DataDevices::add_device(NewResource const& wanted) {
  static struct wl_data_device_interface const requests = {
      .start_drag = start_drag,
      .set_selection =
          [](wl_client* client, wl_resource* device, wl_resource* source, std::uint32_t) {
            DataDevices* const all = object_of<Device>(device)->all;
            // Only who has the keyboard may replace what was copied.
            if (all->focus_ == client) all->set_selection(object_of<DataSource>(source));
          },
      .release = destroy_request,
  };
  wl_resource* const device = make_resource(wanted, &requests, std::make_shared<Device>(Device{this}));
  if (device == nullptr) return;
  devices_.push_back(device);
  if (wanted.client == focus_) offer_to(device);
}

void DataDevices::focus_changed(wl_client* client) {
  focus_ = client;
  offer_to_focus();
}

void DataDevices::set_selection(std::shared_ptr<DataSource> const& source) {
  auto const old = selection_.lock();
  if (old && old == source) return;
  if (old && old->resource() != nullptr) {
    old->on_gone(nullptr);
    wl_data_source_send_cancelled(old->resource());
  }
  selection_ = source;
  if (source) source->on_gone([this] { offer_to_focus(); });
  offer_to_focus();
}

void DataDevices::offer_to_focus() {
  auto const devices = devices_;
  for (wl_resource* device : devices) {
    if (focus_ != nullptr && wl_resource_get_client(device) == focus_) offer_to(device);
  }
}

void DataDevices::offer_to(wl_resource* device) {
  auto const source = selection_.lock();
  if (!source || source->resource() == nullptr) return wl_data_device_send_selection(device, nullptr);
  NewResource const wanted{wl_resource_get_client(device), &wl_data_offer_interface, wl_resource_get_version(device), 0};
  wl_resource* const offer = make_resource(wanted, &kOfferRequests, std::make_shared<DataOffer>(DataOffer{source}));
  if (offer == nullptr) return;
  wl_data_device_send_data_offer(device, offer);
  for (std::string const& type : source->types()) wl_data_offer_send_offer(offer, type.c_str());
  wl_data_device_send_selection(device, offer);
}

}  // namespace bh::gui_agent
