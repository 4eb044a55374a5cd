#include "hypervisor/xen/libxl_config.h"

#include <cctype>
#include <nlohmann/json.hpp>

namespace bh::xen {

using machine::MachineSpec;

namespace {

constexpr std::uint64_t kKibibytesInMebibyte = 1024;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// As under QEMU (qemu/argv.cpp): a panic ends the machine, and the guest keeps its identity over starts. Xen's console is hvc0, and its
// clock needs no hint.
std::string kernel_arguments(MachineSpec const& spec) {
  std::string machine_id;
  for (char const c : lower(spec.uuid)) {
    if (c != '-') machine_id += c;
  }
  return spec.cmdline + (spec.cmdline.empty() ? "" : " ") + "console=hvc0 panic=-1 cryptomgr.notests=1 systemd.machine_id=" + machine_id;
}

}  // namespace

Result<DomainConfig> libxl_config(MachineSpec const& spec) {
  if (spec.restore_from) return Failure{Error{spec.name + " was saved by QEMU; Xen cannot continue it", 0}};
  DomainConfig config;
  config.name = spec.name;
  config.uuid = lower(spec.uuid);
  config.max_memkb = config.target_memkb = std::uint64_t{spec.memory.value()} * kKibibytesInMebibyte;
  config.max_vcpus = spec.vcpus.value();
  config.kernel = spec.kernel.string();
  config.ramdisk = spec.initrd.string();
  config.cmdline = kernel_arguments(spec);
  // Fixed names, whichever of them are there: the guest tells its volumes apart by them, as by the serials of virtio disks. The root is the
  // template's and read-only; the copy-on-write layer on it is the driver's to make (README).
  if (spec.root_image) config.disks.push_back({"xvda", spec.root_image->string(), false});
  if (spec.private_volume) config.disks.push_back({"xvdb", spec.private_volume->string(), true});
  if (spec.volatile_volume) config.disks.push_back({"xvdc", spec.volatile_volume->string(), true});
  return config;
}

std::string libxl_json(DomainConfig const& config) {
  using nlohmann::ordered_json;
  ordered_json vcpus = ordered_json::array();
  for (std::uint32_t i = 0; i < config.max_vcpus; ++i) vcpus.push_back(i);
  ordered_json disks = ordered_json::array();
  for (auto const& disk : config.disks) {
    // "raw" said aloud: a format that is guessed is a format the guest chooses.
    disks.push_back({{"pdev_path", disk.pdev_path}, {"vdev", disk.vdev}, {"backend", "phy"}, {"format", "raw"}, {"readwrite", disk.readwrite ? 1 : 0}});
  }
  ordered_json const document{
      {"c_info", {{"type", "pvh"}, {"name", config.name}, {"uuid", config.uuid}}},
      {"b_info",
       {{"max_vcpus", config.max_vcpus},
        {"avail_vcpus", vcpus},
        {"max_memkb", config.max_memkb},
        {"target_memkb", config.target_memkb},
        {"shadow_memkb", 0},
        {"kernel", config.kernel},
        {"cmdline", config.cmdline},
        {"ramdisk", config.ramdisk},
        {"type.pvh", ordered_json::object()}}},
      {"disks", disks},
      // Machines do not reboot: whatever ends one, nothing of it stays.
      {"on_poweroff", "destroy"},
      {"on_reboot", "destroy"},
      {"on_watchdog", "destroy"},
      {"on_crash", "destroy"},
      {"on_soft_reset", "destroy"}};
  return document.dump(2) + "\n";
}

}  // namespace bh::xen
