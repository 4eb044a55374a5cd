// DataDevices: wl_data_device_manager, copy and paste between the programs of one qube. Nothing here leaves the qube; data goes from
// client to client through a pipe and is never read by us. Drag and drop is refused politely: the source is cancelled at once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gui-daemon/agent/wayland/resource.h"

namespace bh::gui_agent {

// wl_data_source
class DataSource {
 public:
  // GUARD: a client that offers types without end.
  static constexpr std::size_t kMaxTypes = 256;

  void resource_gone(wl_resource*);
  void set_resource(wl_resource* resource) { resource_ = resource; }
  [[nodiscard]] wl_resource* resource() const { return resource_; }
  // Called once, when the client takes the source back.
  void on_gone(std::function<void()> call) { on_gone_ = std::move(call); }
  void add_type(char const* type) {
    if (types_.size() < kMaxTypes) types_.emplace_back(type);
  }
  [[nodiscard]] std::vector<std::string> const& types() const { return types_; }

 private:
  wl_resource* resource_ = nullptr;
  std::function<void()> on_gone_;
  std::vector<std::string> types_;
};

class DataDevices {
 public:
  explicit DataDevices(wl_display* display);
  DataDevices(DataDevices const&) = delete;
  DataDevices& operator=(DataDevices const&) = delete;

  [[nodiscard]] wl_client* focus() const { return focus_; }
  // The keyboard is about to go to this client (nullptr: to nobody).
  void focus_changed(wl_client* client);

 private:
  // One wl_data_device.
  struct Device {
    DataDevices* all;
    void resource_gone(wl_resource* resource) { std::erase(all->devices_, resource); }
  };
  static void bind(wl_client* client, void* self, std::uint32_t version, std::uint32_t id);
  void add_device(NewResource const& wanted);
  void set_selection(std::shared_ptr<DataSource> const& source);
  void offer_to_focus();
  void offer_to(wl_resource* device);

  std::vector<wl_resource*> devices_;
  std::weak_ptr<DataSource> selection_;
  wl_client* focus_ = nullptr;
  Global global_;
};

}  // namespace bh::gui_agent
