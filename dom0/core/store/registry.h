// Registry: the inventory with its store behind it and its listeners in front. A change is on disk before anybody hears of it.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "dom0/client/event.h"
#include "dom0/core/model/inventory.h"
#include "dom0/core/store/store.h"

namespace bh::dom0 {

class Registry {
 public:
  static Result<Registry> open(std::filesystem::path const& database);

  [[nodiscard]] Inventory const& inventory() const { return inventory_; }
  Result<void> put(Qube qube);
  Result<void> remove(std::string const& name);
  Result<void> put_pool(PoolSpec pool);
  Result<void> remove_pool(std::string const& name);
  Result<void> set_setting(std::string const& name, std::string const& value);
  Result<void> reset_setting(std::string const& name);
  Result<DomainId> next_domain_id() { return store_.next_domain_id(); }

  using Listener = std::function<void(admin::Event const&)>;
  // Unsubscribes when it goes out of scope; may outlive the registry.
  class Subscription {
   public:
    Subscription() = default;
    explicit Subscription(std::shared_ptr<void> hold) : hold_(std::move(hold)) {}
   private:
    std::shared_ptr<void> hold_;
  };
  [[nodiscard]] Subscription subscribe(Listener listener);
  void tell(admin::Event const& event);

 private:
  Registry(Store store, Inventory inventory) : store_(std::move(store)), inventory_(std::move(inventory)) {}
  Store store_;
  Inventory inventory_;
  std::map<unsigned, std::weak_ptr<Listener>> listeners_;
  unsigned next_listener_ = 0;
};

}  // namespace bh::dom0
