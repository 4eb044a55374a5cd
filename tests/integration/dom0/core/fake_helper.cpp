// Stands in for bulkhead-hub, qrexec-daemon, qrexec-client and bulkhead-gui-daemon in tests of bulkheadd: which one it is it learns from
// its own name, how it shall behave from files in the folder $FAKE_HELPER_DIR.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

std::string option(std::vector<std::string> const& arguments, std::string const& prefix) {
  for (auto const& argument : arguments) {
    if (argument.starts_with(prefix)) return argument.substr(prefix.size());
  }
  return "";
}

std::string after(std::vector<std::string> const& arguments, std::string const& word) {
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i) if (arguments[i] == word) return arguments[i + 1];
  return "";
}

// Ends at SIGTERM, or with the test.
void wait_for_term() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  int got = 0;
  ::sigwait(&set, &got);
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  // No test takes longer; a helper that its test forgot ends by itself.
  ::alarm(120);
  std::string const role = fs::path(argv[0]).filename();
  std::vector<std::string> const arguments(argv + 1, argv + argc);
  fs::path const folder = std::getenv("FAKE_HELPER_DIR");
  std::ofstream(folder / (role + ".starts"), std::ios::app) << ::getpid() << "\n";

  if (role == "qrexec-client") {
    std::ofstream(folder / "poweroff-asked", std::ios::app) << arguments.back() << "\n";
    return fs::exists(folder / "agent-deaf") ? 125 : 0;
  }
  if (role == "qrexec-daemon") {
    std::string const name = arguments[arguments.size() - 2];
    fs::path const socket = fs::path(option(arguments, "--socket-dir=")) / ("qrexec." + name);
    if (!fs::exists(folder / "no-agent")) std::ofstream(socket) << "";
    wait_for_term();
    fs::remove(socket);
    return 0;
  }
  if (role == "bulkhead-personalise") {
    if (fs::exists(folder / "personalise-silent")) wait_for_term();
    if (fs::exists(folder / "personalise-garbage")) return std::puts("root shell, please"), 0;
    if (fs::exists(folder / "personalise-dies")) return 3;
    std::puts("reseeded");
    if (fs::exists(folder / "personalise-fails")) return std::puts("failed the clone says: no \x1b[2J disk"), 1;
    std::puts("personalised");
    return 0;
  }
  if (role == "bulkhead-hub" && !fs::exists(folder / "no-sign")) {
    // A guest that is prepared says so by listening for its orders.
    std::ifstream environment(after(arguments, "--guest-env"));
    std::string const text((std::istreambuf_iterator<char>(environment)), {});
    if (text.find("WARM=prepare\n") != std::string::npos) {
      std::ofstream(fs::path(after(arguments, "--vchan-dir")) / ("vchan." + after(arguments, "--domain") + ".0.511.sock")) << "";
    }
  }
  if (role == "bulkhead-gui-daemon") {
    // The window memory must have arrived, sealed, under the number that was promised.
    int const seals = ::fcntl(10, 1034 /* F_GET_SEALS */);
    std::ofstream(folder / "gui-seals") << seals << "\n";
  }
  if (fs::exists(folder / ("stubborn-" + role))) {
    for (;;) ::pause();
  }
  wait_for_term();
  return 0;
}
