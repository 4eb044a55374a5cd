#include "gui-daemon/protocol/message_type.h"

#include <algorithm>
#include <array>

#include "gui-daemon/protocol/limits.h"

namespace bh::gui {
namespace {

enum class Way { to_daemon, to_agent, both };

struct Row {
  MessageType type;
  Way way;
  BodyRule body;
  std::string_view name;
};

constexpr BodyRule exactly(std::uint32_t size) { return {size, size}; }

using enum MessageType;
constexpr std::array kTable{
    Row{keypress, Way::to_agent, exactly(20), "KEYPRESS"},
    Row{button, Way::to_agent, exactly(20), "BUTTON"},
    Row{motion, Way::to_agent, exactly(16), "MOTION"},
    Row{crossing, Way::to_agent, exactly(28), "CROSSING"},
    Row{focus, Way::to_agent, exactly(12), "FOCUS"},
    Row{create, Way::to_daemon, exactly(24), "CREATE"},
    Row{destroy, Way::both, exactly(0), "DESTROY"},
    Row{map, Way::both, exactly(8), "MAP"},
    Row{unmap, Way::to_daemon, exactly(0), "UNMAP"},
    Row{configure, Way::both, exactly(20), "CONFIGURE"},
    // Known, so that the refusal can say what it was; its body is never read (mfn_dump maps any page of the host).
    Row{mfn_dump, Way::to_daemon, {28, 28 + 4 * kMaxGrants}, "MFNDUMP"},
    Row{shm_image, Way::to_daemon, exactly(16), "SHMIMAGE"},
    Row{close, Way::to_agent, exactly(0), "CLOSE"},
    Row{clipboard_request, Way::to_agent, exactly(0), "CLIPBOARD_REQ"},
    Row{clipboard_data, Way::both, {0, kMaxClipboard}, "CLIPBOARD_DATA"},
    Row{window_name, Way::to_daemon, exactly(128), "WMNAME"},
    Row{keymap_notify, Way::to_agent, exactly(32), "KEYMAP_NOTIFY"},
    Row{dock, Way::to_daemon, exactly(0), "DOCK"},
    Row{window_hints, Way::to_daemon, exactly(36), "WINDOW_HINTS"},
    Row{window_flags, Way::both, exactly(8), "WINDOW_FLAGS"},
    Row{window_class, Way::to_daemon, exactly(128), "WMCLASS"},
    Row{window_dump, Way::to_daemon, {kDumpHeaderSize, kMaxDumpBody}, "WINDOW_DUMP"},
    Row{cursor, Way::to_daemon, exactly(4), "CURSOR"},
    Row{window_dump_ack, Way::to_agent, exactly(0), "WINDOW_DUMP_ACK"},
    Row{buffer_release, Way::to_agent, exactly(8), "BUFFER_RELEASE"},
    Row{frame_done, Way::to_agent, exactly(4), "FRAME_DONE"},
    Row{keymap_names, Way::to_agent, {3, kMaxKeymapNames}, "KEYMAP_NAMES"},
};

Row const* find(std::uint32_t type) {
  auto const row = std::ranges::find_if(kTable, [&](Row const& r) { return static_cast<std::uint32_t>(r.type) == type; });
  return row == kTable.end() ? nullptr : &*row;
}

}  // namespace

std::optional<BodyRule> body_rule(std::uint32_t type, Direction direction) {
  Row const* const row = find(type);
  if (row == nullptr) return std::nullopt;
  Way const wanted = direction == Direction::to_daemon ? Way::to_daemon : Way::to_agent;
  if (row->way != Way::both && row->way != wanted) return std::nullopt;
  return row->body;
}

std::string_view name_of(MessageType type) {
  Row const* const row = find(static_cast<std::uint32_t>(type));
  return row == nullptr ? "unknown" : row->name;
}

}  // namespace bh::gui
