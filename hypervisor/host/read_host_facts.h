// Gathers HostFacts from the files the kernel and the system show. Nothing is started and nothing is changed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "hypervisor/host/host_facts.h"
#include "hypervisor/host/host_tree.h"

namespace bh::host {

// Who asks; what cannot be read from files.
struct Asker {
  unsigned uid = 0;
  std::string user;  // name in /etc/subuid; empty: only the number counts
  std::optional<bool> core_scheduling;
};
// Of this process.
[[nodiscard]] Asker this_process();

// `root` is "/" or a tree of a test.
[[nodiscard]] HostFacts read_host_facts(std::filesystem::path const& root, Asker const& asker);
// The processor's part alone, quick enough for every start of a qube.
[[nodiscard]] HostFacts read_cpu_facts(std::filesystem::path const& root);

// Parts, each for one subject; in read_cpu_facts.cpp and read_system_facts.cpp.
void read_processor(HostTree const& tree, HostFacts& facts);
void read_microcode(HostTree const& tree, HostFacts& facts);
void read_system(HostTree const& tree, Asker const& asker, HostFacts& facts);

}  // namespace bh::host
