#include "tests/integration/hypervisor/network/wired_guest.h"

#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>

#include "hypervisor/network/guest_facts.h"
#include "hypervisor/volumes/private_volume.h"
#include "tests/integration/hypervisor/network/frames.h"

namespace bh::network::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

Result<std::unique_ptr<WiredGuest>> WiredGuest::start(volumes::TemplateImage const& image) {
  BH_TRY(temp, TempDir::create("bh-wire"));
  std::unique_ptr<WiredGuest> guest(new WiredGuest(std::move(temp)));
  fs::path const folder = guest->temp_.path();
  fs::create_directories(folder / "vchan");
  auto& spec = guest->spec_ = qemu::test::spec_in(guest->temp_, image);
  spec.name = "wired";
  spec.cmdline = image.cmdline;
  spec.root_image = image.root;
  spec.memory = machine::Mebibytes(400);
  spec.wires = machine::WireCount(2);
  BH_CHECK(volumes::create_private_volume(folder / "volumes"));
  spec.private_volume = volumes::private_volume(folder / "volumes");
  std::string facts = "QUBE_NAME=wired\nQUBE_TYPE=AppVM\nVCHAN_DOMAIN=7\nQUBE_DOMAIN=7\nVCHAN_SOCKET_DIR=/run/bulkhead/vchan\nDEFAULT_USER=user\nKEYBOARD_LAYOUT=us++\nGUI_TRANSPORT=window-memory\n";
  for (auto const& [key, value] : guest_facts({kGuestAddress, kGatewayAddress, true})) facts += key + "=" + value + "\n";
  BH_CHECK(write_file_atomically(folder / "guest.env", facts, 0600));
  BH_TRY(machine, guest->vmm_.start(spec));
  guest->machine_ = std::move(machine);
  BH_CHECK(machine::wait_for_event<machine::MachineUp>(*guest->machine_, qemu::test::in_time()));
  char const* const named = std::getenv("BH_BIN");
  std::string const bin = named != nullptr ? named : "build/bin";
  SpawnOptions hub{.argv = {bin + "/bulkhead-hub", "host", "--port-socket", machine::mux_socket(spec.run_folder).string(), "--domain", "7",
                            "--vchan-dir", (folder / "vchan").string(), "--guest-env", (folder / "guest.env").string()},
                   .die_with_parent = true};
  BH_TRY(child, ChildProcess::spawn(hub));
  guest->hub_ = std::move(child);
  // The guest's udev, which sets cards up, waits until its agent has been greeted.
  SpawnOptions daemon{.argv = {bin + "/qrexec-daemon", "--direct", "--uuid=" + spec.uuid, "--socket-dir=" + folder.string(), "--policy-program=/bin/false", "7", "wired", "user"},
                      .environment = {{"VCHAN_DOMAIN", "0"}, {"VCHAN_SOCKET_DIR", (folder / "vchan").string()}, {"QREXEC_STARTUP_TIMEOUT", "300"}},
                      .die_with_parent = true};
  BH_TRY(greeter, ChildProcess::spawn(daemon));
  guest->qrexec_daemon_ = std::move(greeter);
  return guest;
}

WiredGuest::~WiredGuest() {
  if (machine_) qemu::test::Killed const at_last(*machine_);
  for (auto* const child : {&hub_, &qrexec_daemon_}) {
    if (*child) (void)(*child)->terminate(2s);
  }
}

Result<UniqueFd> WiredGuest::plug(machine::WireSlot slot) {
  BH_TRY(wire, make_wire());
  BH_CHECK(machine_->attach_wire(slot, std::move(wire.client_end), slot.value() == 0 ? default_mac() : far_mac(kGatewayAddress)));
  BH_TRY(attached, machine::wait_for_event<machine::WireAttached>(*machine_, qemu::test::in_time()));
  if (attached.slot != slot) return Failure{Error{"another card than ours was attached", 0}};
  return std::move(wire.netvm_end);
}

std::string WiredGuest::console() const { return read_file(machine::console_log(spec_.run_folder), 1 << 22).value_or(""); }
bool WiredGuest::alive() const { return ::kill(machine_->pid(), 0) == 0; }

std::optional<machine::MacAddress> ask_for_guest(UniqueFd const& wire, std::chrono::seconds limit) {
  Bytes const question = arp_request(far_mac(kGuestAddress), kGatewayAddress, kGuestAddress);
  std::array<std::byte, 70000> buffer;
  for (Deadline const deadline = Clock::now() + limit; Clock::now() < deadline;) {
    // A full wire is a guest that is busy: asked again a moment later.
    [[maybe_unused]] auto const sent = ::send(wire.borrow(), question.data(), question.size(), MSG_DONTWAIT);
    for (Deadline const next = std::min(deadline, Clock::now() + 500ms); Clock::now() < next;) {
      auto const readable = wait_for(wire, POLLIN, next);
      if (!readable || !*readable) break;
      auto const got = ::recv(wire.borrow(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got <= 0) break;
      if (auto const who = arp_answer(ByteSpan(buffer).first(static_cast<std::size_t>(got)), kGuestAddress)) return who;
    }
  }
  return std::nullopt;
}

}  // namespace bh::network::test
