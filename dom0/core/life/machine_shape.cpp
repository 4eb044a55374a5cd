#include "dom0/core/life/machine_shape.h"

#include <algorithm>

#include "dom0/core/model/property.h"

namespace bh::dom0 {

machine::MachineSpec machine_shape(Inventory const& inventory, Qube const& qube, volumes::TemplateImage const& base, machine::Accel accel,
                                   std::optional<machine::Kilohertz> tsc) {
  machine::MachineSpec spec;
  // As large as it may grow; its balloon keeps it to what it was promised where there is not enough (dom0/core/memory).
  spec.memory = machine::Mebibytes(static_cast<std::uint32_t>(std::max(number_of(inventory, qube, "memory"), number_of(inventory, qube, "maxmem"))));
  if (value_of(inventory, qube, "provides_network") == "True") spec.wires = machine::kMaxWires;
  spec.vcpus = machine::VcpuCount(static_cast<std::uint16_t>(number_of(inventory, qube, "vcpus")));
  spec.accel = accel;
  spec.tsc = tsc;
  spec.kernel = base.kernel;
  spec.initrd = base.initrd;
  spec.cmdline = base.cmdline;
  spec.root_image = base.root;
  return spec;
}

}  // namespace bh::dom0
