// The table of methods and the checks that come before any of them (admin-api.md 1.5).
#include "dom0/core/admin/api.h"

#include "base/display_text.h"

namespace bh::dom0 {

std::string_view to_string(PowerState state) {
  switch (state) {
    case PowerState::halted: return "Halted";
    case PowerState::transient: return "Transient";
    case PowerState::running: return "Running";
    case PowerState::paused: return "Paused";
    case PowerState::suspended: return "Suspended";
    case PowerState::halting: return "Halting";
    case PowerState::dying: return "Dying";
  }
  return "NA";
}

std::span<AdminApi::Method const> AdminApi::methods() {
  using enum To;
  using enum Takes;
  using A = AdminApi;
  static constexpr Method kMethods[] = {
      {"admin.vm.List", any, nothing, nothing, &A::vm_list, nullptr},
      {"admin.vm.CurrentState", any, nothing, nothing, &A::current_state, nullptr},
      {"admin.vm.Create.AppVM", dom0, anything, something, nullptr, &A::create_app},
      {"admin.vm.CreateInPool.AppVM", dom0, anything, something, nullptr, &A::create_app_in_pool},
      {"admin.vm.Create.TemplateVM", dom0, anything, something, &A::create_refused, nullptr},
      {"admin.vm.Create.StandaloneVM", dom0, anything, something, &A::create_refused, nullptr},
      {"admin.vm.Create.DispVM", dom0, anything, something, &A::create_named_disposable, nullptr},
      {"admin.vm.Create.RemoteVM", dom0, anything, something, &A::create_refused, nullptr},
      {"admin.vm.CreateDisposable", any, anything, anything, &A::create_disposable, nullptr},
      {"admin.vm.Remove", any, nothing, nothing, &A::remove, nullptr},
      {"admin.vm.Start", any, nothing, nothing, nullptr, &A::start},
      {"admin.vm.Shutdown", any, anything, nothing, nullptr, &A::shutdown},
      {"admin.vm.Kill", any, nothing, nothing, nullptr, &A::kill},
      {"admin.vm.Pause", any, nothing, nothing, nullptr, &A::pause},
      {"admin.vm.Unpause", any, nothing, nothing, nullptr, &A::unpause},
      {"admin.vm.Suspend", any, nothing, nothing, nullptr, &A::suspend},
      {"admin.vm.Resume", any, nothing, nothing, nullptr, &A::resume},
      {"admin.vm.property.List", any, nothing, nothing, &A::property_list, nullptr},
      {"admin.vm.property.Get", any, something, nothing, &A::property_get, nullptr},
      {"admin.vm.property.GetAll", any, nothing, nothing, &A::property_get_all, nullptr},
      {"admin.vm.property.GetDefault", any, something, nothing, &A::property_get_default, nullptr},
      {"admin.vm.property.Help", any, something, nothing, &A::property_help, nullptr},
      {"admin.vm.property.Set", any, something, anything, &A::property_set, nullptr},
      {"admin.vm.property.Reset", any, something, nothing, &A::property_reset, nullptr},
      {"admin.property.List", dom0, nothing, nothing, &A::setting_list, nullptr},
      {"admin.property.Get", dom0, something, nothing, &A::setting_get, nullptr},
      {"admin.property.GetAll", dom0, nothing, nothing, &A::setting_get_all, nullptr},
      {"admin.property.GetDefault", dom0, something, nothing, &A::setting_get_default, nullptr},
      {"admin.property.Help", dom0, something, nothing, &A::setting_help, nullptr},
      {"admin.property.Set", dom0, something, anything, &A::setting_set, nullptr},
      {"admin.property.Reset", dom0, something, nothing, &A::setting_reset, nullptr},
      {"admin.vm.tag.List", any, nothing, nothing, &A::tag_list, nullptr},
      {"admin.vm.tag.Get", any, something, nothing, &A::tag_get, nullptr},
      {"admin.vm.tag.Set", any, something, nothing, &A::tag_set, nullptr},
      {"admin.vm.tag.Remove", any, something, nothing, &A::tag_remove, nullptr},
      {"admin.vm.feature.List", any, nothing, nothing, &A::feature_list, nullptr},
      {"admin.vm.feature.Get", any, something, nothing, nullptr, &A::feature_get},
      {"admin.vm.feature.CheckWithTemplate", any, something, nothing, &A::feature_check_template, nullptr},
      {"admin.vm.feature.CheckWithNetvm", any, something, nothing, &A::feature_check_netvm, nullptr},
      {"admin.vm.feature.CheckWithAdminVM", any, something, nothing, &A::feature_check_adminvm, nullptr},
      {"admin.vm.feature.CheckWithTemplateAndAdminVM", any, something, nothing, &A::feature_check_template_and_adminvm, nullptr},
      {"admin.vm.feature.Set", any, something, anything, &A::feature_set, nullptr},
      {"admin.vm.feature.Remove", any, something, nothing, &A::feature_remove, nullptr},
      {"admin.vmclass.List", dom0, nothing, nothing, &A::vmclass_list, nullptr},
      {"admin.deviceclass.List", dom0, nothing, nothing, &A::deviceclass_list, nullptr},
      {"admin.label.List", dom0, nothing, nothing, &A::label_list, nullptr},
      {"admin.label.Get", dom0, something, nothing, &A::label_get, nullptr},
      {"admin.label.Index", dom0, something, nothing, &A::label_index, nullptr},
      {"admin.pool.List", dom0, nothing, nothing, &A::pool_list, nullptr},
      {"admin.pool.ListDrivers", dom0, nothing, nothing, &A::pool_list_drivers, nullptr},
      {"admin.pool.Info", dom0, something, nothing, &A::pool_info, nullptr},
      {"admin.pool.UsageDetails", dom0, something, nothing, &A::pool_usage_details, nullptr},
      {"admin.pool.Add", dom0, something, something, &A::pool_add, nullptr},
      {"admin.pool.Remove", dom0, something, nothing, &A::pool_remove, nullptr},
      {"admin.pool.Set.revisions_to_keep", dom0, something, something, &A::pool_set_revisions, nullptr},
      {"admin.pool.Set.ephemeral_volatile", dom0, something, something, &A::pool_set_ephemeral, nullptr},
      {"admin.pool.volume.List", dom0, something, nothing, &A::pool_volume_list, nullptr},
      {"admin.vm.volume.List", any, nothing, nothing, &A::volume_list, nullptr},
      {"admin.vm.volume.Info", any, something, nothing, &A::volume_info, nullptr},
      {"admin.vm.volume.ListSnapshots", any, something, nothing, &A::volume_list_snapshots, nullptr},
      {"admin.vm.volume.Revert", any, something, anything, nullptr, &A::volume_revert},
      {"admin.vm.volume.CloneFrom", any, something, nothing, &A::volume_clone_from, nullptr},
      {"admin.vm.volume.CloneTo", any, something, something, nullptr, &A::volume_clone_to},
      {"admin.vm.volume.Resize", any, something, something, nullptr, &A::volume_resize},
      {"admin.vm.volume.Clear", any, something, nothing, nullptr, &A::volume_clear},
      {"admin.vm.volume.Set.revisions_to_keep", any, something, something, nullptr, &A::volume_set_revisions},
      {"admin.vm.volume.Set.rw", any, something, something, &A::volume_set_rw, nullptr},
      {"admin.vm.volume.Set.ephemeral", any, something, something, &A::volume_set_ephemeral, nullptr},
      {"internal.vm.volume.ImportBegin", any, something, anything, &A::volume_import_begin, nullptr},
      {"internal.vm.volume.ImportEnd", any, something, something, nullptr, &A::volume_import_end},
      {"bulkhead.snapshot.List", dom0, nothing, nothing, nullptr, &A::snapshot_list},
      {"bulkhead.snapshot.Build", any, nothing, nothing, nullptr, &A::snapshot_build},
      {"bulkhead.snapshot.Remove", dom0, something, nothing, nullptr, &A::snapshot_remove},
      {"internal.GetSystemInfo", dom0, nothing, nothing, &A::system_info, nullptr},
  };
  return kMethods;
}

AdminApi::Method const* AdminApi::find_method(std::string_view name) {
  for (auto const& method : methods()) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

Result<Qube const*, admin::Exception> AdminApi::look_up(Untrusted<std::string> const& name) const {
  // GUARD: names become file names and lines of replies; only a DomainName or a Uuid gets past here.
  return name.checked([this](std::string const& text) -> Result<Qube const*, admin::Exception> {
    Qube const* found = nullptr;
    if (text.starts_with("uuid:")) {
      auto const uuid = Uuid::parse(std::string_view(text).substr(5));
      if (!uuid) return refuse("QubesVMInvalidUUIDError", "not a UUID: " + for_display(text, 64));
      found = registry_.inventory().find_uuid(uuid->text());
    } else {
      auto const parsed = DomainName::parse(text);
      if (!parsed) return refuse("QubesValueError", for_display(text, 64) + ": " + to_string(parsed.error()));
      found = registry_.inventory().find(parsed->text());
    }
    if (found == nullptr) return refuse("QubesVMNotFoundError", "there is no qube named " + for_display(text, 64));
    return found;
  });
}

Result<CallContext, admin::Exception> AdminApi::check(admin::IncomingCall const& call, Method const& method) const {
  BH_TRY(source, look_up(call.source));
  // Answers are not yet filtered by the caller's policy, so nobody but dom0 gets any (fail closed).
  if (source->klass != QubeClass::admin) {
    return refuse("PermissionDenied", "administration from qubes other than dom0 is not part of this version of Bulkhead");
  }
  BH_TRY(destination, look_up(call.destination));
  bool const to_dom0 = destination->klass == QubeClass::admin;
  if (method.to == To::dom0 && !to_dom0) return refuse("ProtocolError", std::string(method.name) + " is for dom0 only");
  if (method.to == To::qube && to_dom0) return refuse("ProtocolError", std::string(method.name) + " is not for dom0");
  auto const fits = [](Untrusted<std::string> const& text, Takes takes) {
    // GUARD: only whether there is something at all; what it says is checked by the method.
    bool const empty = text.checked([](std::string const& value) { return value.empty(); });
    return takes == Takes::anything || (takes == Takes::nothing) == empty;
  };
  if (!fits(call.argument, method.argument)) {
    return refuse("ProtocolError", std::string(method.name) + (method.argument == Takes::nothing ? " takes no argument" : " needs an argument"));
  }
  if (!fits(call.payload, method.payload)) {
    return refuse("ProtocolError", std::string(method.name) + (method.payload == Takes::nothing ? " takes no payload" : " needs a payload"));
  }
  return CallContext{*destination, call.argument, call.payload};
}

void AdminApi::handle(admin::IncomingCall call, Sink sink) {
  Method const* const method = find_method(call.method);
  if (method == nullptr) return sink(refuse("ProtocolError", "no such method: " + for_display(call.method, 128)));
  hooks_.rescan_templates();
  auto const context = check(call, *method);
  if (!context) return sink(Failure{context.error()});
  if (method->answer_later != nullptr) return (this->*method->answer_later)(*context, std::move(sink));
  sink((this->*method->answer)(*context));
}

AdminApi::Stream AdminApi::stream_of(admin::IncomingCall const& call) {
  if (call.method == "admin.Events") return Stream::events;
  if (call.method == "admin.vm.Stats") return Stream::stats;
  return Stream::none;
}

admin::Reply AdminApi::open_stream(admin::IncomingCall const& call) const {
  static constexpr Method kStream{"admin.Events", To::any, Takes::nothing, Takes::nothing, nullptr, nullptr};
  BH_TRY(context, check(call, kStream));
  return context.destination.klass == QubeClass::admin ? std::string() : context.destination.name.text();
}

admin::Reply AdminApi::saved(Result<void> result) const {
  if (!result) return refuse("QubesException", "nothing was changed: " + result.error().message);
  return std::string();
}

}  // namespace bh::dom0
