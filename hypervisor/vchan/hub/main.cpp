// bulkhead-hub: makes the vchan folders of dom0 and of one qube look like one, across a virtio-serial port.
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/confine.h"
#include "base/file_limit.h"
#include "base/log.h"
#include "base/service_notice.h"
#include "hypervisor/vchan/hub/hub.h"

namespace {

using namespace bh;
using namespace bh::vchan;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kPortGone = 3;

constexpr char kExamples[] = R"(Examples:
  bulkhead-hub host --port-socket run/qubes/work/mux.sock --domain 5 --vchan-dir run/vchan --guest-env run/qubes/work/guest.env
  bulkhead-hub guest --port /dev/virtio-ports/bulkhead.mux --vchan-dir /run/bulkhead/vchan --env-file /run/bulkhead/qube.env

Exit codes: 0 stopped by SIGTERM or SIGINT, 1 failure, 2 wrong usage or configuration, 3 the port is gone for good
(nothing listened on its socket for 5 s after a connection was lost, or for 30 s at the start).)";

struct Arguments {
  std::string port_socket, port, directory, guest_env, env_file;
  std::uint16_t domain = 0;
};

int fail(int code, std::string const& message) {
  log::error(message);
  return code;
}

Result<UniqueFd> stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return Failure{Error::from_errno("block signals")};
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.open()) return Failure{Error::from_errno("wait for signals")};
  return fd;
}

Result<GuestConfig> load_config(std::string const& path, DomainId domain) {
  BH_TRY(text, read_file(path, GuestConfig::kMaxSize));
  auto config = GuestConfig::parse(text);
  if (!config) return Failure{Error{path + ": " + to_string(config.error()), 0}};
  if (config->domain() != domain) return Failure{Error{path + ": QUBE_DOMAIN, or VCHAN_DOMAIN where that is missing, is not " + std::to_string(domain.value()), 0}};
  return *std::move(config);
}

// Before the first byte of the qube: from here on the folder of channels and the qube's own configuration are all there is.
Result<void> confine_host(Arguments const& arguments) {
  auto const configuration = std::filesystem::absolute(arguments.guest_env).parent_path();
  return confine({{{configuration}, {arguments.directory}}, daemon_calls(), parse_strictness(std::getenv("BULKHEAD_CONFINE"))});
}

int run(HubOptions options, Arguments const& arguments) {
  auto signals = stop_signals();
  if (!signals) return fail(kFailed, signals.error().message);
  bool const socket = !arguments.port_socket.empty();
  Link link(socket ? Link::Kind::socket : Link::Kind::device, socket ? arguments.port_socket : arguments.port, Clock::now());
  bool const in_dom0 = options.role == mux::Role::host;
  auto hub = Hub::create(std::move(options), std::move(link), *std::move(signals));
  if (!hub) return fail(kFailed, hub.error().message);
  // Inside a qube there is no border that this could guard.
  if (in_dom0) {
    if (auto const confined = confine_host(arguments); !confined) return fail(kFailed, "not confined, so not going on: " + confined.error().message);
  }
  auto const ended = hub->run();
  if (ended) return 0;
  int const why = ended.error().errno_value;
  bool const gone = why == ECONNREFUSED || why == ENODEV || (why == ENOENT && socket);
  return fail(gone ? kPortGone : kFailed, ended.error().message);
}

int run_host(Arguments const& arguments) {
  DomainId const domain(arguments.domain);
  auto config = load_config(arguments.guest_env, domain);
  if (!config) return fail(kUsage, config.error().message);
  HubOptions options;
  options.role = mux::Role::host;
  options.directory = arguments.directory;
  options.config = *config;
  options.refresh_config = [path = arguments.guest_env, domain]() -> std::optional<GuestConfig> {
    auto fresh = load_config(path, domain);
    if (fresh) return *std::move(fresh);
    log::warning("keeping the previous configuration: " + fresh.error().message);
    return std::nullopt;
  };
  return run(std::move(options), arguments);
}

int run_guest(Arguments const& arguments) {
  char const* const variable = std::getenv("NOTIFY_SOCKET");
  HubOptions options;
  options.role = mux::Role::guest;
  options.directory = arguments.directory;
  // Programs of root and of the user talk through the mirrors; there is no border inside a qube.
  options.socket_mode = 0666;
  options.take_config = [path = arguments.env_file, notify = std::string(variable == nullptr ? "" : variable),
                         told = false](std::string const& text) mutable -> Result<void> {
    BH_CHECK(write_file_atomically(path, text, 0644));
    if (told || notify.empty()) return {};
    told = true;
    return notify_service_ready(notify);
  };
  // Like /tmp: everybody may serve, nobody may remove another's socket.
  if (::mkdir(arguments.directory.c_str(), 0700) == 0) {
    if (::chmod(arguments.directory.c_str(), 01777) != 0) return fail(kFailed, Error::from_errno("open up " + arguments.directory).message);
  } else if (errno != EEXIST) {
    return fail(kFailed, Error::from_errno("make the folder " + arguments.directory).message);
  }
  return run(std::move(options), arguments);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Joins the vchan sockets of dom0 and of one qube across the virtio-serial port bulkhead.mux."};
  app.footer(kExamples);
  app.set_version_flag("--version", "bulkhead-hub " BH_VERSION);
  app.require_subcommand(1);
  auto* const host = app.add_subcommand("host", "dom0's side, one for a running qube");
  host->add_option("--port-socket", arguments.port_socket, "QEMU's socket of the port")->required();
  host->add_option("--domain", arguments.domain, "the qube's number")->required()->check(CLI::Range(1, int{kMaxDomainId}));
  host->add_option("--vchan-dir", arguments.directory, "folder of dom0's vchan sockets")->required()->check(CLI::ExistingDirectory);
  host->add_option("--guest-env", arguments.guest_env, "KEY=value lines for the qube")->required();
  auto* const guest = app.add_subcommand("guest", "the qube's side");
  auto* const device = guest->add_option("--port", arguments.port, "the port's device");
  guest->add_option("--port-socket", arguments.port_socket, "a socket in place of the device (tests)")->excludes(device);
  guest->add_option("--vchan-dir", arguments.directory, "folder of the qube's vchan sockets; made if missing")->required();
  guest->add_option("--env-file", arguments.env_file, "where the configuration goes")->required();
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  log::start(host->parsed() ? "bulkhead-hub host " + std::to_string(arguments.domain) : "bulkhead-hub guest");
  // GUARD: 512 listeners and 512 streams are allowed; without room for their descriptors a guest that uses them all makes us spin.
  (void)raise_file_limit(4096);
  if (host->parsed()) return run_host(arguments);
  if (arguments.port.empty() && arguments.port_socket.empty()) return fail(kUsage, "one of --port and --port-socket is needed; see --help");
  return run_guest(arguments);
}
