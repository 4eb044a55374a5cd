#include "qrexec/daemon/daemon_options.h"

#include <getopt.h>

#include <cstdio>
#include <cstdlib>

#include "base/number.h"
#include "qrexec/policy/daemon/places.h"

namespace bh::qrexec {

namespace {

constexpr int kUsageError = 1;

constexpr char kHelp[] =
    "Usage: qrexec-daemon [OPTION...] --uuid=UUID DOMID NAME [DEFAULT_USER]\n"
    "Serves one running qube: passes dom0's commands to its qrexec-agent, and its requests to the policy.\n"
    "\n"
    "  -u, --uuid=UUID            the qube's UUID\n"
    "      --socket-dir=DIR       where local clients connect: DIR/qrexec.DOMID, .NAME and .uuid:UUID\n"
    "  -p, --policy-program=PATH  called as PATH -- SOURCE TARGET SERVICE\n"
    "      --policy-socket=PATH   asked first, if it is there (default: policy.sock in the run folder, unless another policy program is given)\n"
    "      --client-program=PATH  qrexec-client (default: beside this program)\n"
    "  -D, --direct               stay in the foreground, log to stderr\n"
    "  -q, --quiet                accepted\n"
    "  -h, --help                 -V, --version\n"
    "Environment: VCHAN_SOCKET_DIR, VCHAN_DOMAIN, BULKHEAD_ROOT, QREXEC_STARTUP_TIMEOUT (seconds, 60), QREXEC_STARTUP_NOWAIT\n"
    "\n"
    "Example:\n"
    "  qrexec-daemon --direct --uuid=6f5902ac-237e-4d23-8e5b-dc1ba3b0e1a5 --socket-dir=/tmp/q -p ./qrexec-policy-exec 42 work user\n"
    "Exit codes: 0 ended by SIGTERM; 1 wrong usage or a broken system; 3 the qube's agent did not answer in time.\n";

enum : int { kSocketDir = 1000, kPolicySocket, kClientProgram };
constexpr option kLong[] = {{"help", no_argument, nullptr, 'h'},
                            {"version", no_argument, nullptr, 'V'},
                            {"quiet", no_argument, nullptr, 'q'},
                            {"direct", no_argument, nullptr, 'D'},
                            {"uuid", required_argument, nullptr, 'u'},
                            {"policy-program", required_argument, nullptr, 'p'},
                            {"socket-dir", required_argument, nullptr, kSocketDir},
                            {"policy-socket", required_argument, nullptr, kPolicySocket},
                            {"client-program", required_argument, nullptr, kClientProgram},
                            {nullptr, 0, nullptr, 0}};

int complain(std::string const& what) {
  std::fprintf(stderr, "qrexec-daemon: %s\nTry 'qrexec-daemon --help'.\n", what.c_str());
  return kUsageError;
}

std::variant<DaemonOptions, int> take_words(DaemonOptions options, int argc, char** argv) {
  int const count = argc - ::optind;
  if (count != 2 && count != 3) return complain("DOMID, NAME and perhaps DEFAULT_USER are needed");
  auto const domain = parse_domain_id(argv[::optind]);
  if (!domain || *domain == kDom0) return complain("DOMID must be a qube's number, 1 or more");
  options.domain = *domain;
  options.name = argv[::optind + 1];
  if (options.name.empty() || options.name.find('/') != std::string::npos) return complain("NAME is no qube's name");
  if (count == 3) options.default_user = argv[::optind + 2];
  if (options.default_user.empty() || options.default_user.size() > 31 || options.default_user.find(':') != std::string::npos) {
    return complain("DEFAULT_USER is no user's name");
  }
  if (options.uuid.empty() || options.uuid.find('/') != std::string::npos) return complain("--uuid=UUID is needed");
  if (char const* const time = std::getenv("QREXEC_STARTUP_TIMEOUT")) {
    auto const seconds = parse_decimal(time, 7 * 86400);
    if (!seconds) return complain("QREXEC_STARTUP_TIMEOUT is no number of seconds");
    options.startup_time = std::chrono::seconds(*seconds);
  }
  options.startup_nowait = std::getenv("QREXEC_STARTUP_NOWAIT") != nullptr;
  return options;
}

}  // namespace

std::variant<DaemonOptions, int> parse_daemon_options(int argc, char** argv, Paths const& paths) {
  DaemonOptions options;
  options.socket_folder = paths.qrexec_sockets();
  options.policy_program = own_program_folder() / "qrexec-policy-exec";
  options.client_program = own_program_folder() / "qrexec-client";
  options.admin_socket = paths.admin_socket();
  options.log_folder = paths.log();
  ::opterr = 0;
  for (int letter; (letter = ::getopt_long(argc, argv, "+qDu:p:hV", kLong, nullptr)) != -1;) {
    switch (letter) {
      case 'q': break;
      case 'D': options.direct = true; break;
      case 'u': options.uuid = ::optarg; break;
      case 'p': options.policy_program = ::optarg; break;
      case kSocketDir: options.socket_folder = ::optarg; break;
      case kPolicySocket: options.policy_socket = ::optarg; break;
      case kClientProgram: options.client_program = ::optarg; break;
      case 'h': std::fputs(kHelp, stdout); return 0;
      case 'V': std::puts("qrexec-daemon (Bulkhead) " BH_VERSION); return 0;
      default: return complain("unknown option");
    }
  }
  // Who brings a policy program of his own means that one.
  if (!options.policy_socket && options.policy_program == own_program_folder() / "qrexec-policy-exec") {
    options.policy_socket = policy::policy_socket(paths);
  }
  return take_words(std::move(options), argc, argv);
}

}  // namespace bh::qrexec
