// bulkhead-gui-daemon: wires the channel of one qube to the user's X server. One poll loop; nothing in it waits for a peer.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <cstdlib>

#include "base/confine.h"
#include "base/log.h"
#include "gui-daemon/daemon/app/options.h"
#include "gui-daemon/daemon/app/session.h"
#include "gui-daemon/daemon/x11/event_router.h"

namespace bh::gui {
namespace {

// SIGTERM, SIGINT and SIGHUP as a readable descriptor.
Result<UniqueFd> stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int const number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return Failure{Error::from_errno("block signals")};
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.open()) return Failure{Error::from_errno("make a signal descriptor")};
  return fd;
}

int wait_milliseconds(std::optional<Deadline> wake, Deadline now) {
  if (!wake) return -1;
  if (*wake <= now) return 0;
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(*wake - now).count());
}

int loop(x11::Connection const& connection, x11::EventRouter& router, Session& session, UniqueFd const& stop) {
  for (;;) {
    session.turn(Clock::now());
    // After everything that talks to the server, so that events which a reply brought along do not lie unread during poll().
    router.run();
    session.send_queued();
    if (connection.broken()) {
      log::error("the X server is gone");
      return 1;
    }
    std::array<pollfd, 3> entries{pollfd{stop.borrow(), POLLIN, 0}, connection.poll_entry(), pollfd{-1, 0, 0}};
    // Again: the events just handled may have left something that the agent has no room for yet.
    if (auto const agent = session.poll_entry()) entries[2] = *agent;
    if (::poll(entries.data(), entries.size(), wait_milliseconds(session.wake_at(), Clock::now())) < 0 && errno != EINTR) {
      log::error(Error::from_errno("wait for events").message);
      return 1;
    }
    if (entries[0].revents != 0) return 0;
  }
}

Result<int> run(Options options) {
  BH_TRY(stop, stop_signals());
  BH_TRY(connection, x11::Connection::open());
  BH_TRY(memory, x11::SharedMemory::open(connection, std::move(options.window_memory), options.grant_directory));
  auto const memory_size = memory.window_memory_size();
  x11::X11Screen screen(connection, options.label, std::move(memory));
  Session session({options.vchan_directory, {options.domain, options.own_domain, vchan::Port(6000)}, {memory_size}});
  WindowModel model(screen, session, memory_size.has_value());
  Keyboard keyboard(session);
  session.attach(model, keyboard);
  session.screen_info = [&] {
    Extent const root = connection.root_extent();
    return ScreenInfo::of(root.width(), root.height());
  };
  session.keymap_names = [&] { return connection.keymap_names(); };
  x11::EventRouter router(connection, screen, model, keyboard, session);
  router.on_keymap_names = [&] { session.send_keymap_names(); };
  // The display is connected; nothing of the qube has been read yet.
  auto calls = daemon_calls();
  calls.push_back({"uname"});  // libxcb, to tell whether the server is on this host
  calls.push_back({"shmget", {}, EPERM});  // cairo would have memory of the old kind; refused it does without
  auto const confined = confine({{{options.grant_directory, options.vchan_directory}, {}}, std::move(calls), parse_strictness(std::getenv("BULKHEAD_CONFINE"))});
  if (!confined) return Failure{Error{confined.error()}.in("not confined, so not going on")};
  log::info("waiting for the agent of " + options.label.qube.text());
  return loop(connection, router, session, stop);
}

}  // namespace
}  // namespace bh::gui

int main(int argc, char** argv) {
  auto parsed = bh::gui::parse_options(argc, argv);
  if (!parsed.options) return parsed.exit_code;
  bh::log::start("gui-daemon " + parsed.options->label.qube.text());
  ::signal(SIGPIPE, SIG_IGN);
  // Keystrokes pass through here: no core dumps, no debugger of the same user.
  ::prctl(PR_SET_DUMPABLE, 0);
  auto const code = bh::gui::run(*std::move(parsed.options));
  if (!code) {
    bh::log::error(code.error().message);
    return 1;
  }
  return *code;
}
