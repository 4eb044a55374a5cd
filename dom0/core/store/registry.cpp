#include "dom0/core/store/registry.h"

#include <vector>

namespace bh::dom0 {

Result<Registry> Registry::open(std::filesystem::path const& database) {
  BH_TRY(store, Store::open(database));
  BH_TRY(inventory, store.load());
  return Registry(std::move(store), std::move(inventory));
}

Result<void> Registry::put(Qube qube) {
  BH_CHECK(store_.save(qube));
  inventory_.put(std::move(qube));
  return {};
}

Result<void> Registry::remove(std::string const& name) {
  BH_CHECK(store_.remove(name));
  inventory_.remove(name);
  return {};
}

Result<void> Registry::put_pool(PoolSpec pool) {
  BH_CHECK(store_.save_pool(pool));
  inventory_.set_pool(std::move(pool));
  return {};
}

Result<void> Registry::remove_pool(std::string const& name) {
  BH_CHECK(store_.remove_pool(name));
  inventory_.remove_pool(name);
  return {};
}

Result<void> Registry::set_setting(std::string const& name, std::string const& value) {
  BH_CHECK(store_.save_setting(name, value));
  inventory_.set_setting(name, value);
  return {};
}

Result<void> Registry::reset_setting(std::string const& name) {
  BH_CHECK(store_.remove_setting(name));
  inventory_.reset_setting(name);
  return {};
}

Registry::Subscription Registry::subscribe(Listener listener) {
  auto hold = std::make_shared<Listener>(std::move(listener));
  listeners_[next_listener_++] = hold;
  return Subscription(std::move(hold));
}

void Registry::tell(admin::Event const& event) {
  // A listener may subscribe or unsubscribe others while it is told.
  std::vector<std::shared_ptr<Listener>> now;
  for (auto it = listeners_.begin(); it != listeners_.end();) {
    if (auto listener = it->second.lock()) {
      now.push_back(std::move(listener));
      ++it;
    } else {
      it = listeners_.erase(it);
    }
  }
  for (auto const& listener : now) (*listener)(event);
}

}  // namespace bh::dom0
