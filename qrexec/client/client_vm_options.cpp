#include "qrexec/client/client_vm_options.h"

#include <getopt.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/number.h"

namespace bh::qrexec {

namespace {

constexpr int kUsageError = 2;

constexpr char kHelp[] =
    "Usage: qrexec-client-vm [OPTION...] TARGET SERVICE[+ARGUMENT] [PROGRAM [ARGUMENT...]]\n"
    "Calls a service of another qube, if dom0's policy allows it. Our stdin and stdout, or PROGRAM's, are connected to it.\n"
    "TARGET is a qube's name, dom0, or a keyword such as @default or @dispvm.\n"
    "\n"
    "  -t, --filter-escape-chars-stdout   show control characters as '_' (default if stdout is a terminal)\n"
    "  -T, --filter-escape-chars-stderr   the same for stderr\n"
    "      --no-filter-escape-chars-stdout, --no-filter-escape-chars-stderr\n"
    "  -a, --agent-socket=PATH            the qube's qrexec-agent (/var/run/qubes/qrexec-agent)\n"
    "  -p, --prefix-data=TEXT             send TEXT before stdin\n"
    "  -s, --source-qube=NAME             speak for another qube (only relays may)\n"
    "      --use-stdin-socket             descriptor 0 is a socket for both directions\n"
    "      --buffer-size=N                accepted; this transport sizes its buffers itself\n"
    "  -h, --help                         -V, --version\n"
    "\n"
    "Examples:\n"
    "  qrexec-client-vm @default qubes.GetDate\n"
    "  qrexec-client-vm vault qubes.Filecopy /usr/lib/qubes/qfile-send report.pdf\n"
    "Exit codes: the service's, else PROGRAM's; 126 refused; 125 a problem there; 255 connection lost; 1 no agent; 2 wrong usage.\n";

enum : int { kNoOut = 1000, kNoErr, kSocket, kBuffer };
constexpr option kLong[] = {{"help", no_argument, nullptr, 'h'},
                            {"version", no_argument, nullptr, 'V'},
                            {"filter-escape-chars-stdout", no_argument, nullptr, 't'},
                            {"filter-escape-chars-stderr", no_argument, nullptr, 'T'},
                            {"no-filter-escape-chars-stdout", no_argument, nullptr, kNoOut},
                            {"no-filter-escape-chars-stderr", no_argument, nullptr, kNoErr},
                            {"agent-socket", required_argument, nullptr, 'a'},
                            {"prefix-data", required_argument, nullptr, 'p'},
                            {"source-qube", required_argument, nullptr, 's'},
                            {"use-stdin-socket", no_argument, nullptr, kSocket},
                            {"buffer-size", required_argument, nullptr, kBuffer},
                            {nullptr, 0, nullptr, 0}};

int complain(std::string const& what) {
  std::fprintf(stderr, "qrexec-client-vm: %s\nTry 'qrexec-client-vm --help'.\n", what.c_str());
  return kUsageError;
}

std::variant<ClientVmOptions, int> take_words(ClientVmOptions options, int argc, char** argv) {
  if (argc - ::optind < 2) return complain("TARGET and SERVICE are needed");
  options.request.target = argv[::optind];
  // Old scripts write keywords with '$' (qrexec.md 4).
  std::replace(options.request.target.begin(), options.request.target.end(), '$', '@');
  options.request.service = argv[::optind + 1];
  options.program.assign(argv + ::optind + 2, argv + argc);
  if (options.socket_stdin && !options.program.empty()) return complain("--use-stdin-socket cannot be used with PROGRAM");
  return options;
}

}  // namespace

std::variant<ClientVmOptions, int> parse_client_vm_options(int argc, char** argv) {
  ClientVmOptions options;
  options.filter_output = ::isatty(1) != 0;
  options.filter_errors = ::isatty(2) != 0;
  ::opterr = 0;
  for (int letter; (letter = ::getopt_long(argc, argv, "+tTa:p:s:hV", kLong, nullptr)) != -1;) {
    switch (letter) {
      case 't': options.filter_output = true; break;
      case 'T': options.filter_errors = true; break;
      case kNoOut: options.filter_output = false; break;
      case kNoErr: options.filter_errors = false; break;
      case 'a': options.agent_socket = ::optarg; break;
      case 'p': options.prefix = ::optarg; break;
      case 's': options.request.source = ::optarg; break;
      case kSocket: options.socket_stdin = true; break;
      case kBuffer:
        if (!parse_decimal(::optarg, 1U << 30)) return complain("--buffer-size takes a number of bytes");
        break;
      case 'h': std::fputs(kHelp, stdout); return 0;
      case 'V': std::puts("qrexec-client-vm (Bulkhead) " BH_VERSION); return 0;
      default: return complain("unknown option");
    }
  }
  return take_words(std::move(options), argc, argv);
}

}  // namespace bh::qrexec
