// Where a qube's memory could leak to: merged pages, swap, core files, counters, devices.
#include "base/display_text.h"
#include "hypervisor/host/judge.h"

namespace bh::host {

namespace {

Finding isolation(char const* id, Level level, std::string what, std::string to_do = "") { return {id, Group::isolation, level, std::move(what), std::move(to_do)}; }

Finding ksm(HostFacts const& facts) {
  char const* const kId = "ksm";
  if (!facts.ksm_run) return isolation(kId, Level::unknown, "it cannot be learned whether the kernel merges equal pages");
  if (*facts.ksm_run != 1) return isolation(kId, Level::ok, "the kernel merges no pages");
  std::string const shared = facts.ksm_pages_shared ? std::to_string(*facts.ksm_pages_shared) + " pages shared now" : "how many is not known";
  return isolation(kId, Level::weaker, "the kernel merges equal pages (" + shared + "); qubes' memory is kept out of it, other programs' is not", "echo 2 > /sys/kernel/mm/ksm/run, and stop ksmtuned");
}

Finding swap(HostFacts const& facts) {
  char const* const kId = "swap";
  if (!facts.swap) return isolation(kId, Level::unknown, "/proc/swaps cannot be read");
  std::string plain;
  for (auto const& area : *facts.swap) {
    if (area.kind == SwapArea::Kind::plain || area.kind == SwapArea::Kind::file) plain += (plain.empty() ? "" : ", ") + area.name;
  }
  if (!plain.empty()) {
    return isolation(kId, Level::weaker, "what qubes hold in memory may be written to " + plain + ", which is not known to be encrypted", "swapoff it, use zram, or a swap device in dm-crypt with a random key");
  }
  return isolation(kId, Level::ok, facts.swap->empty() ? "none" : "encrypted, or compressed in memory");
}

Finding core_files(HostFacts const& facts) {
  char const* const kId = "core-files";
  if (!facts.core_pattern) return isolation(kId, Level::unknown, "/proc/sys/kernel/core_pattern cannot be read");
  bool const collector = facts.core_pattern->starts_with("|") && *facts.core_pattern != "|/bin/false";
  // A limit of 0 keeps core files from being written; a collector is started whatever the limit.
  if (!collector) return isolation(kId, Level::ok, "none is written of qubes' processes (limit 0)");
  return isolation(kId, Level::weaker, "crashes are handed to " + for_display(facts.core_pattern->substr(1, facts.core_pattern->find(' ') - 1), 80) + "; a qube's memory is left out, its QEMU's own is not",
                   "in coredump.conf: Storage=none, ProcessSizeMax=0");
}

Finding power_meter(HostFacts const& facts) {
  char const* const kId = "power-meter";
  if (!facts.power_meter_open) return isolation(kId, Level::ok, "no energy counters");
  if (!*facts.power_meter_open) return isolation(kId, Level::ok, "energy counters are for root alone");
  return isolation(kId, Level::weaker, "any user may read the processor's energy counters, which tell of keys in use", "chmod 400 /sys/class/powercap/*/energy_uj, at every boot");
}

Finding iommu(HostFacts const& facts) {
  char const* const kId = "iommu";
  if (!facts.iommu_groups) return isolation(kId, Level::unknown, "the kernel's IOMMU groups cannot be read");
  if (*facts.iommu_groups > 0) return isolation(kId, Level::ok, std::to_string(*facts.iommu_groups) + " groups");
  return isolation(kId, Level::weaker, "none in use: a hostile device can read all memory, and none can be given to a qube", "switch on VT-d or AMD-Vi in the firmware; boot with intel_iommu=on on older kernels");
}

Finding ptrace(HostFacts const& facts) {
  char const* const kId = "ptrace";
  if (facts.ptrace_scope.value_or(0) > 0) return isolation(kId, Level::ok, "programs may not look into others of the same user");
  return isolation(kId, Level::weaker, "any program may look into every other of the same user, in user mode also into qubes", "sysctl kernel.yama.ptrace_scope=1");
}

Finding memory(HostFacts const& facts) {
  constexpr std::uint64_t kOneQube = 528;
  constexpr std::uint64_t kTwoQubes = 1100;
  if (!facts.memory_available_mib) return {"memory", Group::machines, Level::unknown, "/proc/meminfo does not say how much is available", ""};
  std::string const what = std::to_string(*facts.memory_available_mib) + " MiB available; a qube takes its memory property and about 128 MiB";
  if (*facts.memory_available_mib < kOneQube) return {"memory", Group::machines, Level::broken, what + "; none can start", "close programs or shut down qubes"};
  if (*facts.memory_available_mib < kTwoQubes) return {"memory", Group::machines, Level::weaker, what + "; two will not fit", "close programs or shut down qubes"};
  return {"memory", Group::machines, Level::ok, what, ""};
}

}  // namespace

Findings judge_memory(HostFacts const& facts) {
  return {ksm(facts), swap(facts), core_files(facts), power_meter(facts), iommu(facts), ptrace(facts), memory(facts)};
}

}  // namespace bh::host
