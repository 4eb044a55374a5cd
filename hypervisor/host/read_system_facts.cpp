// Everything but the processor: memory, namespaces, groups, devices.
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

#include "base/display_text.h"
#include "base/number.h"
#include "hypervisor/host/read_host_facts.h"

namespace bh::host {

namespace {

constexpr unsigned kReadableByAll = 04;
constexpr unsigned kWritableByAll = 02;

std::vector<std::string> words(std::string const& text) {
  std::istringstream stream(text);
  std::vector<std::string> out;
  for (std::string word; stream >> word;) out.push_back(word);
  return out;
}

// /dev/dm-0 is encrypted if device-mapper says so; /dev/mapper/NAME is a link to such a node.
SwapArea::Kind swap_kind(HostTree const& tree, std::string const& name, std::string const& type) {
  std::filesystem::path node = name;
  if (name.starts_with("/dev/mapper/")) {
    std::error_code error;
    auto const target = std::filesystem::read_symlink(tree.path(name.substr(1)), error);
    if (!error) node = target;
  }
  std::string const device = node.filename().string();
  if (type != "partition") return SwapArea::Kind::file;
  // A zram device that writes what is old to a disk is no better than the disk.
  if (device.starts_with("zram")) {
    auto const backing = tree.line("sys/block/" + device + "/backing_dev");
    return !backing || *backing == "none" ? SwapArea::Kind::compressed_memory : SwapArea::Kind::plain;
  }
  auto const uuid = tree.line("sys/block/" + device + "/dm/uuid");
  return uuid && uuid->starts_with("CRYPT-") ? SwapArea::Kind::encrypted : SwapArea::Kind::plain;
}

std::optional<std::vector<SwapArea>> read_swap(HostTree const& tree) {
  auto const text = tree.text("proc/swaps");
  if (!text) return std::nullopt;
  std::vector<SwapArea> areas;
  std::istringstream lines(*text);
  std::string line;
  std::getline(lines, line);  // the header
  while (std::getline(lines, line)) {
    auto const fields = words(line);
    if (fields.size() < 2) return std::nullopt;
    areas.push_back({for_display(fields[0], 200), swap_kind(tree, fields[0], fields[1])});
  }
  return areas;
}

// Lines "name-or-uid:start:count".
std::uint64_t subordinate_ids(HostTree const& tree, char const* file, Asker const& asker) {
  std::uint64_t sum = 0;
  std::istringstream lines(tree.text(file).value_or(""));
  for (std::string line; std::getline(lines, line);) {
    std::size_t const first = line.find(':');
    std::size_t const last = line.rfind(':');
    if (first == std::string::npos || first == last) continue;
    std::string const owner = line.substr(0, first);
    if (owner == std::to_string(asker.uid) || (!asker.user.empty() && owner == asker.user)) {
      sum += parse_decimal(std::string_view(line).substr(last + 1), UINT32_MAX).value_or(0);
    }
  }
  return sum;
}

UserNamespaces read_user_namespaces(HostTree const& tree, Asker const& asker) {
  UserNamespaces out;
  out.max = tree.number("proc/sys/user/max_user_namespaces");
  if (auto const allowed = tree.number("proc/sys/kernel/unprivileged_userns_clone")) out.unprivileged = *allowed != 0;
  if (auto const restricted = tree.number("proc/sys/kernel/apparmor_restrict_unprivileged_userns")) out.restricted_by_label = *restricted != 0;
  out.subordinate_uids = subordinate_ids(tree, "etc/subuid", asker);
  out.subordinate_gids = subordinate_ids(tree, "etc/subgid", asker);
  out.map_helper = tree.exists("usr/bin/newuidmap") && tree.exists("usr/bin/newgidmap");
  return out;
}

std::optional<CgroupFacts> read_cgroup(HostTree const& tree) {
  auto const text = tree.text("proc/self/cgroup");
  if (!text) return std::nullopt;
  CgroupFacts out;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::/")) out.own = line.substr(4);
  }
  out.unified = tree.exists("sys/fs/cgroup/cgroup.controllers");
  if (!out.unified) return out;
  std::string const folder = "sys/fs/cgroup/" + out.own;
  out.controllers = words(tree.line(folder + "/cgroup.controllers").value_or(""));
  out.delegated = ::access(tree.path(folder + "/cgroup.procs").c_str(), W_OK) == 0;
  return out;
}

std::optional<std::uint64_t> memory_available(HostTree const& tree) {
  std::istringstream lines(tree.text("proc/meminfo").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    auto const fields = words(line);
    if (fields.size() == 3 && fields[0] == "MemAvailable:" && fields[2] == "kB") {
      auto const kib = parse_decimal(fields[1]);
      return kib ? std::optional(*kib / 1024) : std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<std::string> container_kind(HostTree const& tree) {
  if (auto const named = tree.line("run/systemd/container")) return for_display(*named, 40);
  if (tree.exists(".dockerenv")) return "docker";
  if (tree.exists("run/.containerenv")) return "podman";
  return std::nullopt;
}

std::optional<std::string> xen_role(HostTree const& tree) {
  if (tree.line("sys/hypervisor/type") != "xen") return std::nullopt;
  return tree.line("proc/xen/capabilities").value_or("").find("control_d") != std::string::npos ? "dom0" : "domU";
}

std::optional<bool> power_meter_open(HostTree const& tree) {
  std::optional<bool> open;
  std::string const folder = "sys/class/powercap";
  for (auto const& zone : tree.names(folder).value_or(std::vector<std::string>())) {
    if (auto const mode = tree.mode(folder + "/" + zone + "/energy_uj")) open = open.value_or(false) || (*mode & kReadableByAll) != 0;
  }
  return open;
}

KvmFacts read_kvm(HostTree const& tree) {
  KvmFacts out;
  auto const mode = tree.mode("dev/kvm");
  out.present = mode.has_value();
  out.accessible = out.present && ::access(tree.path("dev/kvm").c_str(), R_OK | W_OK) == 0;
  out.open_to_all = mode && (*mode & kWritableByAll) != 0;
  return out;
}

bool has_device_mapper(HostTree const& tree) { return tree.text("proc/misc").value_or("").find(" device-mapper\n") != std::string::npos; }

std::optional<bool> has_dm_thin(HostTree const& tree, HostFacts const& facts) {
  if (tree.exists("sys/module/dm_thin_pool")) return true;
  if (!facts.kernel_release) return std::nullopt;
  std::string const modules = "lib/modules/" + *facts.kernel_release + "/";
  for (char const* list : {"modules.dep", "modules.builtin"}) {
    auto const text = tree.text(modules + list);
    if (text && text->find("/dm-thin-pool.ko") != std::string::npos) return true;
  }
  return false;
}

}  // namespace

Asker this_process() {
  Asker asker;
  asker.uid = ::geteuid();
  if (struct passwd const* const entry = ::getpwuid(asker.uid)) asker.user = entry->pw_name;
  unsigned long cookie = 0;
  // ENODEV: no SMT, hence nothing to schedule apart; EINVAL: a kernel without it.
  int const answer = ::prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, PR_SCHED_CORE_SCOPE_THREAD, &cookie);
  asker.core_scheduling = answer == 0 || errno == ENODEV;
  return asker;
}

void read_system(HostTree const& tree, Asker const& asker, HostFacts& facts) {
  facts.root = asker.uid == 0;
  facts.core_scheduling = asker.core_scheduling;
  facts.kernel_release = tree.line("proc/sys/kernel/osrelease");
  facts.kernel_arguments = tree.line("proc/cmdline");
  facts.ksm_run = tree.number("sys/kernel/mm/ksm/run");
  facts.ksm_pages_shared = tree.number("sys/kernel/mm/ksm/pages_shared");
  // A kernel without it cannot merge.
  if (!facts.ksm_run && tree.exists("sys/kernel/mm") && !tree.exists("sys/kernel/mm/ksm")) facts.ksm_run = 0;
  facts.swap = read_swap(tree);
  if (auto const groups = tree.names("sys/kernel/iommu_groups")) facts.iommu_groups = groups->size();
  else if (tree.exists("sys/kernel")) facts.iommu_groups = 0;
  facts.core_pattern = tree.line("proc/sys/kernel/core_pattern");
  facts.power_meter_open = power_meter_open(tree);
  facts.clocksource = tree.line("sys/devices/system/clocksource/clocksource0/current_clocksource");
  facts.ptrace_scope = tree.number("proc/sys/kernel/yama/ptrace_scope");
  facts.memory_available_mib = memory_available(tree);
  facts.container = container_kind(tree);
  facts.product = tree.line("sys/class/dmi/id/product_name");
  facts.xen = xen_role(tree);
  facts.kvm = read_kvm(tree);
  facts.user_namespaces = read_user_namespaces(tree, asker);
  facts.cgroup = read_cgroup(tree);
  facts.device_mapper = has_device_mapper(tree);
  facts.dm_thin = has_dm_thin(tree, facts);
}

HostFacts read_host_facts(std::filesystem::path const& root, Asker const& asker) {
  HostTree const tree(root);
  HostFacts facts;
  read_processor(tree, facts);
  read_microcode(tree, facts);
  read_system(tree, asker, facts);
  return facts;
}

}  // namespace bh::host
