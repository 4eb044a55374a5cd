// bulkhead-personalise: makes a machine a certain qube. In the qube at its boot, or in a clone of a snapshot when dom0 says so; in dom0
// the one who says so.
#include <getopt.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "base/confine.h"
#include "base/number.h"
#include "hypervisor/personal/guest/guest.h"
#include "hypervisor/personal/guest/private_volume.h"
#include "hypervisor/personal/host.h"

namespace {

using namespace bh;
using namespace bh::personal;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kNoAnswer = 3;

constexpr char kHelp[] =
    "Usage: bulkhead-personalise host --domain D --vchan-dir DIR --facts-file FILE [--timeout SECONDS]\n"
    "       bulkhead-personalise boot | guest | sync | hold PROGRAM [ARGUMENT...]\n"
    "Makes a machine a certain qube.\n"
    "\n"
    "In dom0, for a clone of a snapshot:\n"
    "  host   waits for the clone at port 511, sends it entropy, the time and its guest.env; prints 'reseeded', then 'personalised',\n"
    "         or 'failed TEXT'\n"
    "In the qube, by its units, as root:\n"
    "  boot   name, clock and volumes, from /run/bulkhead/qube.env; with WARM=prepare in it only marks the machine as held\n"
    "  guest  in a machine that is held: serves port 511 (the sign that it can be saved), follows the orders, ends\n"
    "  sync   writes the private volume out\n"
    "  hold   becomes PROGRAM, in its home, once the machine is no longer held (for programs of a snapshot)\n"
    "\n"
    "  --help, --version\n"
    "Examples:\n"
    "  bulkhead-personalise host --domain 7 --vchan-dir run/vchan --facts-file run/qubes/work/guest.env\n"
    "  foot bulkhead-personalise hold bash -l\n"
    "Exit codes: 0 done; 1 failed; 2 wrong usage; 3 (host) the clone did not answer in time.\n";

int complain(std::string const& what) {
  std::fprintf(stderr, "bulkhead-personalise: %s\nTry 'bulkhead-personalise --help'.\n", what.c_str());
  return kUsage;
}

constexpr option kHostOptions[] = {{"domain", required_argument, nullptr, 'd'},
                                   {"vchan-dir", required_argument, nullptr, 'v'},
                                   {"facts-file", required_argument, nullptr, 'f'},
                                   {"timeout", required_argument, nullptr, 't'},
                                   {nullptr, 0, nullptr, 0}};

std::variant<HostOptions, int> parse_host(int argc, char** argv) {
  HostOptions options;
  ::opterr = 0;
  for (int letter; (letter = ::getopt_long(argc, argv, "+", kHostOptions, nullptr)) != -1;) {
    if (letter == 'd') {
      auto const domain = parse_domain_id(::optarg);
      if (!domain || *domain == kDom0) return complain("--domain: give the qube's number, 1 to 32750");
      options.domain = *domain;
    } else if (letter == 'v') {
      options.vchan_folder = ::optarg;
    } else if (letter == 'f') {
      options.facts_file = ::optarg;
    } else if (letter == 't') {
      auto const seconds = parse_decimal(::optarg, 3600);
      if (!seconds || *seconds == 0) return complain("--timeout: give seconds, 1 to 3600");
      options.timeout = std::chrono::seconds(*seconds);
    } else {
      return complain("unknown option, or one without its value");
    }
  }
  if (::optind != argc) return complain("no words are expected after the options");
  if (options.domain == kDom0 || options.vchan_folder.empty() || options.facts_file.empty()) {
    return complain("host needs --domain, --vchan-dir and --facts-file");
  }
  return options;
}

// Before the first byte of the clone.
Result<void> confine_host(HostOptions const& options) {
  std::error_code error;
  auto const facts = std::filesystem::absolute(options.facts_file, error).parent_path();
  if (error) return Failure{Error::from_errno("find " + options.facts_file.string(), error.value())};
  auto calls = daemon_calls();
  calls.push_back({"inotify_init1"});
  return confine({{{facts, options.vchan_folder}, {}}, std::move(calls), parse_strictness(std::getenv("BULKHEAD_CONFINE"))});
}

int run_host(int argc, char** argv) {
  auto const parsed = parse_host(argc, argv);
  if (auto const* code = std::get_if<int>(&parsed)) return *code;
  auto const& options = std::get<HostOptions>(parsed);
  if (auto const confined = confine_host(options); !confined) {
    std::fprintf(stderr, "bulkhead-personalise: not confined, so not going on: %s\n", confined.error().message.c_str());
    return kFailed;
  }
  switch (personalise(options, stdout)) {
    case HostEnd::personalised: return 0;
    case HostEnd::failed: return kFailed;
    case HostEnd::no_answer: return kNoAnswer;
  }
  return kFailed;
}

// The console of a qube shows such lines to dom0.
int tell(Result<void> const& done) {
  if (done) return 0;
  std::fprintf(stderr, "BULKHEAD-ERROR: %s\n", done.error().message.c_str());
  return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  std::string const mode = argc > 1 ? argv[1] : "";
  std::vector<std::string> const rest(argv + std::min(argc, 2), argv + argc);
  if (mode == "--help" || mode == "-h") return std::fputs(kHelp, stdout), 0;
  if (mode == "--version") return std::puts("bulkhead-personalise (Bulkhead) " BH_VERSION), 0;
  if (mode == "host") return run_host(argc - 1, argv + 1);
  if (mode == "hold") return rest.empty() ? complain("hold what?") : tell(hold({}, rest));
  if (mode.empty()) return complain("what shall be done?");
  if (mode != "boot" && mode != "guest" && mode != "sync") return complain("unknown word '" + mode + "'");
  if (!rest.empty()) return complain("'" + mode + "' takes nothing else");
  if (mode == "boot") return tell(boot({}));
  if (mode == "guest") return tell(serve({}));
  return tell(sync_private_volume());
}
