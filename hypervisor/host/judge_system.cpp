// What machines are run with: namespaces, groups, the clock, device-mapper.
#include <algorithm>

#include "base/display_text.h"
#include "hypervisor/host/judge.h"

namespace bh::host {

namespace {

constexpr std::uint64_t kEnoughIds = 65536;

Finding machines(char const* id, Level level, std::string what, std::string to_do = "") { return {id, Group::machines, level, std::move(what), std::move(to_do)}; }

Finding clock(HostFacts const& facts) {
  char const* const kId = "clock";
  if (!facts.clocksource) return machines(kId, Level::unknown, "the kernel's clock source cannot be read");
  std::string const name = for_display(*facts.clocksource, 30);
  if (name != "tsc" && name != "kvm-clock") return machines(kId, Level::weaker, "the host keeps time by " + name + ", because its processor's counter is not to be trusted; guests' clocks will be slow and may jump", "look at dmesg | grep -i tsc");
  if (facts.cpu && !facts.cpu->constant_tsc) return machines(kId, Level::weaker, name + ", of a processor that does not promise a constant rate");
  return machines(kId, Level::ok, name);
}

Finding user_namespaces(HostFacts const& facts) {
  char const* const kId = "user-namespaces";
  UserNamespaces const& ns = facts.user_namespaces;
  if (facts.root) return machines(kId, Level::ok, "not needed: qubes get user ids of their own");
  if (!ns.max) return machines(kId, Level::unknown, "it cannot be learned whether users may make namespaces");
  std::string const cost = "; without them a qube's QEMU cannot be shut in by this user";
  if (*ns.max == 0) return machines(kId, Level::broken, "the kernel allows none" + cost, "sysctl user.max_user_namespaces=10000, or install for system mode");
  if (ns.unprivileged == false) return machines(kId, Level::broken, "only root may make them" + cost, "sysctl kernel.unprivileged_userns_clone=1, or install for system mode");
  if (ns.restricted_by_label.value_or(false)) return machines(kId, Level::broken, "AppArmor lets only named programs make them" + cost, "install for system mode, or sysctl kernel.apparmor_restrict_unprivileged_userns=0");
  return machines(kId, Level::ok, "this user may make them");
}

Finding subordinate_ids(HostFacts const& facts) {
  char const* const kId = "subordinate-ids";
  UserNamespaces const& ns = facts.user_namespaces;
  if (facts.root) return machines(kId, Level::ok, "not needed: qubes get user ids of their own");
  std::uint64_t const ids = std::min(ns.subordinate_uids, ns.subordinate_gids);
  std::string const lead = "qubes then all run with this user's own id; ";
  if (ids < kEnoughIds) return machines(kId, Level::weaker, "this user has " + std::to_string(ids) + " of 65536 subordinate ids: " + lead + "one that breaks out could signal another", "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER");
  if (!ns.map_helper) return machines(kId, Level::weaker, "newuidmap is not installed: " + lead + "one that breaks out could signal another", "apt install uidmap");
  return machines(kId, Level::ok, std::to_string(ids));
}

Finding cgroups(HostFacts const& facts) {
  char const* const kId = "cgroups";
  if (!facts.cgroup) return machines(kId, Level::unknown, "/proc/self/cgroup cannot be read");
  CgroupFacts const& group = *facts.cgroup;
  std::string const cost = "; a qube's processes have no limit of memory or number";
  if (!group.unified) return machines(kId, Level::weaker, "no cgroup v2" + cost, "boot with systemd.unified_cgroup_hierarchy=1");
  std::string missing;
  for (char const* wanted : {"cpu", "memory", "pids"}) {
    if (std::find(group.controllers.begin(), group.controllers.end(), wanted) == group.controllers.end()) missing += (missing.empty() ? "" : ", ") + std::string(wanted);
  }
  if (!missing.empty()) return machines(kId, Level::weaker, "this group lacks " + missing + cost, "start Bulkhead by systemd, with Delegate=yes");
  if (!group.delegated) return machines(kId, Level::weaker, "this process may not make groups of its own" + cost, "start Bulkhead by systemd, with Delegate=yes");
  return machines(kId, Level::ok, "cpu, memory and pids can be limited");
}

Finding thin_volumes(HostFacts const& facts) {
  bool const thin = facts.device_mapper && facts.dm_thin.value_or(false);
  if (thin) return {"dm-thin", Group::storage, Level::ok, "pools of the kind lvm_thin can be made", ""};
  return {"dm-thin", Group::storage, Level::weaker, std::string(facts.device_mapper ? "the kernel has no thin volumes" : "the kernel has no device-mapper") + ": pools of the kind file only", "modprobe dm_thin_pool"};
}

}  // namespace

Findings judge_system(HostFacts const& facts) {
  return {clock(facts), user_namespaces(facts), subordinate_ids(facts), cgroups(facts), thin_volumes(facts)};
}

Findings judge(HostFacts const& facts) {
  Findings all = judge_processor(facts);
  for (auto const& part : {judge_memory(facts), judge_system(facts)}) all.insert(all.end(), part.begin(), part.end());
  return all;
}

char const* to_string(Level level) {
  switch (level) {
    case Level::ok: return "ok";
    case Level::weaker: return "weaker";
    case Level::broken: return "broken";
    case Level::unknown: return "unknown";
  }
  return "unknown";
}

char const* to_string(Group group) {
  switch (group) {
    case Group::bulkhead: return "bulkhead";
    case Group::isolation: return "isolation";
    case Group::machines: return "machines";
    case Group::storage: return "storage";
    case Group::display: return "display";
  }
  return "bulkhead";
}

}  // namespace bh::host
