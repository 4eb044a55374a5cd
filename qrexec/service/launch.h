// Starting what a command names. First plan() (all that can fail by configuration, so that nothing starts half), then launch().
#pragma once

#include <memory>
#include <optional>

#include "base/child_process.h"
#include "qrexec/service/login_session.h"
#include "qrexec/service/lookup.h"

namespace bh::qrexec {

enum class Place : std::uint8_t { guest, dom0 };

struct ServicePlace {
  Place place;
  bool switches_users = false;  // a root agent: PAM session, login shell, the user's rights
  Folders services;
  Folders configs;
  // From QREXEC_SERVICE_PATH and QUBES_RPC_CONFIG_PATH, else the defaults of the place.
  static ServicePlace from_environment(Place place);
};

struct LaunchPlan {
  Command command;
  std::variant<ShellLine, ExecutableService, SocketService, TcpTarget> what;
  std::string user;  // empty: ourselves
  ServiceConfig config;
};
Result<LaunchPlan, ServiceFailure> plan_launch(ServicePlace const& place, Command command);

enum class Stdio : std::uint8_t {
  streams_and_stderr,  // a VM's service
  streams,             // dom0's: stderr stays ours
  none,                // JUST_EXEC
  inherited,           // dom0 to dom0
};

// Descriptors are shared because one socket may serve for both directions.
using SharedFd = std::shared_ptr<UniqueFd>;

struct RunningService {
  std::optional<LoginSession> session;  // closed after the child has ended
  std::optional<ChildProcess> child;    // nullopt: a socket service
  SharedFd input;                       // what the caller sends goes here; null with Stdio::none and inherited
  SharedFd output;
  SharedFd errors;                      // null: no stderr to forward
  std::string preamble;                 // a socket service's header: goes to `input` before the caller's data
};
// Whether qubes.WaitForSession comes first.
bool needs_session(LaunchPlan const& plan);
Result<RunningService, ServiceFailure> launch(ServicePlace const& place, LaunchPlan const& plan, Stdio stdio);

}  // namespace bh::qrexec
