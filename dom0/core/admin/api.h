// AdminApi: the methods of the Admin API on top of registry and life cycle. No sockets: a parsed call in, one reply out.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string>

#include "base/paths.h"
#include "dom0/client/reply.h"
#include "dom0/client/request.h"
#include "dom0/core/life/life_cycle.h"
#include "dom0/core/model/property.h"
#include "dom0/core/storage/storage.h"
#include "dom0/core/store/registry.h"

namespace bh::dom0 {

// A call whose names were looked up; argument and payload are still the caller's texts.
struct CallContext {
  Qube const& destination;
  Untrusted<std::string> argument;
  Untrusted<std::string> payload;
};

class AdminApi {
 public:
  using Sink = std::function<void(admin::Reply)>;

  struct Hooks {
    // Before every call: a template put into its folder is there with the next call.
    std::function<void()> rescan_templates;
    // Calls back once it is known whether KVM works here; at once if nobody is asking.
    std::function<void(std::function<void()>)> when_accel_known;
    // Does `work`, which may copy volumes and take long, in another thread and then `then` in this one.
    std::function<void(std::function<void()> work, std::function<void()> then)> aside;
  };
  AdminApi(Registry& registry, LifeCycle& life, Storage& storage, Paths const& paths, Hooks hooks)
      : registry_(registry), life_(life), storage_(storage), paths_(paths), hooks_(std::move(hooks)) {}

  // Answers through `sink` exactly once, before returning or later.
  void handle(admin::IncomingCall call, Sink sink);

  enum class Stream { none, events, stats };
  [[nodiscard]] static Stream stream_of(admin::IncomingCall const& call);
  // For a streaming call: the subject to be told about (empty: all), or why not.
  [[nodiscard]] admin::Reply open_stream(admin::IncomingCall const& call) const;

 private:
  enum class To { dom0, any, qube };
  enum class Takes { nothing, something, anything };
  struct Method {
    std::string_view name;
    To to;
    Takes argument;
    Takes payload;
    admin::Reply (AdminApi::*answer)(CallContext const&);
    void (AdminApi::*answer_later)(CallContext const&, Sink);
  };
  static std::span<Method const> methods();
  static Method const* find_method(std::string_view name);
  Result<Qube const*, admin::Exception> look_up(Untrusted<std::string> const& name) const;
  Result<CallContext, admin::Exception> check(admin::IncomingCall const& call, Method const& method) const;
  admin::Reply saved(Result<void> result) const;

  admin::Reply vm_list(CallContext const& call);
  admin::Reply current_state(CallContext const& call);
  void create_app(CallContext const& call, Sink sink);
  void create_app_in_pool(CallContext const& call, Sink sink);
  void create_app_in(CallContext const& call, std::optional<std::string> pool_name, Sink sink);
  Result<Qube, admin::Exception> new_app(CallContext const& call) const;
  admin::Reply created(Qube qube, volumes::Pool& pool, volumes::VolumeId const& id, Result<void> const& made);
  admin::Reply create_named_disposable(CallContext const& call);
  admin::Reply create_disposable(CallContext const& call);
  admin::Reply create_refused(CallContext const& call);
  admin::Reply remove(CallContext const& call);
  void start(CallContext const& call, Sink sink);
  void shutdown(CallContext const& call, Sink sink);
  void kill(CallContext const& call, Sink sink);
  void pause(CallContext const& call, Sink sink);
  void unpause(CallContext const& call, Sink sink);
  void suspend(CallContext const& call, Sink sink);
  void resume(CallContext const& call, Sink sink);
  void snapshot_list(CallContext const& call, Sink sink);
  void snapshot_build(CallContext const& call, Sink sink);
  void snapshot_remove(CallContext const& call, Sink sink);

  Result<void, admin::Exception> check_no_disposables(Qube const& base) const;
  admin::PropertyValue property_now(Qube const& qube, PropertySpec const& spec) const;
  Result<PropertySpec const*, admin::Exception> property_named(CallContext const& call) const;
  Result<PropertySpec const*, admin::Exception> setting_named(CallContext const& call) const;
  admin::Reply property_list(CallContext const& call);
  admin::Reply property_get(CallContext const& call);
  admin::Reply property_get_all(CallContext const& call);
  admin::Reply property_get_default(CallContext const& call);
  admin::Reply property_help(CallContext const& call);
  admin::Reply property_set(CallContext const& call);
  admin::Reply property_reset(CallContext const& call);
  admin::Reply setting_list(CallContext const& call);
  admin::Reply setting_get(CallContext const& call);
  admin::Reply setting_get_all(CallContext const& call);
  admin::Reply setting_get_default(CallContext const& call);
  admin::Reply setting_help(CallContext const& call);
  admin::Reply setting_set(CallContext const& call);
  admin::Reply setting_reset(CallContext const& call);

