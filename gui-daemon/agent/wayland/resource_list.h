// ResourceList: the live resources of one kind (all wl_pointers, say). Each takes itself off the list when it dies.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "gui-daemon/agent/wayland/resource.h"

namespace bh::gui_agent {

class ResourceList {
 public:
  // nullptr: no memory, and the client has been told.
  wl_resource* add(NewResource const& wanted, void const* requests) {
    wl_resource* const made = make_resource(wanted, requests, std::make_shared<Member>(Member{items_}));
    if (made != nullptr) items_->push_back(made);
    return made;
  }
  [[nodiscard]] std::vector<wl_resource*> all() const { return *items_; }
  [[nodiscard]] std::vector<wl_resource*> of(wl_client* client) const {
    std::vector<wl_resource*> found;
    for (wl_resource* item : *items_) {
      if (client != nullptr && wl_resource_get_client(item) == client) found.push_back(item);
    }
    return found;
  }

 private:
  using Items = std::vector<wl_resource*>;
  struct Member {
    std::shared_ptr<Items> list;
    void resource_gone(wl_resource* resource) { std::erase(*list, resource); }
  };
  std::shared_ptr<Items> items_ = std::make_shared<Items>();
};

}  // namespace bh::gui_agent
