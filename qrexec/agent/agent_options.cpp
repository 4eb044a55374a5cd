#include "qrexec/agent/agent_options.h"

#include <getopt.h>

#include <cstdio>
#include <string>

namespace bh::qrexec {

namespace {

constexpr int kUsageError = 2;

constexpr char kHelp[] =
    "Usage: qrexec-agent [OPTION...]\n"
    "Runs in a qube: starts what dom0 asks for, and passes calls of the qube's own programs to dom0.\n"
    "\n"
    "  -a, --agent-socket=PATH   where qrexec-client-vm connects (/var/run/qubes/qrexec-agent)\n"
    "  -S, --no-fork-server      start everything itself (always so in this version)\n"
    "  -s, --fork-server-socket=FORMAT  accepted; there is no fork server in this version\n"
    "  -H, --hold-file=PATH      offer nothing to dom0 while this file exists; then take the qube's settings anew from /run/bulkhead/qube.env\n"
    "  -h, --help                -V, --version\n"
    "Environment: VCHAN_DOMAIN, VCHAN_SOCKET_DIR (else from /run/bulkhead/qube.env), QREXEC_SERVICE_PATH, QUBES_RPC_CONFIG_PATH,\n"
    "NOTIFY_SOCKET (READY=1 once dom0 has answered, or when held), QREXEC_NO_ROOT (run services as ourselves, even as root)\n"
    "\n"
    "Example:\n"
    "  VCHAN_DOMAIN=42 VCHAN_SOCKET_DIR=/tmp/vchan qrexec-agent --no-fork-server --agent-socket=/tmp/agent\n"
    "Exit codes: 0 ended by SIGTERM; 1 a broken system; 2 wrong usage.\n";

constexpr option kLong[] = {{"help", no_argument, nullptr, 'h'},
                            {"version", no_argument, nullptr, 'V'},
                            {"agent-socket", required_argument, nullptr, 'a'},
                            {"hold-file", required_argument, nullptr, 'H'},
                            {"no-fork-server", no_argument, nullptr, 'S'},
                            {"fork-server-socket", required_argument, nullptr, 's'},
                            {nullptr, 0, nullptr, 0}};

int complain(std::string const& what) {
  std::fprintf(stderr, "qrexec-agent: %s\nTry 'qrexec-agent --help'.\n", what.c_str());
  return kUsageError;
}

}  // namespace

std::variant<AgentOptions, int> parse_agent_options(int argc, char** argv) {
  AgentOptions options;
  ::opterr = 0;
  for (int letter; (letter = ::getopt_long(argc, argv, "+a:H:Ss:hV", kLong, nullptr)) != -1;) {
    switch (letter) {
      case 'a': options.socket = ::optarg; break;
      case 'H': options.hold_file = ::optarg; break;
      case 'S':
      case 's': break;
      case 'h': std::fputs(kHelp, stdout); return 0;
      case 'V': std::puts("qrexec-agent (Bulkhead) " BH_VERSION); return 0;
      default: return complain("unknown option");
    }
  }
  if (::optind != argc) return complain("no words are expected after the options");
  return options;
}

}  // namespace bh::qrexec
