#include "dom0/core/life/run_record.h"

#include <nlohmann/json.hpp>

#include "hypervisor/machine/machine_spec.h"

namespace bh::dom0 {

namespace {

using nlohmann::json;

Result<json> parse_object(std::string_view text, std::string const& what) {
  if (text.size() > 65536) return Failure{Error{what + " is too long", 0}};
  json value = json::parse(text, nullptr, false);
  if (!value.is_object()) return Failure{Error{what + " is not a JSON object", 0}};
  return value;
}

// nullopt: not there, or not a number from 0 to max.
std::optional<std::uint64_t> number_in(json const& object, char const* key, std::uint64_t max) {
  auto const found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  auto const value = found->get<std::uint64_t>();
  return value <= max ? std::optional(value) : std::nullopt;
}

}  // namespace

std::string format_processes(ProcessRecords const& records) {
  json object = json::object();
  for (auto const& [role, record] : records) object[role] = {{"pid", record.pid}, {"start_time", record.start_time}};
  return object.dump(1) + "\n";
}

Result<ProcessRecords> parse_processes(std::string_view text) {
  BH_TRY(object, parse_object(text, "processes.json"));
  ProcessRecords records;
  for (auto const& [role, entry] : object.items()) {
    auto const pid = entry.is_object() ? number_in(entry, "pid", INT32_MAX) : std::nullopt;
    auto const start_time = entry.is_object() ? number_in(entry, "start_time", UINT64_MAX) : std::nullopt;
    if (!pid || *pid <= 1 || !start_time) return Failure{Error{"processes.json has a bad entry", 0}};
    records[role] = {static_cast<int>(*pid), *start_time};
  }
  return records;
}

std::string format_state(RunState const& state) {
  return json{{"format", 1}, {"domain", state.domain.value()}, {"started", state.started_unix}, {"accel", state.accel}, {"up", state.up}, {"wires", state.wires}, {"clone", state.clone}}.dump() + "\n";
}

Result<RunState> parse_state(std::string_view text) {
  BH_TRY(object, parse_object(text, "state.json"));
  auto const format = number_in(object, "format", 1);
  auto const domain = number_in(object, "domain", kMaxDomainId);
  auto const started = number_in(object, "started", INT64_MAX);
  auto const accel = object.value("accel", json());
  auto const up = object.value("up", json());
  bool const known = accel == "kvm" || accel == "tcg";
  // Written by a bulkheadd that knew no wires: its machines have no place for any.
  auto const wires = object.contains("wires") ? number_in(object, "wires", machine::kMaxWires.value()) : std::optional<std::uint64_t>(0);
  auto const clone = object.value("clone", json(false));
  if (!clone.is_boolean() || !wires || format != 1 || !domain || *domain == 0 || !started || !known || !up.is_boolean()) return Failure{Error{"state.json is damaged", 0}};
  return RunState{DomainId(static_cast<std::uint16_t>(*domain)), static_cast<std::int64_t>(*started), accel.get<std::string>(), up.get<bool>(), static_cast<std::uint16_t>(*wires), clone.get<bool>()};
}

}  // namespace bh::dom0
