// Classes, labels, pools and volumes.
#include <sys/statvfs.h>

#include "base/display_text.h"
#include "dom0/core/admin/api.h"
#include "hypervisor/volumes/private_volume.h"

namespace bh::dom0 {

namespace {

constexpr std::string_view kPool = "default";

struct VolumeFacts {
  std::string pool, vid;
  std::uint64_t size = 0, usage = 0;
  bool rw = true;
  std::string source, path;
  bool save_on_stop = false, snap_on_start = false;
};

std::string yes_or_no(bool value) { return value ? "True" : "False"; }

std::string format(VolumeFacts const& volume) {
  return "pool=" + volume.pool + "\nvid=" + volume.vid + "\nsize=" + std::to_string(volume.size) + "\nusage=" + std::to_string(volume.usage) +
         "\nrw=" + yes_or_no(volume.rw) + "\nsource=" + volume.source + "\npath=" + volume.path + "\nsave_on_stop=" +
         yes_or_no(volume.save_on_stop) + "\nsnap_on_start=" + yes_or_no(volume.snap_on_start) + "\nrevisions_to_keep=0\nephemeral=False\n";
}

std::uint64_t size_of(std::filesystem::path const& file) {
  std::error_code error;
  auto const size = std::filesystem::file_size(file, error);
  return error ? 0 : size;
}

}  // namespace

admin::Reply AdminApi::vmclass_list(CallContext const&) { return std::string("AdminVM\nAppVM\nDispVM\nTemplateVM\n"); }

// No device can be attached yet, so there is no class of them either.
admin::Reply AdminApi::deviceclass_list(CallContext const&) { return std::string(); }

admin::Reply AdminApi::label_list(CallContext const&) {
  std::string text;
  for (Label const& label : registry_.inventory().labels()) text += label.name.text() + "\n";
  return text;
}

namespace {
Result<Label const*, admin::Exception> label_of(CallContext const& call, Inventory const& inventory) {
  // GUARD: a label name is only ever compared; what is echoed is made fit to be shown.
  return call.argument.checked([&](std::string const& text) -> Result<Label const*, admin::Exception> {
    Label const* const label = inventory.find_label(text);
    if (label == nullptr) return refuse("QubesLabelNotFoundError", "there is no label " + for_display(text, 64));
    return label;
  });
}
}  // namespace

admin::Reply AdminApi::label_get(CallContext const& call) {
  BH_TRY(label, label_of(call, registry_.inventory()));
  return label->color;
}

admin::Reply AdminApi::label_index(CallContext const& call) {
  BH_TRY(label, label_of(call, registry_.inventory()));
  return std::to_string(label->index);
}

admin::Reply AdminApi::pool_list(CallContext const&) { return std::string(kPool) + "\n"; }

admin::Reply AdminApi::pool_list_drivers(CallContext const&) { return std::string("file dir_path revisions_to_keep\n"); }

admin::Reply AdminApi::pool_info(CallContext const& call) {
  // GUARD: a pool name is compared with the one we know, never used as a path.
  bool const known = call.argument.checked([](std::string const& text) { return text == kPool; });
  if (!known) return refuse("QubesException", "there is one pool only, named default");
  std::string text = "driver=file\nname=default\nrevisions_to_keep=0\nephemeral_volatile=False\ndir_path=" + (paths_.lib() / "volumes").string() + "\n";
  struct statvfs facts {};
  if (::statvfs((paths_.lib() / "volumes").c_str(), &facts) == 0) {
    std::uint64_t const size = std::uint64_t{facts.f_blocks} * facts.f_frsize;
    text += "size=" + std::to_string(size) + "\nusage=" + std::to_string(size - std::uint64_t{facts.f_bavail} * facts.f_frsize) + "\n";
  }
  return text;
}

admin::Reply AdminApi::volume_list(CallContext const& call) {
  switch (call.destination.klass) {
    case QubeClass::admin: return std::string();
    case QubeClass::template_qube: return std::string("root\n");
    case QubeClass::app:
    case QubeClass::disposable: return std::string("private\nroot\n");
  }
  return std::string();
}

admin::Reply AdminApi::volume_info(CallContext const& call) {
  std::string const name = call.destination.name.text();
  bool const app = call.destination.klass == QubeClass::app;
  enum class Volume { none, root, private_volume };
  // GUARD: a volume name selects one of two, never names a file.
  auto const volume = call.argument.checked([&](std::string const& text) {
    if (text == "root" && call.destination.klass != QubeClass::admin) return Volume::root;
    if (text == "private" && app) return Volume::private_volume;
    return Volume::none;
  });
  switch (volume) {
    case Volume::none: return refuse("PermissionDenied", name + " has no such volume");
    case Volume::root: {
      std::string const base = app ? value_of(registry_.inventory(), call.destination, "template") : name;
      auto const path = paths_.templates() / base / "root.img";
      VolumeFacts facts{std::string(kPool), name + "/root", size_of(path), 0, true, app ? base + "/root" : "", "", !app, app};
      if (!app) facts.path = path.string();
      return format(facts);
    }
    case Volume::private_volume: {
      auto const usage = volumes::private_volume_usage(paths_.volumes(name));
      if (!usage) return refuse("QubesException", usage.error().message);
      return format({std::string(kPool), name + "/private", usage->size.value(), usage->used.value(), true, "",
                     volumes::private_volume(paths_.volumes(name)).string(), true, false});
    }
  }
  return std::string();
}

}  // namespace bh::dom0
