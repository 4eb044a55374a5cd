#include "hypervisor/qemu/qmp_message.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/display_text.h"
#include "hypervisor/qemu/json_depth.h"

namespace bh::qemu {

using nlohmann::json;

namespace {

std::optional<std::uint64_t> number_in(json const& object, char const* key) {
  auto const found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

std::string_view text_in(json const& object, char const* key) {
  if (!object.is_object()) return {};
  auto const found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  return found->get_ref<std::string const&>();
}

std::optional<RunState> run_state_of(json const& result) {
  std::string_view const status = text_in(result, "status");
  if (status.empty()) return std::nullopt;
  if (status == "running") return RunState::running;
  if (status == "inmigrate") return RunState::incoming;
  return status == "paused" ? RunState::paused : RunState::other;
}

QmpEventKind kind_of(std::string_view name, json const& data) {
  if (name == "STOP") return QmpEventKind::stop;
  if (name == "RESUME") return QmpEventKind::resume;
  if (name == "SHUTDOWN") return QmpEventKind::shutdown;
  if (name == "RESET") return QmpEventKind::reset;
  if (name == "GUEST_PANICKED") return QmpEventKind::panicked;
  if (name == "BLOCK_IO_ERROR") return QmpEventKind::disk_error;
  if (name == "BALLOON_CHANGE") return QmpEventKind::balloon;
  if (name == "DEVICE_DELETED") return QmpEventKind::device_deleted;
  if (name == "DEVICE_UNPLUG_GUEST_ERROR" || name == "MEM_UNPLUG_ERROR") return QmpEventKind::unplug_refused;
  if (name != "MIGRATION") return QmpEventKind::other;
  std::string_view const status = text_in(data, "status");
  if (status == "completed") return QmpEventKind::transfer_done;
  return status == "failed" || status == "cancelled" ? QmpEventKind::transfer_failed : QmpEventKind::other;
}

// GUARD: a name is compared with ours, never shown; whatever is not of that form is no name.
std::string name_in(json const& object, char const* key) {
  std::string_view const text = text_in(object, key);
  auto const allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return text.size() <= 64 && std::all_of(text.begin(), text.end(), allowed) ? std::string(text) : "";
}

bool truth_in(json const& object, char const* key) {
  if (!object.is_object()) return false;
  auto const found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

ShutdownCause cause_of(std::string_view reason) {
  if (reason == "guest-shutdown") return ShutdownCause::guest_shutdown;
  if (reason == "guest-reset") return ShutdownCause::guest_reset;
  if (reason == "guest-panic") return ShutdownCause::guest_panic;
  return reason.starts_with("host-") ? ShutdownCause::host : ShutdownCause::unknown;
}

QmpMessage event_of(json const& object, std::string_view name) {
  auto const found = object.find("data");
  json const data = found == object.end() || !found->is_object() ? json::object() : *found;
  QmpEvent event{kind_of(name, data)};
  switch (event.kind) {
    case QmpEventKind::shutdown: event.cause = cause_of(text_in(data, "reason")); break;
    case QmpEventKind::disk_error:
      event.subject = name_in(data, "node-name");
      event.text = for_display(text_in(data, "reason"), 100);
      event.no_space = truth_in(data, "nospace");
      event.stopped = text_in(data, "action") == "stop";
      break;
    case QmpEventKind::device_deleted:
    case QmpEventKind::unplug_refused: event.subject = name_in(data, "device"); break;
    case QmpEventKind::balloon: event.bytes = number_in(data, "actual").value_or(0); break;
    case QmpEventKind::stop:
    case QmpEventKind::resume:
    case QmpEventKind::reset:
    case QmpEventKind::panicked:
    case QmpEventKind::transfer_done:
    case QmpEventKind::transfer_failed:
    case QmpEventKind::other: break;
  }
  return event;
}

Result<QmpMessage, QmpFault> parse(std::string_view text) {
  if (text.size() > kMaxQmpLine) return Failure{QmpFault::line_too_long};
  if (nests_too_deep(text, kMaxQmpNesting)) return Failure{QmpFault::nested_too_deep};
  json const object = json::parse(text, nullptr, false);
  if (object.is_discarded()) return Failure{QmpFault::not_json};
  if (!object.is_object()) return Failure{QmpFault::not_a_message};
  if (object.contains("QMP")) return QmpMessage{QmpGreeting{}};
  if (auto const result = object.find("return"); result != object.end()) {
    auto const id = number_in(object, "id");
    if (!id) return Failure{QmpFault::not_a_message};
    return QmpMessage{QmpReturn{*id, run_state_of(*result)}};
  }
  if (auto const error = object.find("error"); error != object.end()) {
    return QmpMessage{QmpError{number_in(object, "id"), for_display(text_in(*error, "desc"), 200)}};
  }
  std::string_view const event = text_in(object, "event");
  if (event.empty()) return Failure{QmpFault::not_a_message};
  return event_of(object, event);
}

}  // namespace

char const* to_string(QmpFault fault) {
  switch (fault) {
    case QmpFault::line_too_long: return "a line of its control protocol is too long";
    case QmpFault::nested_too_deep: return "a message of its control protocol nests too deep";
    case QmpFault::not_json: return "a line of its control protocol is not JSON";
    case QmpFault::not_a_message: return "a line of its control protocol is no QMP message";
    case QmpFault::half_restored: return "the daemon that restored it ended halfway";
    case QmpFault::unexpected: return "it sent an answer to no question";
  }
  return "?";
}

Result<QmpMessage, QmpFault> parse_qmp_message(Untrusted<std::string_view> const& line) {
  // GUARD: a taken-over QEMU: endless lines, deep nesting, wrong types, texts that would forge log lines.
  return line.checked([](std::string_view text) { return parse(text); });
}

}  // namespace bh::qemu
