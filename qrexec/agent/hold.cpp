#include "qrexec/agent/hold.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>

#include "base/gone_watch.h"
#include "base/log.h"
#include "base/service_notice.h"

namespace bh::qrexec {

namespace {

constexpr std::size_t kMaxSettings = 65536;

// What calls of this qube may know; the rest of the file is the business of its units.
bool for_calls(std::string const& key) {
  for (char const* name : {"QUBE_NAME", "VCHAN_DOMAIN", "VCHAN_SOCKET_DIR"}) {
    if (key == name) return true;
  }
  return false;
}

Result<void> take_settings(std::filesystem::path const& path) {
  BH_TRY(text, read_file(path, kMaxSettings));
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const end = std::min(text.find('\n', at), text.size());
    std::string const line = text.substr(at, end - at);
    at = end + 1;
    std::size_t const equals = line.find('=');
    if (equals == std::string::npos || !for_calls(line.substr(0, equals))) continue;
    ::setenv(line.substr(0, equals).c_str(), line.substr(equals + 1).c_str(), 1);
  }
  for (char const* name : {"WARM", "WARM_PROGRAMS", "QUBE_DOMAIN"}) ::unsetenv(name);
  return {};
}

}  // namespace

Result<bool> wait_while_held(AgentOptions const& options, UniqueFd const& signals) {
  if (options.hold_file.empty()) return true;
  BH_TRY(watch, GoneWatch::of(options.hold_file));
  if (watch.gone()) return true;
  // What is ordered after us must not wait for a qube that this machine is not yet.
  char const* const notify = std::getenv("NOTIFY_SOCKET");
  if (notify != nullptr && *notify != '\0') BH_CHECK(notify_service_ready(notify));
  log::info("held until this machine is a qube");
  while (!watch.gone()) {
    pollfd entries[] = {{watch.pollable().borrow(), POLLIN, 0}, {signals.borrow(), POLLIN, 0}};
    if (::poll(entries, 2, -1) < 0 && errno != EINTR) return Failure{Error::from_errno("wait to be a qube's agent")};
    if (entries[1].revents != 0) return false;
  }
  BH_CHECK(take_settings(options.settings));
  return true;
}

}  // namespace bh::qrexec
