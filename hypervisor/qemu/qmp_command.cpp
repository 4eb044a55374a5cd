#include "hypervisor/qemu/qmp_command.h"

#include <nlohmann/json.hpp>

#include "hypervisor/qemu/wire_id.h"

namespace bh::qemu {

using nlohmann::json;

std::string to_line(QmpCommand const& command, std::uint64_t id) {
  json line{{"execute", command.name}, {"id", id}};
  if (!command.arguments.empty()) line["arguments"] = json::parse(command.arguments);
  return line.dump() + "\n";
}

namespace command {

namespace {

QmpCommand with(char const* name, json const& arguments) { return QmpCommand{name, arguments.dump(), nullptr}; }
std::string net_id(machine::WireSlot slot) { return "net" + std::to_string(slot.value()); }

}  // namespace

std::string card_id(machine::WireSlot slot) { return "card" + std::to_string(slot.value()); }

QmpCommand plain(char const* name) { return QmpCommand{name, "", nullptr}; }

QmpCommand get_fd(std::string const& name, std::shared_ptr<UniqueFd const> descriptor) {
  QmpCommand command = with("getfd", {{"fdname", name}});
  command.attached = std::move(descriptor);
  return command;
}

QmpCommand close_fd(std::string const& name) { return with("closefd", {{"fdname", name}}); }

QmpCommand migration_capabilities() {
  json capabilities = json::array();
  for (char const* name : {"x-ignore-shared", "events"}) capabilities.push_back(json{{"capability", name}, {"state", true}});
  return with("migrate-set-capabilities", {{"capabilities", capabilities}});
}

QmpCommand migrate_to(std::string const& fd_name) { return with("migrate", {{"uri", "fd:" + fd_name}}); }
QmpCommand migrate_from(int inherited_fd) { return with("migrate-incoming", {{"uri", "fd:" + std::to_string(inherited_fd)}}); }
QmpCommand block_resize(std::string const& node, ByteCount size) { return with("block_resize", {{"node-name", node}, {"size", size.value()}}); }
QmpCommand balloon(machine::Mebibytes size) { return with("balloon", {{"value", mebibytes(size.value()).value()}}); }

QmpCommand add_net(machine::WireSlot slot, std::string const& fd_name) {
  return with("netdev_add", {{"type", "dgram"}, {"id", net_id(slot)}, {"local", {{"type", "fd"}, {"str", fd_name}}}});
}
QmpCommand remove_net(machine::WireSlot slot) { return with("netdev_del", {{"id", net_id(slot)}}); }

QmpCommand add_card(machine::WireSlot slot, machine::MacAddress const& address) {
  // No option ROM: nobody boots from a card, and the jail has no such file.
  return with("device_add", {{"driver", "virtio-net-pci"}, {"id", card_id(slot)}, {"bus", wire_id(slot)}, {"netdev", net_id(slot)},
                             {"mac", to_string(address)}, {"romfile", ""}, {"disable-legacy", "on"}});
}
QmpCommand remove_card(machine::WireSlot slot) { return with("device_del", {{"id", card_id(slot)}}); }

}  // namespace command
}  // namespace bh::qemu
