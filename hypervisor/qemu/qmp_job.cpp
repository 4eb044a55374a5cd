#include "hypervisor/qemu/qmp_job.h"

#include "hypervisor/qemu/argv.h"
#include "hypervisor/qemu/wire_id.h"

namespace bh::qemu::job {

using namespace machine;

namespace {

QmpJob asked(Request request, std::vector<QmpCommand> commands, std::vector<MachineEvent> done = {}) {
  return QmpJob{JobKind::asked, request, std::move(commands), {}, std::move(done)};
}

}  // namespace

// These three are told by events of QEMU's own.
QmpJob pause() { return asked(Request::pause, {command::plain("stop")}); }
QmpJob resume() { return asked(Request::resume, {command::plain("cont")}); }
QmpJob press_power_button() { return asked(Request::power_button, {command::plain("system_powerdown")}); }

QmpJob resize(Volume volume, ByteCount size) { return asked(Request::resize_volume, {command::block_resize(to_string(volume), size)}, {VolumeResized{volume}}); }
QmpJob set_balloon(Mebibytes target) { return asked(Request::set_balloon, {command::balloon(target)}); }

QmpJob attach_wire(WireSlot slot, std::shared_ptr<UniqueFd const> socket, MacAddress const& address) {
  std::string const name = wire_id(slot);
  QmpJob job = asked(Request::attach_wire, {command::get_fd(name, std::move(socket)), command::add_net(slot, name), command::add_card(slot, address)}, {WireAttached{slot}});
  // Whichever of them is there.
  job.undo = {command::remove_net(slot), command::close_fd(name)};
  return job;
}

// GUARD: a guest that does not let go of its card. Were its socket closed only then, guest and netvm could keep a wire that the user took away.
QmpJob detach_wire(WireSlot slot) {
  QmpJob job = asked(Request::detach_wire, {command::remove_net(slot), command::remove_card(slot)});
  job.forgiven = 1;
  return job;
}
QmpJob release_wire(WireSlot slot) {
  QmpJob job = asked(Request::detach_wire, {command::remove_net(slot)}, {WireDetached{slot}});
  job.forgiven = 1;
  return job;
}

QmpJob save(std::shared_ptr<UniqueFd const> state) {
  return asked(Request::save, {command::plain("stop"), command::migration_capabilities(), command::get_fd("state", std::move(state)), command::migrate_to("state")});
}

QmpJob restore() {
  return QmpJob{JobKind::restore, Request::resume, {command::migration_capabilities(), command::migrate_from(child_fd::kSnapshotState)}, {}, {}};
}
QmpJob wake() { return QmpJob{JobKind::wake, Request::resume, {command::plain("cont")}, {}, {MachineRestored{}, MachineUp{}}}; }

}  // namespace bh::qemu::job
