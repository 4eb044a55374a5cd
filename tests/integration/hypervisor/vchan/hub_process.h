// A qube as far as vchans go: its folder, its hub and dom0's hub for it, with a PortRelay between them.
#pragma once

#include <memory>
#include <optional>

#include "base/child_process.h"
#include "hypervisor/vchan/domain.h"
#include "port_relay.h"

namespace bh::test {

class FakeQube {
 public:
  // dom0's vchan folder is shared by all qubes of a test.
  FakeQube(std::filesystem::path const& root, std::filesystem::path dom0_folder, DomainId domain);
  ~FakeQube();
  FakeQube(FakeQube const&) = delete;
  FakeQube& operator=(FakeQube const&) = delete;

  void start_host_hub();
  void start_guest_hub();
  void kill_host_hub();
  void kill_guest_hub();
  ChildProcess& host_hub() { return *host_hub_; }
  ChildProcess& guest_hub() { return *guest_hub_; }
  PortRelay& port() { return *port_; }
  void remove_port() { port_.reset(); }
  [[nodiscard]] std::filesystem::path folder() const { return root_ / "guest"; }
  [[nodiscard]] std::filesystem::path env_file() const { return root_ / "qube.env"; }
  [[nodiscard]] std::filesystem::path guest_env() const { return root_ / "guest.env"; }
  [[nodiscard]] DomainId domain() const { return domain_; }

 private:
  std::filesystem::path root_, dom0_folder_;
  DomainId domain_;
  std::unique_ptr<PortRelay> port_;
  std::optional<ChildProcess> host_hub_, guest_hub_;
};

// The folder of the programs under test: $BH_BIN.
std::filesystem::path program(std::string const& name);

}  // namespace bh::test
