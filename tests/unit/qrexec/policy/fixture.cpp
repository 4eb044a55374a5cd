#include "tests/unit/qrexec/policy/fixture.h"

#include <filesystem>
#include <sstream>

namespace bh::policy::test {
namespace {

std::string normal(std::string const& path) { return std::filesystem::path(path).lexically_normal().string(); }

std::string uuid(int last) {
  std::string digits = std::to_string(last);
  return "00000000-0000-0000-0000-" + std::string(12 - digits.size(), '0') + digits;
}

std::string reason_text(Deny const& denied) {
  switch (denied.reason) {
    case DenyReason::rule:
      return "by rule";
    case DenyReason::no_match:
      return "no match";
    case DenyReason::no_target:
      return "no target";
    case DenyReason::no_dispvm:
      return "no default_dispvm";
    case DenyReason::not_dispvm_template:
      return "not a disposable template";
    case DenyReason::autostart:
      return "needs autostart";
    case DenyReason::no_choice:
      return "no choice left";
    case DenyReason::loopback:
      return "loopback";
    case DenyReason::relay:
    case DenyReason::request:
    case DenyReason::user:
    case DenyReason::bad_answer:
    case DenyReason::syntax:
    case DenyReason::filename:
    case DenyReason::io:
    case DenyReason::internal:
      return denied.message;
  }
  return denied.message;
}

std::string ask_text(Ask const& ask) {
  std::string text = "ask choices ";
  for (std::size_t i = 0; i < ask.choices.size(); ++i) text += (i == 0 ? "" : ", ") + ask.choices[i];
  if (ask.preselected) text += ", preselected " + *ask.preselected;
  if (ask.user) text += ", user=" + *ask.user;
  if (!ask.autostart) text += ", autostart=False";
  return text;
}

}  // namespace

Result<std::vector<PolicyFiles::Entry>> MemoryFiles::list(std::string const& folder) const {
  auto const found = kind(folder);
  if (!found || *found != Kind::folder) return Failure{Error{"cannot read the folder " + folder, ENOENT}};
  std::string const prefix = normal(folder) + "/";
  std::map<std::string, Kind> names;
  for (auto const& [path, content] : files) {
    if (!path.starts_with(prefix)) continue;
    std::string const rest = path.substr(prefix.size());
    names.emplace(rest.substr(0, rest.find('/')), rest.find('/') == std::string::npos ? Kind::file : Kind::folder);
  }
  std::vector<Entry> entries;
  for (auto const& [name, entry_kind] : names) entries.push_back({name, entry_kind});
  return entries;
}

Result<PolicyFiles::Kind> MemoryFiles::kind(std::string const& path) const {
  std::string const wanted = normal(path);
  if (files.contains(wanted)) return Kind::file;
  for (std::string const& folder : folders) {
    if (normal(folder) == wanted) return Kind::folder;
  }
  for (auto const& [file, content] : files) {
    if (file.starts_with(wanted + "/")) return Kind::folder;
  }
  return Kind::missing;
}

Result<std::string> MemoryFiles::read(std::string const& path, std::size_t cap) const {
  auto const found = files.find(normal(path));
  if (found == files.end()) return Failure{Error{"cannot open " + path, ENOENT}};
  if (found->second.size() > cap) return Failure{Error{path + " is too long", EFBIG}};
  return found->second;
}

SystemInfo example_system() {
  auto const qube = [](std::string name, std::string type, std::set<std::string> tags, std::string state,
                       std::string id) {
    Qube made;
    made.name = std::move(name);
    made.type = std::move(type);
    made.tags = std::move(tags);
    made.power_state = std::move(state);
    made.uuid = std::move(id);
    made.default_dispvm = "dvm";
    made.guivm = "dom0";
    return made;
  };
  std::vector<Qube> all{
      qube("dom0", "AdminVM", {}, "Running", uuid(0)),      qube("work", "AppVM", {"w", "office"}, "Running", uuid(1)),
      qube("personal", "AppVM", {"p"}, "Running", uuid(2)), qube("vault", "AppVM", {}, "Halted", uuid(3)),
      qube("dvm", "AppVM", {"d"}, "Halted", uuid(4)),       qube("dvm2", "AppVM", {"d", "w"}, "Halted", uuid(5)),
      qube("tpl", "TemplateVM", {}, "Halted", uuid(6)),     qube("sa", "StandaloneVM", {"w"}, "Running", uuid(7)),
      qube("disp1", "DispVM", {"p"}, "Running", uuid(8)),   qube("hidden", "AppVM", {}, "Halted", uuid(9)),
      qube("relay", "AppVM", {}, "Running", uuid(10)),      qube("rem", "RemoteVM", {}, "Running", uuid(11)),
      qube("rem2", "RemoteVM", {}, "Running", uuid(12)),
  };
  for (Qube& one : all) {
    if (one.name == "vault" || one.name == "relay") one.default_dispvm.reset();
    if (one.name == "dvm" || one.name == "dvm2") one.template_for_dispvms = true;
    if (one.name == "hidden") one.internal = true;
    if (one.type == "RemoteVM") one.relayvm = "relay";
    if (one.name == "rem") one.transport_rpc = "qubesair.SSHProxy";
  }
  return SystemInfo(std::move(all));
}

std::string in_sheet_notation(Decision const& decision) {
  if (auto const* denied = std::get_if<Deny>(&decision.outcome))
    return "deny: " + reason_text(*denied) + (denied->notify ? ", N" : "");
  if (auto const* ask = std::get_if<Ask>(&decision.outcome)) return ask_text(*ask);
  Allow const& allow = std::get<Allow>(decision.outcome);
  std::string text = "allow target=" + allow.target;
  if (allow.user) text += " user=" + *allow.user;
  if (!allow.autostart) text += " autostart=False";
  text += " rt=" + allow.requested_target;
  if (allow.service) text += " service=" + *allow.service;
  if (allow.policy_source) text += " policy_source=" + *allow.policy_source;
  return text;
}

Decision decide_words(Policy const& policy, SystemInfo const& info, std::string_view text) {
  std::istringstream words{std::string(text)};
  std::string service, source, target, requested;
  words >> service >> source >> target >> requested;
  std::size_t const plus = service.find('+');
  std::string const argument = plus == std::string::npos ? "+" : service.substr(plus);
  std::string const name = service.substr(0, plus);
  auto request = Request::parse({source, target == "-" ? std::string_view() : target, name, argument,
                                 requested.empty() ? std::nullopt : std::optional<std::string_view>(requested)});
  if (!request) return refusal(DenyReason::request, request.error());
  return decide(policy, info, *request);
}

}  // namespace bh::policy::test
