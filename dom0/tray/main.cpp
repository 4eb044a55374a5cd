// bulkhead-tray: shows the qubes and starts and stops them. A client of the Admin API, nothing more.
#include <QApplication>
#include <QSystemTrayIcon>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/paths.h"
#include "dom0/tray/controller.h"
#include "dom0/tray/qube_icon.h"
#include "dom0/tray/qube_window.h"
#include "dom0/tray/state_file.h"
#include "dom0/tray/tray_icon.h"

namespace {

using namespace bh;
using namespace bh::tray;

constexpr char kHelp[] =
    R"(Shows the qubes with their states, starts and stops them, follows what happens.

usage: bulkhead-tray [--window] [--state-file FILE]

Lives in the panel's tray; where there is none, or with --window, it is an ordinary window. Which daemon it talks to is decided by
$BULKHEAD_ROOT (default: the system's). It needs a display.

options:
  --window          a window at once, even where there is a tray; closing it ends the program
  --state-file FILE what it shows, as JSON, written anew at each change
  --help, --version

examples:
  bulkhead-tray
  BULKHEAD_ROOT=/tmp/demo bulkhead-tray --window
)";

struct Options {
  bool window = false;
  std::string state_file;
  std::string unknown;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string const word = argv[i];
    if (word == "--window")
      options.window = true;
    else if (word == "--state-file" && i + 1 < argc)
      options.state_file = argv[++i];
    else if (options.unknown.empty())
      options.unknown = word;
  }
  return options;
}

bool has_display() {
  for (char const* const name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}) {
    char const* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return true;
  }
  return false;
}

int run(QApplication& application, bool window_only, std::string const& state_file) {
  Controller controller(Paths::from_environment().admin_socket(), nullptr);
  QubeRowWidget::Wishes const wishes{[&](std::string const& qube) { controller.start(qube); },
                                     [&](std::string const& qube) { controller.shutdown(qube); },
                                     [&](std::string const& qube) { controller.kill(qube); }};
  QubeWindow window(wishes);
  std::unique_ptr<TrayIcon> icon;
  if (!window_only) {
    application.setQuitOnLastWindowClosed(false);
    icon = std::make_unique<TrayIcon>(
        wishes, [&] { window.setVisible(!window.isVisible()); }, [&] { application.quit(); });
  } else {
    window.show();
  }
  controller.on_change = [&](View const& view) {
    window.show_view(view);
    if (icon) icon->show_view(view);
    if (state_file.empty()) return;
    if (auto const written = write_state_file(state_file, view); !written) log::warning(written.error().message);
  };
  controller.on_failure = [&](std::string const& sentence) {
    log::warning(sentence);
    window.show_failure(sentence);
    if (icon && !window.isVisible()) icon->show_failure(sentence);
  };
  window.show_view(controller.view());
  return application.exec();
}

}  // namespace

int main(int argc, char** argv) {
  log::start("bulkhead-tray");
  // Before Qt, which would want a display even to print this.
  std::vector<std::string> const words(argv + 1, argv + argc);
  if (std::find(words.begin(), words.end(), "--help") != words.end()) return std::cout << kHelp, 0;
  if (std::find(words.begin(), words.end(), "--version") != words.end())
    return std::cout << "bulkhead-tray (Bulkhead) " BH_VERSION "\n", 0;
  if (!has_display()) {
    std::cerr << "bulkhead-tray: there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set. Run it inside a "
                 "desktop session.\n";
    return 1;
  }
  QApplication application(argc, argv);
  QApplication::setApplicationName(QStringLiteral("bulkhead-tray"));
  QApplication::setDesktopFileName(QStringLiteral("bulkhead-tray"));
  QApplication::setWindowIcon(program_icon());
  Options const options = parse_options(argc, argv);  // Qt has taken its own options out
  if (!options.unknown.empty()) {
    std::cerr << "bulkhead-tray: unknown option " << options.unknown << "\nTry --help.\n";
    return 2;
  }
  return run(application, options.window || !QSystemTrayIcon::isSystemTrayAvailable(), options.state_file);
}
