// The processor, its siblings, its microcode, and who else is above us.
#include <array>
#include <cstdio>

#include "base/display_text.h"
#include "hypervisor/host/cpu_vulnerability.h"
#include "hypervisor/host/host_gate.h"
#include "hypervisor/host/judge.h"

namespace bh::host {

namespace {

Finding isolation(char const* id, Level level, std::string what, std::string to_do = "") { return {id, Group::isolation, level, std::move(what), std::move(to_do)}; }

Finding vulnerabilities(HostFacts const& facts) {
  char const* const kId = "cpu-vulnerabilities";
  if (facts.vulnerabilities.empty()) return isolation(kId, Level::unknown, "the kernel tells nothing of the processor's flaws", "use a kernel of Debian 12 or newer");
  CpuJudgement const judged = judge_cpu(facts);
  std::string const update = "install microcode and kernel updates; boot with mitigations=auto,nosmt";
  if (!judged.vulnerable.empty()) return isolation(kId, Level::broken, "one qube may read another's memory; vulnerable: " + judged.vulnerable + (judged.unknown.empty() ? "" : "; not known: " + judged.unknown), update);
  if (!judged.unknown.empty()) return isolation(kId, Level::unknown, "not known to be safe: " + judged.unknown, "update the kernel; if it is new, this version of doctor may not know its words yet");
  if (!judged.needs_no_smt.empty()) return isolation(kId, Level::broken, "safe only without SMT: " + judged.needs_no_smt, "switch SMT off: boot with mitigations=auto,nosmt, or in the firmware");
  return isolation(kId, Level::ok, std::to_string(facts.vulnerabilities.size()) + " known flaws, each absent or mitigated");
}

Finding smt(HostFacts const& facts) {
  char const* const kId = "smt";
  if (!facts.smt) return isolation(kId, Level::unknown, "the kernel does not say whether SMT is on", "boot with nosmt");
  if (*facts.smt == Smt::absent) return isolation(kId, Level::ok, "the processor shows one thread a core");
  if (*facts.smt == Smt::off) return isolation(kId, Level::ok, "off");
  bool const separable = facts.core_scheduling.value_or(false);
  return isolation(kId, Level::weaker, std::string("on: two qubes may share a core and learn of each other by timing") + (separable ? "; the kernel could keep them apart (core scheduling), which this version does not use yet" : ""),
                   "boot with nosmt, as Qubes does");
}

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(number));
  return text.data();
}

bool complains_of_microcode(HostFacts const& facts) {
  for (auto const& [name, text] : facts.vulnerabilities) {
    if (tells_of_missing_microcode(text)) return true;
  }
  return false;
}

Finding microcode(HostFacts const& facts) {
  char const* const kId = "microcode";
  std::string const package = facts.cpu && facts.cpu->vendor == "AuthenticAMD" ? "amd64-microcode" : "intel-microcode";
  std::string const install = "apt install " + package + " (Debian: non-free-firmware), then restart";
  auto const old = facts.vulnerabilities.find("old_microcode");
  bool const kernel_says_old = old != facts.vulnerabilities.end() && parse_vulnerability(old->second) == Protection::vulnerable;
  if (kernel_says_old || complains_of_microcode(facts)) return isolation(kId, Level::broken, "the kernel says that the processor's microcode is too old", install);
  if (!facts.cpu || !facts.cpu->microcode) return isolation(kId, Level::unknown, "the loaded revision is not known", "look at dmesg | grep microcode");
  if (facts.cpu->hypervisor) return isolation(kId, Level::weaker, "that of the machine around this one, which this one cannot see");
  std::string const loaded = "revision " + hexadecimal(*facts.cpu->microcode);
  if (!facts.microcode) return isolation(kId, Level::unknown, loaded + " of a processor maker that doctor does not know");
  if (facts.microcode->newest && *facts.microcode->newest > *facts.cpu->microcode) {
    // What happened to others: the package is there, yet the initrd is without it.
    return isolation(kId, Level::broken, loaded + " is loaded, " + hexadecimal(*facts.microcode->newest) + " is installed but not in use", "update-initramfs -u, then restart");
  }
  if (!facts.microcode->files_installed) return isolation(kId, Level::weaker, loaded + "; updates come from the firmware only", install);
  return isolation(kId, Level::ok, loaded);
}

Finding kernel_arguments(HostFacts const& facts) {
  char const* const kId = "mitigations";
  if (!facts.kernel_arguments) return isolation(kId, Level::unknown, "the kernel's command line cannot be read");
  std::string const padded = " " + *facts.kernel_arguments + " ";
  for (char const* bad : {" mitigations=off ", " nospectre_v2 ", " nopti ", " pti=off ", " l1tf=off ", " mds=off ", " kvm-intel.vmentry_l1d_flush=never ", " kvm_intel.vmentry_l1d_flush=never "}) {
    if (padded.find(bad) != std::string::npos) return isolation(kId, Level::broken, "the kernel was told" + std::string(bad) + "at boot", "take it off the kernel's command line");
  }
  return isolation(kId, Level::ok, "none is switched off at boot");
}

Finding nested(HostFacts const& facts) {
  char const* const kId = "nested";
  if (facts.container) return isolation(kId, Level::weaker, "this is a container (" + *facts.container + "): whoever runs it, and its kernel, are above every qube", "install on the machine itself");
  if (!facts.cpu) return isolation(kId, Level::unknown, "/proc/cpuinfo cannot be read");
  if (!facts.cpu->hypervisor || facts.xen == "dom0") return isolation(kId, Level::ok, "no");
  std::string const product = facts.product ? " (" + for_display(*facts.product, 60) + ")" : "";
  return isolation(kId, Level::weaker, "this host is itself a virtual machine" + product + ": whoever runs it can read every qube", "install on the machine itself");
}

Finding xen(HostFacts const& facts) {
  if (!facts.xen) return isolation("xen", Level::ok, "not under Xen");
  if (*facts.xen == "dom0") return isolation("xen", Level::weaker, "this is Xen's dom0: KVM cannot work here, and the Xen driver is not in this version", "boot without Xen");
  return isolation("xen", Level::weaker, "this is a guest of Xen");
}

Finding kvm_device(HostFacts const& facts) {
  char const* const kId = "kvm-device";
  bool const offered = facts.cpu && (facts.cpu->vmx || facts.cpu->svm);
  if (!facts.kvm.present) {
    return isolation(kId, Level::broken, offered ? "/dev/kvm is not there although the processor can" : "/dev/kvm is not there, and the processor offers no virtualisation",
                     offered ? "modprobe kvm_intel or kvm_amd" : "switch it on in the firmware (VT-x, SVM)");
  }
  if (!facts.kvm.accessible) return isolation(kId, Level::broken, "/dev/kvm may not be opened by this user", "join the group kvm: adduser USER kvm, then log in again");
  if (facts.kvm.open_to_all) return isolation(kId, Level::weaker, "/dev/kvm is open to every user", "chmod 660 /dev/kvm, group kvm");
  // That it opens proves little; the probe's answer is the finding `isolation`.
  return isolation(kId, Level::ok, "/dev/kvm can be opened");
}

}  // namespace

Findings judge_processor(HostFacts const& facts) {
  return {kvm_device(facts), nested(facts), xen(facts), vulnerabilities(facts), smt(facts), microcode(facts), kernel_arguments(facts)};
}

}  // namespace bh::host
