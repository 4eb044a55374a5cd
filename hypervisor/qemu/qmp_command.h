// One command of QEMU's control protocol: what is sent, and the descriptor that goes along. All that we ever say stands in qmp_command.cpp
// and qmp_job.cpp; nothing a guest or a user wrote gets in but as a JSON string.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/byte_count.h"
#include "base/unique_fd.h"
#include "hypervisor/machine/mac_address.h"
#include "hypervisor/machine/machine_spec.h"

namespace bh::qemu {

struct QmpCommand {
  std::string name;
  std::string arguments;                     // a JSON object, or empty
  std::shared_ptr<UniqueFd const> attached;  // may be null
};

// {"execute":"NAME","arguments":{...},"id":N} and a line feed.
[[nodiscard]] std::string to_line(QmpCommand const& command, std::uint64_t id);

namespace command {

[[nodiscard]] QmpCommand plain(char const* name);  // without arguments: "stop", "cont", "query-status"...
// Gives QEMU a descriptor under a name, which another command then speaks of.
[[nodiscard]] QmpCommand get_fd(std::string const& name, std::shared_ptr<UniqueFd const> descriptor);
[[nodiscard]] QmpCommand close_fd(std::string const& name);
// Memory that is shared with a file stays out of the stream; the end of a transfer is told as an event.
[[nodiscard]] QmpCommand migration_capabilities();
[[nodiscard]] QmpCommand migrate_to(std::string const& fd_name);
[[nodiscard]] QmpCommand migrate_from(int inherited_fd);
[[nodiscard]] QmpCommand block_resize(std::string const& node, ByteCount size);
[[nodiscard]] QmpCommand balloon(machine::Mebibytes size);
// The network card of a slot, and the end of a datagram socket pair it hangs on: "wire0" -> "net0", "card0".
[[nodiscard]] QmpCommand add_net(machine::WireSlot slot, std::string const& fd_name);
[[nodiscard]] QmpCommand remove_net(machine::WireSlot slot);
[[nodiscard]] QmpCommand add_card(machine::WireSlot slot, machine::MacAddress const& address);
[[nodiscard]] QmpCommand remove_card(machine::WireSlot slot);
[[nodiscard]] std::string card_id(machine::WireSlot slot);

}  // namespace command
}  // namespace bh::qemu
