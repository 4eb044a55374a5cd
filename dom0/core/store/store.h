// Store: the inventory on disk. Whole qubes are written in one transaction each, so that after a crash each is as before or as after.
#pragma once

#include <filesystem>
#include <string>

#include "dom0/core/model/inventory.h"
#include "dom0/core/store/database.h"

namespace bh::dom0 {

class Store {
 public:
  // Brings an older schema up to date (table `migrations` says which steps ran); refuses one that is newer than this program.
  static Result<Store> open(std::filesystem::path const& path);

  // With dom0 and the default labels, which the first opening puts in.
  Result<Inventory> load();
  Result<void> save(Qube const& qube);
  Result<void> remove(std::string const& name);
  Result<void> save_pool(PoolSpec const& pool);
  Result<void> remove_pool(std::string const& name);
  Result<void> save_setting(std::string const& name, std::string const& value);
  Result<void> remove_setting(std::string const& name);
  // The next domain number: rises by one with every call, also across restarts, and begins anew before kCloneAlias.
  Result<DomainId> next_domain_id();

 private:
  explicit Store(Database database) : database_(std::move(database)) {}
  Result<void> migrate();
  Result<void> fill_if_empty();
  Result<void> load_parts(Inventory& inventory);
  Result<void> load_pools(Inventory& inventory);
  Database database_;
};

}  // namespace bh::dom0
