// MachineSpec -> what libxl needs to make the same machine as a PVH domain: a pure function. The value names libxl's own fields, so that
// the driver to come copies it (libxl_fill.h) and reviewers can compare. Nothing here needs Xen, nor its headers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hypervisor/machine/machine_spec.h"

namespace bh::xen {

struct DomainDisk {
  std::string vdev;       // "xvda"
  std::string pdev_path;  // the file or block device in dom0
  bool readwrite = false;
  friend bool operator==(DomainDisk const&, DomainDisk const&) = default;
};

// c_info.type is always PVH: no device model, hence no QEMU for a guest to break out into.
struct DomainConfig {
  std::string name;
  std::string uuid;
  std::uint64_t max_memkb = 0;
  std::uint64_t target_memkb = 0;
  std::uint32_t max_vcpus = 1;
  std::string kernel;
  std::string ramdisk;
  std::string cmdline;
  std::vector<DomainDisk> disks;
  friend bool operator==(DomainConfig const&, DomainConfig const&) = default;
};

// `spec` has passed machine::check(). Refused is what Xen's driver could not do as asked: continuing a machine that QEMU saved.
[[nodiscard]] Result<DomainConfig> libxl_config(machine::MachineSpec const& spec);

// In libxl's JSON form of a domain's configuration (libxl_domain_config_from_json reads it).
[[nodiscard]] std::string libxl_json(DomainConfig const& config);

}  // namespace bh::xen
