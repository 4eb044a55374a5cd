// HostFacts: what is known of the machine that qubes run on, as plain values. A fact that could not be learned is nullopt, never a guess:
// whoever judges it counts it as not ok.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bh::host {

struct CpuFacts {
  std::string vendor;  // "GenuineIntel", "AuthenticAMD"
  std::string model_name;
  std::uint32_t family = 0;
  std::uint32_t model = 0;
  std::uint32_t stepping = 0;
  std::optional<std::uint64_t> microcode;  // revision that is loaded
  bool hypervisor = false;                 // somebody else's virtual machine
  bool vmx = false;
  bool svm = false;
  bool constant_tsc = false;
  bool nonstop_tsc = false;
};

enum class Smt { absent, on, off };

struct SwapArea {
  std::string name;
  enum class Kind { plain, encrypted, compressed_memory, file } kind = Kind::plain;
};

struct KvmFacts {
  bool present = false;     // /dev/kvm is there
  bool accessible = false;  // and may be opened by whoever asks
  bool open_to_all = false;
};

struct UserNamespaces {
  std::optional<std::uint64_t> max;         // user.max_user_namespaces
  std::optional<bool> unprivileged;         // Debian's switch; nullopt: this kernel has none, so they are allowed
  std::optional<bool> restricted_by_label;  // AppArmor lets only named programs make them; nullopt: no such restriction
  std::uint64_t subordinate_uids = 0;       // that /etc/subuid gives to the user
  std::uint64_t subordinate_gids = 0;
  bool map_helper = false;                  // newuidmap and newgidmap are installed
};

struct CgroupFacts {
  bool unified = false;                  // cgroup v2 holds the controllers
  std::string own;                       // this process's group
  std::vector<std::string> controllers;  // usable in it
  bool delegated = false;                // this process may make groups in it
};

struct MicrocodeFacts {
  bool files_installed = false;               // the distribution's microcode package
  std::optional<std::uint64_t> newest;        // revision there for this very processor
};

struct HostFacts {
  bool root = false;  // who asks is root
  std::optional<CpuFacts> cpu;
  std::map<std::string, std::string> vulnerabilities;  // file name -> content; empty: the kernel tells nothing
  std::optional<Smt> smt;
  std::optional<bool> core_scheduling;  // the kernel can keep two VMs off one core
  std::optional<MicrocodeFacts> microcode;
  std::optional<std::string> kernel_release;
  std::optional<std::string> kernel_arguments;
  std::optional<std::uint64_t> ksm_run;  // 0 off, 1 merging, 2 off and unmerged
  std::optional<std::uint64_t> ksm_pages_shared;
  std::optional<std::vector<SwapArea>> swap;
  std::optional<std::uint64_t> iommu_groups;
  std::optional<std::string> core_pattern;
  std::optional<bool> power_meter_open;  // energy counters that any user may read; nullopt: there are none
  std::optional<std::string> clocksource;
  std::optional<std::uint64_t> ptrace_scope;  // Yama; nullopt: a kernel without it
  std::optional<std::uint64_t> memory_available_mib;
  std::optional<std::string> container;     // its kind, if we are in one
  std::optional<std::string> product;       // the firmware's name of this machine
  std::optional<std::string> xen;           // "dom0", "domU"
  KvmFacts kvm;
  UserNamespaces user_namespaces;
  std::optional<CgroupFacts> cgroup;
  bool device_mapper = false;
  std::optional<bool> dm_thin;  // the target is loaded or can be
};

}  // namespace bh::host
