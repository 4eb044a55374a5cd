// Where this domain's vchans are and which number is ours: VCHAN_SOCKET_DIR and VCHAN_DOMAIN.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "hypervisor/vchan/channel_name.h"

namespace bh::qrexec {

struct VchanPlace {
  std::filesystem::path folder;
  DomainId own;

  // dom0: number 0 and the folder of Paths where the environment does not say otherwise.
  static Result<VchanPlace> of_dom0();
  // A guest: what the environment lacks is looked up in /run/bulkhead/qube.env, which the guest's hub writes; without either, an error.
  static Result<VchanPlace> of_guest();
};

}  // namespace bh::qrexec
