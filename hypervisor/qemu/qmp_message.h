// One line of QMP, QEMU's control protocol, read defensively: a guest that escaped into QEMU writes what it likes here (SECURITY.md 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/untrusted.h"

namespace bh::qemu {

inline constexpr std::size_t kMaxQmpLine = 65536;  // greeting and status are below 1 KiB
inline constexpr int kMaxQmpNesting = 16;

enum class QmpFault { line_too_long, nested_too_deep, not_json, not_a_message, unexpected, half_restored };
[[nodiscard]] char const* to_string(QmpFault fault);

enum class RunState { running, paused, incoming, other };  // incoming: waits for a saved state
enum class QmpEventKind { stop, resume, shutdown, reset, panicked, disk_error, balloon, device_deleted, unplug_refused, transfer_done, transfer_failed, other };
enum class ShutdownCause { guest_shutdown, guest_reset, guest_panic, host, unknown };

struct QmpGreeting {};
struct QmpReturn {
  std::uint64_t id;
  std::optional<RunState> run_state;  // of query-status
};
struct QmpError {
  std::optional<std::uint64_t> id;
  std::string text;  // fit to be shown
};
struct QmpEvent {
  QmpEventKind kind;
  ShutdownCause cause = ShutdownCause::unknown;  // of a shutdown
  std::string subject;      // node of a disk error, device of a deletion: [A-Za-z0-9_.-], at most 64, else empty
  std::string text;         // of a disk error, fit to be shown
  bool no_space = false;    // of a disk error
  bool stopped = false;     // a disk error has paused the machine
  std::uint64_t bytes = 0;  // what the balloon leaves
};
using QmpMessage = std::variant<QmpGreeting, QmpReturn, QmpError, QmpEvent>;

// One line without its line feed.
[[nodiscard]] Result<QmpMessage, QmpFault> parse_qmp_message(Untrusted<std::string_view> const& line);

}  // namespace bh::qemu
