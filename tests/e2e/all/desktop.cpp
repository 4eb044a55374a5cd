#include "tests/e2e/all/desktop.h"

#include "tests/e2e/all/installation.h"
#include "tests/e2e/all/x_server.h"

namespace bh::e2e {

using namespace std::chrono_literals;

Result<Desktop> Desktop::start() {
  BH_TRY(server, start_x_server("1280x800x24"));
  Desktop desktop(std::move(server.process), std::move(server.display));
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
