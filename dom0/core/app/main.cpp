// bulkheadd: the admin daemon of dom0. Holds the qubes' database, serves the Admin API, runs the machines. It never reads a guest's byte.
#include <getopt.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <optional>

#include "base/file_limit.h"
#include "base/log.h"
#include "dom0/core/app/app.h"
#include "dom0/core/app/store_snapshots.h"
#include "hypervisor/qemu/accel_probe.h"
#include "hypervisor/qemu/qemu_vmm.h"
#include "hypervisor/qemu/tsc_rate.h"

namespace {

constexpr char const* kHelp = R"(bulkheadd - the admin daemon of Bulkhead

Usage: bulkheadd [--stop-qubes-on-exit] [--accel auto|tcg] [--snapshots auto|manual|off]

  --stop-qubes-on-exit   on SIGTERM or SIGINT shut all qubes down (and kill those that do not listen) before ending;
                         without it qubes go on running and the next bulkheadd takes them over
  --accel auto|tcg       auto (default): KVM if a probe proves that it works here, else TCG; tcg: always TCG, without a probe
  --snapshots auto|manual|off
                         auto (default): qubes start from snapshots of their templates, made in the background where one is missing;
                         manual: only `bulkhead snapshot build` makes them; off: every start is a boot
  --jail LEVEL           how QEMU is confined: own-uid (root only), subordinate, same-uid, none (for debugging only);
                         without it the strongest that this host lets us build; one that cannot be built is an error, never left out
  --help, --version

Environment:
  BULKHEAD_ROOT   keep every file, socket and log below this folder (default: the system's places, /var/lib/bulkhead and others)
  DISPLAY         if set, qubes' windows are shown there; if not, qubes run without windows
  BULKHEAD_LOG    debug, info (default), warning, error

Examples:
  BULKHEAD_ROOT=$HOME/bh bulkheadd                  try it out below one folder
  bulkheadd --stop-qubes-on-exit                    for a session that should leave nothing running

Logs to stderr and to bulkheadd.log in the folder of logs (bulkhead log bulkheadd).
Exit status: 0 ended by a signal; 1 could not start (the reason is on stderr); 2 wrong usage.
)";

struct Arguments {
  bool stop_qubes_on_exit = false;
  bool only_tcg = false;
  std::optional<bh::jail::Level> jail;
  enum class Snapshots { automatic, manual, off } snapshots = Snapshots::automatic;
};

[[noreturn]] void usage(std::string const& problem) {
  std::fprintf(stderr, "bulkheadd: %s; see bulkheadd --help\n", problem.c_str());
  std::exit(2);
}

Arguments parse(int argc, char** argv) {
  static option const kOptions[] = {{"stop-qubes-on-exit", no_argument, nullptr, 's'}, {"accel", required_argument, nullptr, 'a'},
                                    {"snapshots", required_argument, nullptr, 'S'},
                                    {"jail", required_argument, nullptr, 'j'},
                                    {"help", no_argument, nullptr, 'h'}, {"version", no_argument, nullptr, 'v'}, {}};
  Arguments arguments;
  int choice = 0;
  while ((choice = ::getopt_long(argc, argv, "h", kOptions, nullptr)) != -1) {
    switch (choice) {
      case 's': arguments.stop_qubes_on_exit = true; break;
      case 'a':
        if (std::string_view(optarg) == "tcg") arguments.only_tcg = true;
        else if (std::string_view(optarg) != "auto") usage("--accel is auto or tcg");
        break;
      case 'S':
        if (std::string_view(optarg) == "manual") arguments.snapshots = Arguments::Snapshots::manual;
        else if (std::string_view(optarg) == "off") arguments.snapshots = Arguments::Snapshots::off;
        else if (std::string_view(optarg) != "auto") usage("--snapshots is auto, manual or off");
        break;
      case 'j':
        arguments.jail = bh::jail::parse_level(optarg);
        if (!arguments.jail) usage("--jail is own-uid, subordinate, same-uid or none");
        break;
      case 'h': std::fputs(kHelp, stdout); std::exit(0);
      case 'v': std::puts("bulkheadd " BH_VERSION); std::exit(0);
      default: usage("wrong usage");
    }
  }
  if (optind < argc) usage(std::string("unexpected argument ") + argv[optind]);
  return arguments;
}

// False: no jail can be built, and running qubes without one is nothing to fall back to unasked.
bool say_jail(bh::qemu::QemuJailOptions const& options) {
  auto const plan = bh::qemu::QemuJail(options).plan(bh::machine::Accel::tcg);
  if (!plan) {
    bh::log::error("cannot start: " + plan.error().message + "; --jail none would run qubes without a jail");
    return false;
  }
  std::string const text = std::string("QEMU runs in a jail of level ") + bh::jail::to_string(plan->level) + (plan->reason.empty() ? "" : ": " + plan->reason);
  if (plan->level == bh::jail::Level::own_uid) bh::log::info(text);
  else bh::log::warning(text + "; other programs of this user can reach such qubes");
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments const arguments = parse(argc, argv);
  bh::log::start("bulkheadd");
  ::signal(SIGPIPE, SIG_IGN);
  // A running qube takes about 16 descriptors, and 256 clients may be connected.
  (void)bh::raise_file_limit(8192);
  bh::Paths const paths = bh::Paths::from_environment();
  // Whoever started us may have thrown stderr away; `bulkhead log bulkheadd` reads this. The folder's absence is told by App::open.
  if (paths.create()) {
    if (auto const filed = bh::log::add_file(paths.log() / "bulkheadd.log"); !filed) bh::log::warning(filed.error().message);
  }
  char const* const display = std::getenv("DISPLAY");
  bh::dom0::AppOptions options{paths, bh::own_program_folder(), display != nullptr && *display != '\0', arguments.stop_qubes_on_exit,
                               bh::qemu::host_tsc_rate()};
  options.build_snapshots = arguments.snapshots == Arguments::Snapshots::automatic;
  if (arguments.snapshots != Arguments::Snapshots::off) {
    auto opened = bh::dom0::StoreSnapshots::open(paths.lib() / "snapshots");
    if (opened) options.snapshots = std::move(*opened);
    else bh::log::error("every start will be a boot: " + opened.error().message);
  }
  options.policy_daemon = true;
  if (!options.with_display) bh::log::warning("DISPLAY is not set: qubes run without windows");

  bh::qemu::QemuJailOptions jail;
  jail.level = arguments.jail;
  if (!say_jail(jail)) return 1;
  auto const probe = [&](bh::volumes::TemplateImage const& image) -> bh::Result<bh::qemu::AccelAnswer> {
    if (arguments.only_tcg) return bh::qemu::AccelAnswer{bh::machine::Accel::tcg, "asked for with --accel tcg"};
    bh::qemu::AccelProbe question;
    question.kernel = image.kernel;
    question.initrd = image.initrd;
    question.cache = paths.cache() / "accel-answer";
    question.jail = jail;
    return bh::qemu::probe_accel(question);
  };
  bh::qemu::QemuVmm vmm(jail);
  auto app = bh::dom0::App::open(std::move(options), vmm, probe);
  if (!app) {
    bh::log::error("cannot start: " + app.error().message);
    return 1;
  }
  (*app)->run();
  return 0;
}
