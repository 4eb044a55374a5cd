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

enum class QmpFault { line_too_long, nested_too_deep, not_json, not_a_message, unexpected };
[[nodiscard]] char const* to_string(QmpFault fault);

enum class RunState { running, paused, other };
enum class QmpEventKind { stop, resume, shutdown, reset, panicked, other };
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
};
using QmpMessage = std::variant<QmpGreeting, QmpReturn, QmpError, QmpEvent>;

// One line without its line feed.
[[nodiscard]] Result<QmpMessage, QmpFault> parse_qmp_message(Untrusted<std::string_view> const& line);

// {"execute":"NAME","id":N} and a line feed. `name` is a constant of ours.
[[nodiscard]] std::string qmp_command(std::string_view name, std::uint64_t id);

}  // namespace bh::qemu
