#include "qrexec/policy/daemon/prompt_protocol.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "qrexec/policy/rule_parser.h"

namespace bh::policy {
namespace {

using Json = nlohmann::json;
using Fault = Failure<std::string>;

constexpr std::string_view kAskHeader{"policy.Ask dom0 name dom0\0", 26};
constexpr std::string_view kNotifyHeader{"policy.Notify dom0 name dom0\0", 29};

char const* name_of(Resolution resolution) {
  switch (resolution) {
    case Resolution::allow: return "allow";
    case Resolution::deny: return "deny";
    case Resolution::fail: return "fail";
  }
  return "fail";
}

// Letters, digits and what tokens are made of: nothing that a terminal or a window could take for more than a name.
bool is_shown_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '@' ||
           c == ':';
  });
}

Result<std::string, std::string> text(Json const& object, char const* key) {
  auto const found = object.find(key);
  if (found == object.end() || !found->is_string()) return Fault{"'" + std::string(key) + "' is missing or no text"};
  return found->get<std::string>();
}

Result<std::string, std::string> shown_name(Json const& object, char const* key, bool may_be_empty) {
  BH_TRY(value, text(object, key));
  if (value.empty() && may_be_empty) return value;
  if (!is_shown_name(value)) return Fault{"'" + std::string(key) + "' is no name that may be shown"};
  return value;
}

Result<std::vector<std::string>, std::string> shown_targets(Json const& object) {
  auto const found = object.find("targets");
  if (found == object.end() || !found->is_array() || found->empty() || found->size() > kMaxPromptTargets) {
    return Fault{"'targets' is no list of 1 to " + std::to_string(kMaxPromptTargets)};
  }
  std::vector<std::string> targets;
  for (Json const& target : *found) {
    if (!target.is_string() || !is_shown_name(target.get_ref<std::string const&>())) return Fault{std::string("a target that may not be shown")};
    targets.push_back(target.get<std::string>());
  }
  return targets;
}

struct Called {
  std::string source, service, argument;
};
Result<Called, std::string> called(Json const& object) {
  BH_TRY(source, shown_name(object, "source", false));
  BH_TRY(service, text(object, "service"));
  BH_TRY(argument, text(object, "argument"));
  if (!is_service_name(service) || service.size() > kMaxRequestWord) return Fault{std::string("'service' is no name of a service")};
  if (!argument.empty() && (!is_argument(argument) || argument.size() > kMaxRequestWord)) return Fault{std::string("'argument' is none")};
  return Called{std::move(source), std::move(service), std::move(argument)};
}

Result<PromptMessage, std::string> parse_ask(Json const& object) {
  BH_TRY(call, called(object));
  BH_TRY(targets, shown_targets(object));
  BH_TRY(preselected, shown_name(object, "default_target", true));
  AskMessage message{std::move(call.source), std::move(call.service), std::move(call.argument), std::move(targets), std::move(preselected), {}};
  if (auto const icons = object.find("icons"); icons != object.end() && icons->is_object()) {
    for (auto const& [name, icon] : icons->items()) {
      if (is_shown_name(name) && icon.is_string() && is_shown_name(icon.get_ref<std::string const&>())) message.icons[name] = icon.get<std::string>();
    }
  }
  return PromptMessage(std::move(message));
}

Result<PromptMessage, std::string> parse_notify(Json const& object) {
  BH_TRY(call, called(object));
  BH_TRY(target, shown_name(object, "target", true));
  BH_TRY(resolution, text(object, "resolution"));
  NotifyMessage message{Resolution::fail, std::move(call.source), std::move(call.service), std::move(call.argument), std::move(target)};
  if (resolution == "allow") message.resolution = Resolution::allow;
  else if (resolution == "deny") message.resolution = Resolution::deny;
  else if (resolution != "fail") return Fault{std::string("an unknown resolution")};
  return PromptMessage(std::move(message));
}

std::string encode_object(AskMessage const& message) {
  Json const object{{"source", message.source},   {"service", message.service},
                    {"argument", message.argument}, {"targets", message.targets},
                    {"default_target", message.default_target}, {"icons", message.icons}};
  return std::string(kAskHeader) + object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string encode_object(NotifyMessage const& message) {
  Json const object{{"resolution", name_of(message.resolution)},
                    {"source", message.source},
                    {"service", message.service},
                    {"argument", message.argument},
                    {"target", message.target}};
  return std::string(kNotifyHeader) + object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

AskMessage ask_message(Decision const& asked, SystemInfo const& info) {
  Ask const& ask = std::get<Ask>(asked.outcome);
  AskMessage message{asked.effective_source, asked.request->service(), asked.request->argument(), ask.choices, ask.preselected.value_or(""), {}};
  auto const add_icon = [&](std::string const& name, std::string const& qube) {
    if (Qube const* found = info.find(qube); found != nullptr && !found->icon.empty()) message.icons[name] = found->icon;
  };
  add_icon(message.source, message.source);
  for (std::string const& target : message.targets) add_icon(target, target.starts_with("@dispvm:") ? target.substr(8) : target);
  return message;
}

std::optional<NotifyMessage> notify_message(Decision const& decision) {
  if (!decision.request) return std::nullopt;
  NotifyMessage message{Resolution::deny, decision.request->source(), decision.request->service(), decision.request->argument(),
                        decision.request->target().written};
  if (auto const* allow = std::get_if<Allow>(&decision.outcome)) {
    message.resolution = Resolution::allow;
    message.target = allow->target;
    return allow->notify ? std::optional(message) : std::nullopt;
  }
  auto const* denied = std::get_if<Deny>(&decision.outcome);
  return denied != nullptr && denied->notify ? std::optional(message) : std::nullopt;
}

std::string encode(PromptMessage const& message) {
  return std::visit([](auto const& one) { return encode_object(one); }, message);
}

Result<PromptMessage, std::string> parse_prompt_message(std::string_view text) {
  if (text.size() > kMaxPromptMessage) return Fault{std::string("it is too long")};
  std::size_t const end = text.substr(0, 1024).find('\0');
  if (end == std::string_view::npos) return Fault{std::string("the header does not end")};
  std::string_view const header = text.substr(0, end);
  std::string_view const service = header.substr(0, header.find(' '));
  Json const object = Json::parse(text.substr(end + 1), nullptr, false);
  if (!object.is_object()) return Fault{std::string("what follows the header is no JSON object")};
  if (service == "policy.Ask" || service == "policy.Ask+") return parse_ask(object);
  if (service == "policy.Notify" || service == "policy.Notify+") return parse_notify(object);
  return Fault{std::string("neither policy.Ask nor policy.Notify")};
}

Result<std::optional<std::string>, std::string> parse_prompt_answer(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text == "deny") return std::optional<std::string>{};
  constexpr std::string_view kAllow = "allow:";
  if (!text.starts_with(kAllow) || !is_shown_name(text.substr(kAllow.size()))) {
    return Fault{std::string("the prompt answered neither deny nor allow:TARGET")};
  }
  return std::optional(std::string(text.substr(kAllow.size())));
}

}  // namespace bh::policy
