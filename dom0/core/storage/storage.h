// Storage: which pools there are, which volumes a qube has and what is set of them, and who is just working on which. It decides; the work
// on the disk is a Pool's, often in another thread. All of its own calls belong to the daemon's one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/paths.h"
#include "dom0/client/reply.h"
#include "dom0/core/store/registry.h"
#include "hypervisor/volumes/pool/fill_alarm.h"
#include "hypervisor/volumes/pool/pool.h"

namespace bh::dom0 {

inline constexpr std::string_view kDefaultPool = "default";

// What is known of a volume without looking at the disk.
struct VolumeView {
  volumes::VolumeId id;
  std::string pool;
  volumes::KeepRevisions keep;
  bool rw = true;
  bool save_on_stop = false;
  bool snap_on_start = false;
  std::string source = {};  // id of the volume that it starts from
  // Of a root volume, which is a file of a template's: there, and not in a pool.
  std::optional<std::filesystem::path> template_file = {};
};

class Storage {
 public:
  Storage(Registry& registry, Paths const& paths) : registry_(registry), paths_(paths) {}

  // By name, the default one always among them.
  [[nodiscard]] std::vector<PoolSpec> pools() const;
  [[nodiscard]] Result<PoolSpec, admin::Exception> pool_spec(std::string_view name) const;
  Result<std::shared_ptr<volumes::Pool>, admin::Exception> pool(std::string_view name);
  // Checks name, driver and options, makes what the driver needs, and remembers the pool.
  Result<void, admin::Exception> add_pool(std::string_view driver, std::map<std::string, std::string> options);
  Result<void, admin::Exception> remove_pool(std::string_view name);
  Result<void, admin::Exception> set_pool_option(std::string_view pool, std::string const& option, std::string const& value);
  // The pool of a new volume of this kind: default_pool_KIND, or default_pool.
  [[nodiscard]] std::string pool_for_new(std::string_view volume) const;
  // What the pool's new volumes have unless they say otherwise.
  volumes::KeepRevisions default_revisions(PoolSpec const& spec);

  [[nodiscard]] static std::vector<std::string_view> volume_names(QubeClass klass);
  // PermissionDenied if the qube has no such volume.
  Result<VolumeView, admin::Exception> volume(Qube const& qube, std::string_view name);
  Result<void, admin::Exception> set_volume(Qube const& qube, std::string_view volume, std::string const& setting, std::string const& value);

  // Held while somebody works on a volume's content; QubesVMInUseError-like words if somebody does already.
  class Lease {
   public:
    Lease() = default;
    Lease(std::set<std::string>& held, std::string id) : held_(&held), id_(std::move(id)) {}
    Lease(Lease&& other) noexcept : held_(std::exchange(other.held_, nullptr)), id_(std::move(other.id_)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(held_, other.held_);
      std::swap(id_, other.id_);
      return *this;
    }
    ~Lease() {
      if (held_ != nullptr) held_->erase(id_);
    }

   private:
    std::set<std::string>* held_ = nullptr;
    std::string id_;
  };
  Result<Lease, admin::Exception> lease(volumes::VolumeId const& id);
  [[nodiscard]] bool leased(volumes::VolumeId const& id) const { return held_.contains(id.text()); }

  // Looks how full the pools are and tells (event bulkhead:pool-filling) when one has passed a threshold since the last look.
  void watch_filling();

 private:
  Registry& registry_;
  Paths const& paths_;
  std::map<std::string, std::shared_ptr<volumes::Pool>, std::less<>> open_;
  std::map<std::string, volumes::FillAlarm, std::less<>> alarms_;
  std::set<std::string> held_;
};

}  // namespace bh::dom0
