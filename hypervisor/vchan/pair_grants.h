// PairGrants: dom0's word that two qubes may have one channel. GUARD: two colluding qubes, one of which serves a vchan for the other
// without a call that the policy allowed. The qrexec-daemon of the qube that connects gives a grant when it reserves the port of an
// allowed call and takes it back when the call has ended; a dom0 hub shows its qube another qube's server only while it is there.
// A grant is an empty file "grant.SERVER.CLIENT.PORT" in dom0's vchan folder, which no qube can write to.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "hypervisor/vchan/channel_name.h"

namespace bh::vchan {

class PairGrants {
 public:
  // All grants of channels to which `client` connects; what an earlier daemon of that qube left is taken back.
  PairGrants(std::filesystem::path directory, DomainId client);
  PairGrants(PairGrants const&) = delete;
  PairGrants& operator=(PairGrants const&) = delete;
  ~PairGrants() { take_all_back(); }

  Result<void> give(DomainId server, Port port);
  // Harmless if there is none.
  void take_back(DomainId server, Port port);

 private:
  void take_all_back();
  std::filesystem::path directory_;
  DomainId client_;
};

// Whether a qube may be shown this server of another qube.
[[nodiscard]] bool pair_granted(std::filesystem::path const& directory, ChannelName const& name);

}  // namespace bh::vchan
