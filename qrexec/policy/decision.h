// Decision: the outcome and all it was decided about. Who executes takes only this, so that nothing else can run than
// was asked (SECURITY 6.6): the request's target is a wish, the target in here is the truth.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "qrexec/policy/location.h"
#include "qrexec/policy/request.h"

namespace bh::policy {

struct Allow {
  std::string target;  // a name or uuid as written, "dom0", or "@dispvm:TEMPLATE"; of a RemoteVM its relay
  std::optional<std::string> target_uuid;  // "uuid:..." or "@dispvm:uuid:..."
  std::optional<std::string> user;         // nullopt: the target's default user
  bool autostart = true;
  bool notify = false;
  std::string requested_target;              // after the check for existence
  std::optional<std::string> service;        // replaces service and argument (RemoteVM)
  std::optional<std::string> policy_source;  // the name to show, when a relay speaks for another
};

struct Ask {
  std::vector<std::string> choices;  // sorted, never empty
  std::optional<std::string> preselected;
  std::optional<std::string> user;
  bool autostart = true;
  bool notify = false;
  std::string requested_target;
};

enum class DenyReason {
  rule,
  no_match,
  no_target,
  no_dispvm,
  not_dispvm_template,
  autostart,
  no_choice,
  loopback,
  relay,
  user,
  bad_answer,
  request,
  syntax,
  filename,
  io,
  internal,
};
// "no-match" etc.
[[nodiscard]] std::string_view deny_reason_name(DenyReason reason);

struct Deny {
  DenyReason reason = DenyReason::internal;
  bool notify = true;
  std::string message;  // one sentence for the log and the person
};

struct Decision {
  std::optional<Request> request;  // nullopt only if the words made no valid request, which is always a deny
  std::string effective_source;    // whom the rules were matched against
  std::variant<Allow, Ask, Deny> outcome = Deny{};
  std::optional<Location> rule;   // that decided
  std::optional<std::size_t> position;  // of it, among the policy's rules
  std::optional<Location> error;  // the place of a load error
  std::vector<std::string> warnings;
};

// A refusal without any rule.
[[nodiscard]] Decision refusal(DenyReason reason, std::string message);
// While the policy does not load, every request gets this.
[[nodiscard]] Decision refusal_for(Problems const& problems);

}  // namespace bh::policy
