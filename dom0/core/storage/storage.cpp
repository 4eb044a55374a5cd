// Volumes of qubes: which, where, and what is set of them.
#include "dom0/core/storage/storage.h"

#include <algorithm>

#include "dom0/core/model/property.h"
#include "dom0/core/storage/pool_driver.h"

namespace bh::dom0 {

namespace {

Failure<admin::Exception> refuse(std::string type, std::string text) { return Failure{admin::Exception{std::move(type), std::move(text)}}; }

std::optional<std::string> setting_of(Qube const& qube, std::string_view volume, char const* setting) {
  auto const settings = qube.volumes.find(std::string(volume));
  if (settings == qube.volumes.end()) return std::nullopt;
  auto const value = settings->second.find(setting);
  return value == settings->second.end() ? std::nullopt : std::optional(value->second);
}

}  // namespace

std::vector<std::string_view> Storage::volume_names(QubeClass klass) {
  switch (klass) {
    case QubeClass::admin: return {};
    case QubeClass::template_qube: return {"root"};
    case QubeClass::app:
    case QubeClass::disposable: return {"private", "root"};
  }
  return {};
}

Result<VolumeView, admin::Exception> Storage::volume(Qube const& qube, std::string_view name) {
  auto const names = volume_names(qube.klass);
  auto const id = volumes::VolumeId::make(qube.name.text(), name);
  // GUARD: a volume's name selects one of the class's, and never names a file.
  if (!id || std::find(names.begin(), names.end(), name) == names.end()) return refuse("PermissionDenied", qube.name.text() + " has no such volume");
  Inventory const& inventory = registry_.inventory();
  VolumeView view{*id, std::string(kDefaultPool), volumes::KeepRevisions::in_place()};
  if (name == "root") {
    bool const own = qube.klass == QubeClass::template_qube;
    std::string const base = own ? qube.name.text() : root_template(inventory, qube);
    view.save_on_stop = own;
    view.snap_on_start = !own;
    if (!own && !base.empty()) view.source = base + "/root";
    view.keep = *volumes::KeepRevisions::make(0);
    view.template_file = paths_.templates() / base / "root.img";
    return view;
  }
  if (qube.klass == QubeClass::disposable) {
    view.snap_on_start = true;
    view.source = value_of(inventory, qube, "template") + "/private";
    view.keep = *volumes::KeepRevisions::make(0);
    return view;
  }
  view.save_on_stop = true;
  view.pool = setting_of(qube, name, "pool").value_or(std::string(kDefaultPool));
  auto const set = setting_of(qube, name, "revisions_to_keep");
  auto const keep = set ? parse_keep(*set) : std::nullopt;
  if (keep) {
    view.keep = *keep;
  } else {
    BH_TRY(spec, pool_spec(view.pool));
    view.keep = default_revisions(spec);
  }
  return view;
}

Result<void, admin::Exception> Storage::set_volume(Qube const& qube, std::string_view volume, std::string const& setting, std::string const& value) {
  Qube changed = qube;
  changed.volumes[std::string(volume)][setting] = value;
  if (auto const put = registry_.put(std::move(changed)); !put) return refuse("QubesException", "nothing was changed: " + put.error().message);
  return {};
}

Result<Storage::Lease, admin::Exception> Storage::lease(volumes::VolumeId const& id) {
  if (!held_.insert(id.text()).second) return refuse("QubesVMInUseError", id.text() + " is just being written to; try again when that has ended");
  return Lease(held_, id.text());
}

}  // namespace bh::dom0
