// A whole guest of ours (template, hub, private volume) whose network the test itself is.
#pragma once

#include <memory>
#include <optional>

#include "base/child_process.h"
#include "base/temp_dir.h"
#include "hypervisor/network/addressing.h"
#include "hypervisor/network/wire.h"
#include "tests/integration/hypervisor/qemu/guest.h"

namespace bh::network::test {

inline constexpr Ipv4Address kGuestAddress{{10, 137, 0, 7}};
inline constexpr Ipv4Address kGatewayAddress{{10, 137, 0, 2}};

class WiredGuest {
 public:
  static Result<std::unique_ptr<WiredGuest>> start(volumes::TemplateImage const& image);
  ~WiredGuest();
  WiredGuest(WiredGuest const&) = delete;
  WiredGuest& operator=(WiredGuest const&) = delete;

  [[nodiscard]] machine::Machine& machine() { return *machine_; }
  // A card in the slot; the far end of its wire.
  Result<UniqueFd> plug(machine::WireSlot slot);
  [[nodiscard]] std::string console() const;
  [[nodiscard]] bool alive() const;

 private:
  explicit WiredGuest(TempDir temp) : temp_(std::move(temp)) {}
  TempDir temp_;
  machine::MachineSpec spec_;
  qemu::QemuVmm vmm_{qemu::test::built_jail()};
  std::unique_ptr<machine::Machine> machine_;
  std::optional<ChildProcess> hub_;
  std::optional<ChildProcess> qrexec_daemon_;
};

// The guest's card answers for its address within the time.
[[nodiscard]] std::optional<machine::MacAddress> ask_for_guest(UniqueFd const& wire, std::chrono::seconds limit);

}  // namespace bh::network::test
