// A machine as bulkheadd would ask for it.
#pragma once

#include "hypervisor/xen/libxl_config.h"

namespace bh::xen {

inline machine::MachineSpec example_spec() {
  machine::MachineSpec spec;
  spec.name = "work";
  spec.uuid = "12345678-9ABC-4def-8000-00000000000a";
  spec.memory = machine::Mebibytes(400);
  spec.vcpus = machine::VcpuCount(2);
  spec.kernel = "/templates/debian/vmlinux";
  spec.initrd = "/templates/debian/initrd.img";
  spec.cmdline = "quiet";
  spec.root_image = "/templates/debian/root.img";
  spec.private_volume = "/volumes/work/private.img";
  return spec;
}

}  // namespace bh::xen
