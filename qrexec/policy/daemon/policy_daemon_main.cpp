// qrexec-policy-daemon: decides qrexec calls by the policy (qrexec.md 12). main() only wires.
#include <getopt.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <variant>

#include "base/display_text.h"
#include "base/file_limit.h"
#include "base/log.h"
#include "base/number.h"
#include "base/service_notice.h"
#include "base/unix_socket.h"
#include "qrexec/policy/daemon/places.h"
#include "qrexec/policy/daemon/policy_server.h"

namespace {

using namespace bh;
using namespace bh::policy;

constexpr char kHelp[] =
    R"(Decides qrexec calls by the policy, and has a person asked where a rule says so. Whatever goes wrong is a deny.

usage: qrexec-policy-daemon [OPTIONS]

  --policy-path DIR         a policy folder; may be repeated (default: the system's, or below $BULKHEAD_ROOT)
  --legacy-path DIR         what !compat-4.0 reads
  --socket-path PATH        where qrexec-daemon asks (default: policy.sock in the run folder)
  --eval-socket-path PATH   serve policy.EvalSimple there (default: not)
  --gui-socket-path PATH    serve policy.EvalGUI there (default: not)
  --agent-socket-path PATH  where qrexec-policy-agent listens (default: policy-agent.sock in the run folder)
  --parent PID              end when this process, which must have started it, ends
  --help, --version

example:
  qrexec-policy-daemon --policy-path /etc/qubes/policy.d --socket-path /tmp/policy.sock
exit status: 0 ended by SIGTERM, 1 cannot serve, 2 wrong usage
)";

struct Options {
  PolicyFolders policy;
  std::filesystem::path socket, prompt, admin;
  std::optional<std::filesystem::path> eval, gui;
  std::optional<int> parent;
};

enum : int { kPolicy = 1000, kLegacy, kSocket, kEval, kGui, kAgent, kParent };
constexpr option kLong[] = {{"policy-path", required_argument, nullptr, kPolicy},
                            {"legacy-path", required_argument, nullptr, kLegacy},
                            {"socket-path", required_argument, nullptr, kSocket},
                            {"eval-socket-path", required_argument, nullptr, kEval},
                            {"gui-socket-path", required_argument, nullptr, kGui},
                            {"agent-socket-path", required_argument, nullptr, kAgent},
                            {"parent", required_argument, nullptr, kParent},
                            {"help", no_argument, nullptr, 'h'},
                            {"version", no_argument, nullptr, 'V'},
                            {nullptr, 0, nullptr, 0}};

std::variant<Options, int> parse(int argc, char** argv, Paths const& paths) {
  Options options;
  options.socket = policy_socket(paths);
  options.prompt = prompt_socket(paths);
  options.admin = paths.admin_socket();
  ::opterr = 0;
  for (int letter; (letter = ::getopt_long(argc, argv, "+h", kLong, nullptr)) != -1;) {
    switch (letter) {
      case kPolicy: options.policy.folders.emplace_back(::optarg); break;
      case kLegacy: options.policy.legacy = ::optarg; break;
      case kSocket: options.socket = ::optarg; break;
      case kEval: options.eval = ::optarg; break;
      case kGui: options.gui = ::optarg; break;
      case kAgent: options.prompt = ::optarg; break;
      case kParent: {
        auto const pid = parse_decimal(::optarg, 1 << 22);
        if (!pid) return std::fputs("qrexec-policy-daemon: --parent needs a process number\n", stderr), 2;
        options.parent = static_cast<int>(*pid);
        break;
      }
      case 'h': std::fputs(kHelp, stdout); return 0;
      case 'V': std::puts("qrexec-policy-daemon (Bulkhead) " BH_VERSION); return 0;
      default: std::fputs("qrexec-policy-daemon: unknown option or missing value\nTry --help.\n", stderr); return 2;
    }
  }
  if (::optind != argc) return std::fputs("qrexec-policy-daemon: it takes no words, only options\nTry --help.\n", stderr), 2;
  if (options.policy.folders.empty()) {
    for (auto const& folder : paths.policy_dirs()) options.policy.folders.push_back(folder.string());
    if (!options.policy.legacy) options.policy.legacy = (paths.dom0_services() / "policy").string();
  }
  return options;
}

Result<UniqueFd> watch_signals() {
  // A lease on a policy file that is broken by its writer tells so with SIGIO; we let go of it at once anyway.
  ::signal(SIGIO, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  for (int const number : {SIGTERM, SIGINT}) sigaddset(&set, number);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return Failure{Error::from_errno("block signals")};
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.open()) return Failure{Error::from_errno("wait for signals")};
  return fd;
}

// The socket files that this process made. A successor may have put its own in their place already: those stay.
class OwnSockets {
 public:
  void made(std::filesystem::path const& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) all_.push_back({path, info.st_dev, info.st_ino});
  }
  ~OwnSockets() {
    for (auto const& [path, device, inode] : all_) {
      struct stat info {};
      if (::stat(path.c_str(), &info) == 0 && info.st_dev == device && info.st_ino == inode) ::unlink(path.c_str());
    }
  }

 private:
  struct Made {
    std::filesystem::path path;
    dev_t device;
    ino_t inode;
  };
  std::vector<Made> all_;
};

Result<std::vector<PolicyServer::Door>> open_doors(Options const& options, OwnSockets& sockets) {
  std::vector<PolicyServer::Door> doors;
  auto const open = [&](std::filesystem::path const& path, QuestionKind kind) -> Result<void> {
    BH_TRY(listener, listen_unix(path, 256, 0660));
    sockets.made(path);
    BH_CHECK(set_nonblocking(listener, true));
    doors.push_back({std::move(listener), kind});
    return {};
  };
  BH_CHECK(open(options.socket, QuestionKind::decision));
  if (options.eval) BH_CHECK(open(*options.eval, QuestionKind::eval_simple));
  if (options.gui) BH_CHECK(open(*options.gui, QuestionKind::eval_gui));
  return doors;
}

// A policy that nobody keeps running is better asked from the program: it reads the files anew each time.
Result<void> bind_to(int parent) {
  if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return Failure{Error::from_errno("bind to the parent")};
  if (::getppid() != parent) return Failure{Error{"process " + std::to_string(parent) + " is not, or no longer, the one that started this", 0}};
  return {};
}

Result<void> serve(Options const& options) {
  if (options.parent) BH_CHECK(bind_to(*options.parent));
  BH_TRY(signals, watch_signals());
  raise_file_limit(2 * kMaxPolicyCalls + 256);
  BH_TRY(cache, PolicyCache::create(options.policy));
  OwnSockets sockets;
  BH_TRY(doors, open_doors(options, sockets));
  PolicyPlace place{options.admin, options.prompt, cache, {}, nullptr};
  if (char const* const notify = std::getenv("NOTIFY_SOCKET"); notify != nullptr && *notify != '\0') {
    if (auto const told = notify_service_ready(notify); !told) log::warning(told.error().message);
  }
  return PolicyServer(std::move(doors), place, std::move(signals)).run();
}

}  // namespace

int main(int argc, char** argv) {
  log::start("qrexec-policy-daemon");
  auto const parsed = parse(argc, argv, Paths::from_environment());
  if (auto const* code = std::get_if<int>(&parsed)) return *code;
  auto const served = serve(std::get<Options>(parsed));
  if (served) return 0;
  log::error(for_display(served.error().message));
  return 1;
}
