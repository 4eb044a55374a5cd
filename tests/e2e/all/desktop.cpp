#include "tests/e2e/all/desktop.h"

#include "tests/e2e/all/installation.h"

namespace bh::e2e {

using namespace std::chrono_literals;

Result<Desktop> Desktop::start() {
  BH_TRY(pipe, make_pipe());
  BH_TRY(server, ChildProcess::spawn({.argv = {"Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp"},
                                      .fds = {{&pipe.second, 3}}}));
  pipe.second.reset();
  BH_TRY(ready, wait_for(pipe.first, POLLIN, Clock::now() + 30s));
  std::byte buffer[16];
  BH_TRY(got, read_some(pipe.first, buffer));
  std::string number(as_text(ByteSpan(buffer, got)));
  if (!ready || number.empty()) return Failure{Error{"Xvfb gave no display number", 0}};
  number.erase(number.find_last_not_of('\n') + 1);
  Desktop desktop(std::move(server), ":" + number);
  BH_TRY(manager, ChildProcess::spawn({.argv = {"openbox", "--sm-disable"}, .environment = {{"DISPLAY", desktop.display_}}}));
  desktop.manager_ = std::move(manager);
  auto const managed = [&] {
    return run_program({"xprop", "-root", "_NET_SUPPORTING_WM_CHECK"}, {{"DISPLAY", desktop.display_}}).out.find("window id") != std::string::npos;
  };
  if (!eventually(managed)) return Failure{Error{"openbox does not manage the display", 0}};
  return desktop;
}

Desktop::~Desktop() {
  if (manager_) static_cast<void>(manager_->terminate(5s));
  static_cast<void>(server_.terminate(5s));
}

bool Desktop::shows_window_of(std::string const& qube) const {
  return run_program({"xdotool", "search", "--onlyvisible", "--name", "^\\[" + qube + "\\] "}, {{"DISPLAY", display_}}).code == 0;
}

bool Desktop::shows_frame(std::string const& colour) const {
  return run_program({program("bulkhead-screenshot"), "--find-frame", colour}, {{"DISPLAY", display_}}).code == 0;
}

}  // namespace bh::e2e
