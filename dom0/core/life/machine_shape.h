// What a qube's machine is made of, apart from whose it is: the same for a snapshot and for the clones that continue it.
#pragma once

#include <optional>

#include "dom0/core/model/inventory.h"
#include "hypervisor/machine/machine_spec.h"
#include "hypervisor/volumes/template_image.h"

namespace bh::dom0 {

// Name, uuid, volumes of the qube's own, folders and logs are left to the caller.
[[nodiscard]] machine::MachineSpec machine_shape(Inventory const& inventory, Qube const& qube, volumes::TemplateImage const& base, machine::Accel accel,
                                                 std::optional<machine::Kilohertz> tsc);

}  // namespace bh::dom0
