#include "qrexec/client/client_options.h"

#include <getopt.h>

#include <cstdio>

#include "base/number.h"

namespace bh::qrexec {

namespace {

constexpr int kUsageError = 1;

constexpr char kHelp[] =
    "Usage: qrexec-client [OPTION...] -d QUBE COMMAND\n"
    "Runs COMMAND in a qube, from dom0, with our stdin, stdout and stderr; exits with its exit code.\n"
    "COMMAND is USER:LINE (a line for the user's shell), or USER:QUBESRPC SERVICE+ARGUMENT SOURCE; USER may be DEFAULT.\n"
    "\n"
    "  -d QUBE           name, domain number or uuid:UUID; dom0 runs a service here\n"
    "  -l PROGRAM        connect the command to this local shell line, not to our stdin and stdout\n"
    "  -e                only start it: no streams, no waiting\n"
    "  -E, --no-exit-code  exit with 0 whatever the command's exit code\n"
    "  -c ID,NAME,NUMBER answer the request ID of qube NAME with that domain number (qrexec-daemon uses this)\n"
    "  -t, -T            show control characters in the command's output (-T: errors) as '_'\n"
    "  -w SECONDS        how long the qube may take to connect (10; 0: for ever)\n"
    "  -W                with -c: wait until the call has ended\n"
    "  -k                kill the qube at the end\n"
    "  -p, --prefix-data=TEXT  send TEXT before our stdin\n"
    "  --socket-dir=DIR  where qrexec-daemons listen\n"
    "  --use-stdin-socket  descriptor 0 is a socket for both directions\n"
    "  -h, --help        -V, --version\n"
    "\n"
    "Examples:\n"
    "  qrexec-client -d work 'user:uname -a'\n"
    "  qrexec-client -d work -e 'DEFAULT:QUBESRPC qubes.StartApp+foot dom0'\n"
    "Exit codes: the command's; 125 a problem of qrexec; 255 the connection was lost; 1 wrong usage.\n";

constexpr option kLong[] = {
    {"help", no_argument, nullptr, 'h'},        {"version", no_argument, nullptr, 'V'},
    {"no-exit-code", no_argument, nullptr, 'E'}, {"prefix-data", required_argument, nullptr, 'p'},
    {"socket-dir", required_argument, nullptr, 1000}, {"use-stdin-socket", no_argument, nullptr, 1001},
    {nullptr, 0, nullptr, 0}};

int complain(std::string const& what) {
  std::fprintf(stderr, "qrexec-client: %s\nTry 'qrexec-client --help'.\n", what.c_str());
  return kUsageError;
}

std::optional<AnswerRequest> parse_answer(std::string_view text) {
  std::size_t const first = text.find(',');
  std::size_t const second = first == std::string_view::npos ? first : text.find(',', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  auto ident = Ident::parse(text.substr(0, first));
  auto const source = parse_domain_id(text.substr(second + 1));
  std::string const name(text.substr(first + 1, second - first - 1));
  if (!ident || !source || name.empty()) return std::nullopt;
  return AnswerRequest{*std::move(ident), name, *source};
}

// nullopt: fine; else the exit code.
std::optional<int> take_option(ClientOptions& options, int letter, char const* value) {
  switch (letter) {
    case 'd': options.target = value; break;
    case 'l': options.local_program = value; break;
    case 'e': options.just_exec = true; break;
    case 'E': options.ignore_exit_code = true; break;
    case 't': options.filter_output = true; break;
    case 'T': options.filter_errors = true; break;
    case 'W': options.wait_for_end = true; break;
    case 'k': options.kill_at_end = true; break;
    case 'p': options.prefix = value; break;
    case 1000: options.socket_folder = value; break;
    case 1001: options.socket_stdin = true; break;
    case 'c':
      options.answer = parse_answer(value);
      if (!options.answer) return complain("-c takes ID,NAME,NUMBER");
      break;
    case 'w': {
      auto const seconds = parse_decimal(value, 86400);
      if (!seconds) return complain("-w takes a number of seconds, at most 86400");
      options.connect_time = std::chrono::seconds(*seconds);
      break;
    }
    case 'h': std::fputs(kHelp, stdout); return 0;
    case 'V': std::puts("qrexec-client (Bulkhead) " BH_VERSION); return 0;
    default: return complain("unknown option");
  }
  return std::nullopt;
}

}  // namespace

bool ClientOptions::to_dom0() const {
  return target == "dom0" || target == "@adminvm" || target == "0" || target == "uuid:00000000-0000-0000-0000-000000000000";
}

std::variant<ClientOptions, int> parse_client_options(int argc, char** argv, Paths const& paths) {
  ClientOptions options;
  options.socket_folder = paths.qrexec_sockets();
  ::opterr = 0;
  for (int letter; (letter = ::getopt_long(argc, argv, "+d:l:eEc:tTw:Wkp:hV", kLong, nullptr)) != -1;) {
    if (auto const code = take_option(options, letter, ::optarg)) return *code;
  }
  if (options.target.empty()) return complain("-d QUBE is missing");
  if (::optind + 1 != argc) return complain("exactly one COMMAND is needed, as one word");
  options.command = argv[::optind];
  int const exclusive = (options.just_exec ? 1 : 0) + (options.local_program ? 1 : 0) + (options.answer ? 1 : 0);
  if (exclusive > 1) return complain("-e, -l and -c exclude one another");
  if (options.wait_for_end && !options.answer) return complain("-W needs -c");
  if (options.socket_stdin && exclusive > 0) return complain("--use-stdin-socket excludes -e, -l and -c");
  if (options.command.empty() || options.command.size() + 1 > kMaxExecBody - 8) return complain("COMMAND is empty or too long");
  return options;
}

}  // namespace bh::qrexec