  admin::Reply tag_list(CallContext const& call);
  admin::Reply tag_get(CallContext const& call);
  admin::Reply tag_set(CallContext const& call);
  admin::Reply tag_remove(CallContext const& call);
  admin::Reply feature_list(CallContext const& call);
  void feature_get(CallContext const& call, Sink sink);
  admin::Reply feature_check_template(CallContext const& call);
  admin::Reply feature_check_netvm(CallContext const& call);
  admin::Reply feature_check_adminvm(CallContext const& call);
  admin::Reply feature_check_template_and_adminvm(CallContext const& call);
  admin::Reply feature_set(CallContext const& call);
  admin::Reply feature_remove(CallContext const& call);

  admin::Reply vmclass_list(CallContext const& call);
  admin::Reply deviceclass_list(CallContext const& call);
  admin::Reply label_list(CallContext const& call);
  admin::Reply label_get(CallContext const& call);
  admin::Reply label_index(CallContext const& call);
  admin::Reply pool_list(CallContext const& call);
  admin::Reply pool_list_drivers(CallContext const& call);
  admin::Reply pool_info(CallContext const& call);
  admin::Reply pool_usage_details(CallContext const& call);
  admin::Reply pool_add(CallContext const& call);
  admin::Reply pool_remove(CallContext const& call);
  admin::Reply pool_set_revisions(CallContext const& call);
  admin::Reply pool_set_ephemeral(CallContext const& call);
  admin::Reply pool_volume_list(CallContext const& call);

  // A volume with content of its own, that nobody uses or works on: what may be reverted, imported into, cloned into, cleared.
  struct IdleVolume {
    VolumeView view;
    std::shared_ptr<volumes::Pool> pool;
    std::shared_ptr<Storage::Lease> lease;
  };
  Result<VolumeView, admin::Exception> volume_named(CallContext const& call);
  Result<VolumeView, admin::Exception> own_volume(Qube const& qube, Untrusted<std::string> const& name);
  Result<IdleVolume, admin::Exception> idle_volume(CallContext const& call);
  // Works on the volume in another thread and answers with what came of it.
  void work_on(IdleVolume volume, std::function<Result<void>(volumes::Pool&)> work, Sink sink);
  admin::Reply volume_list(CallContext const& call);
  admin::Reply volume_info(CallContext const& call);
  admin::Reply volume_list_snapshots(CallContext const& call);
  void volume_revert(CallContext const& call, Sink sink);
  admin::Reply volume_clone_from(CallContext const& call);
  void volume_clone_to(CallContext const& call, Sink sink);
  void volume_resize(CallContext const& call, Sink sink);
  void volume_clear(CallContext const& call, Sink sink);
  void volume_set_revisions(CallContext const& call, Sink sink);
  admin::Reply volume_set_rw(CallContext const& call);
  admin::Reply volume_set_ephemeral(CallContext const& call);
  admin::Reply volume_import_begin(CallContext const& call);
  void volume_import_end(CallContext const& call, Sink sink);
  admin::Reply system_info(CallContext const& call);

  Registry& registry_;
  LifeCycle& life_;
  Storage& storage_;
  Paths const& paths_;
  Hooks hooks_;
  // Tokens of CloneFrom, the newest last, each good for one CloneTo.
  std::vector<std::pair<std::string, volumes::VolumeId>> clone_tokens_;
};

// What a qube is created with: "name=N label=L", in any order.
struct NewQube {
  DomainName name;
  LabelName label;
};
[[nodiscard]] Result<NewQube, admin::Exception> parse_new_qube(std::string const& payload);

// Short for Failure{Exception{type, message}}.
[[nodiscard]] inline Failure<admin::Exception> refuse(std::string type, std::string message) {
  return Failure{admin::Exception{std::move(type), std::move(message)}};
}

}  // namespace bh::dom0
