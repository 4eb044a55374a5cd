#include "qrexec/service/wait_for_session.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/display_text.h"
#include "base/log.h"

namespace bh::qrexec {

namespace {

// Which of the two comes first: the helper's end or the caller's.
bool ended_before_hangup(ChildProcess const& helper, UniqueFd const& caller) {
  for (;;) {
    pollfd entries[2] = {{helper.pidfd().borrow(), POLLIN, 0}, {caller.borrow(), POLLRDHUP, 0}};
    if (::poll(entries, 2, -1) < 0 && errno != EINTR) return true;
    if (entries[0].revents != 0) return true;
    if (entries[1].revents != 0) return false;
  }
}

}  // namespace

bool wait_for_session(ServicePlace const& place, LaunchPlan const& plan, UniqueFd const& caller) {
  if (!needs_session(plan)) return true;
  auto const* call = std::get_if<ServiceCall>(&plan.command.what);
  Command command{plan.user, true, ServiceCall{}};
  ServiceCall& helper_call = std::get<ServiceCall>(command.what);
  helper_call.descriptor = helper_call.name = "qubes.WaitForSession";
  helper_call.source = call->source;
  helper_call.header = helper_call.descriptor + ' ' + call->source;
  auto helper_plan = plan_launch(place, std::move(command));
  if (!helper_plan) {
    log::warning("cannot wait for the session: " + helper_plan.error().message);
    return true;
  }
  auto helper = launch(place, *helper_plan, Stdio::streams);
  if (!helper || !helper->child) {
    log::warning("cannot wait for the session: " + (helper ? "qubes.WaitForSession is not a program" : helper.error().message));
    return true;
  }
  if (place.place == Place::guest) {
    auto const told = write_all(*helper->input, as_bytes(plan.user + '\n'));
    if (!told) log::warning("qubes.WaitForSession does not read its user: " + told.error().message);
  }
  ::shutdown(helper->input->borrow(), SHUT_WR);
  bool const ended = ended_before_hangup(*helper->child, caller);
  auto const result = ended ? helper->child->wait(Clock::now() + std::chrono::seconds(5)) : std::optional<ExitStatus>{};
  if (!ended) (void)helper->child->terminate(std::chrono::seconds(1));
  if (result && *result && (*result)->code != 0) log::warning("qubes.WaitForSession ended with " + std::to_string((*result)->code));
  return ended;
}

}  // namespace bh::qrexec
