#include "gui-daemon/daemon/app/options.h"

#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/number.h"
#include "base/paths.h"

namespace bh::gui {
namespace {

constexpr char const* kExamples = R"(Examples:
  bulkhead-gui-daemon --domain 5 --name work --label blue --window-memory-fd 7
  QUBE_NAME=work QUBE_LABEL=blue QUBE_COLOR=0x3465a4 bulkhead-gui-daemon --domain 5
DISPLAY (and XAUTHORITY) name the user's X server, VCHAN_SOCKET_DIR the folder of the channels.
Runs until it is stopped (SIGTERM), and reconnects whenever the qube's agent comes back.
Exit codes: 0 stopped, 1 the X server is gone or cannot be used, 2 wrong options.)";

struct Text {
  std::string name, label, colour, domain, own_domain, vchan_directory, grant_directory;
  int window_memory_fd = -1;
  bool hatched = false;
};

Result<Options> check(Text const& text) {
  auto name = DomainName::parse(text.name);
  if (!name) return Failure{Error{std::string("--name: ") + to_string(name.error())}};
  std::uint32_t const index = label_index(text.label);
  auto const colour = text.colour.empty() ? label_colour(index) : Colour::parse(text.colour);
  if (!colour) return Failure{Error{"--color: give 0xRRGGBB, or one of the known labels with --label"}};
  auto const domain = parse_domain_id(text.domain);
  if (!domain || *domain == kDom0) return Failure{Error{"--domain: give the qube's domain number, 1 to 32751"}};
  auto const own_domain = parse_domain_id(text.own_domain);
  if (!own_domain) return Failure{Error{"VCHAN_DOMAIN: give our own domain number, 0 to 32751"}};
  Options options{Label{*std::move(name), index, *colour, text.hatched}, *domain, *own_domain, text.vchan_directory, text.grant_directory,
                  std::nullopt};
  if (options.vchan_directory.empty()) options.vchan_directory = Paths::from_environment().vchan_sockets();
  if (text.window_memory_fd >= 0) {
    if (::fcntl(text.window_memory_fd, F_SETFD, FD_CLOEXEC) != 0) return Failure{Error::from_errno("use --window-memory-fd")};
    options.window_memory = UniqueFd(text.window_memory_fd);
  }
  return options;
}

}  // namespace

ParsedOptions parse_options(int argc, char** argv) {
  Text text;
  text.own_domain = "0";
  CLI::App app("Shows the windows of one qube on the user's X server, each in a frame of the qube's label colour.", "bulkhead-gui-daemon");
  app.footer(kExamples);
  app.set_version_flag("--version", "bulkhead-gui-daemon " BH_VERSION);
  app.add_option("-d,--domain", text.domain, "domain number of the qube")->envname("QUBE_DOMAIN");
  app.add_option("-N,--name", text.name, "name of the qube")->envname("QUBE_NAME");
  app.add_option("-l,--label", text.label, "label: red, orange, yellow, green, gray, blue, purple, black, or its number")->envname("QUBE_LABEL");
  app.add_option("-c,--color,--colour", text.colour, "label colour, 0xRRGGBB (default: that of the label)")->envname("QUBE_COLOR");
  app.add_option("--window-memory-fd", text.window_memory_fd, "descriptor of the qube's window memory (switches the extension on)");
  app.add_flag("--hatched", text.hatched, "hatched frames: compatibility mode, isolation is not promised");
  app.add_option("--vchan-dir", text.vchan_directory, "folder of the vchan sockets")->envname("VCHAN_SOCKET_DIR");
  app.add_option("--own-domain", text.own_domain, "our own domain number")->envname("VCHAN_DOMAIN");
  app.add_option("--grant-dir", text.grant_directory, "folder of shared pages R.N (tests of the base protocol)")->envname("GRANT_DIR");
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return {std::nullopt, app.exit(error) == 0 ? 0 : 2};
  }
  auto options = check(text);
  if (!options) {
    std::fprintf(stderr, "bulkhead-gui-daemon: %s\nSee bulkhead-gui-daemon --help.\n", options.error().message.c_str());
    return {std::nullopt, 2};
  }
  return {*std::move(options), 0};
}

}  // namespace bh::gui
