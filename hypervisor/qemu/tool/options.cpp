#include "hypervisor/qemu/tool/options.h"

#include <CLI/CLI.hpp>

namespace bh::qemu::tool {

namespace {

constexpr char const* kFooter = R"(Boots a template in a machine of its own, without the admin daemon, and shows its console. What the guest changes on its
root disk is thrown away. Exit status: 0 the guest ended by itself or every --until text was seen; 1 it could not be started or
failed; 2 bad usage; 3 time is up.

Examples:
  bulkhead-machine --template ~/.cache/bulkhead/templates/debian-12
  bulkhead-machine --template T --until 'Reached target' --json     # milliseconds to that console line, then stop
  bulkhead-machine --template T --until multi-user --power-off      # does the guest heed the power button?
  bulkhead-machine --template T --until Reached --save /tmp/s       # boots once, saves...
  bulkhead-machine --template T --restore /tmp/s --timeout 5        # ...and goes on from there in a fraction of a second
  bulkhead-machine --template T --probe                             # which accelerator works here, and why
  bulkhead-machine --template T --mux-socket /tmp/m.sock --timeout 600)";

}  // namespace

std::variant<Options, int> parse_options(int argc, char** argv) {
  Options options;
  std::int64_t timeout = options.timeout.count();
  std::int64_t probe_deadline = options.probe_deadline.count();
  CLI::App app("Boots one guest, for benches and debugging.", "bulkhead-machine");
  app.set_version_flag("--version", "bulkhead-machine " BH_VERSION);
  app.footer(kFooter);
  app.add_option("--template", options.template_folder, "folder with manifest.json")->required();
  app.add_option("--accel", options.accel, "auto probes KVM and falls back to TCG")->check(CLI::IsMember({"auto", "kvm", "tcg"}))->capture_default_str();
  app.add_option("--private", options.private_file, "existing raw image for the private disk (default: a blank one)")->check(CLI::ExistingFile);
  app.add_option("--mux-socket", options.mux_socket, "where to show the machine's bulkhead.mux port");
  app.add_option("--probe-cache", options.cache_file, "file that keeps the answer of --accel auto");
  app.add_option("--probe-deadline", probe_deadline, "seconds a kernel may take to come up under KVM")->check(CLI::Range(1, 3600))->capture_default_str();
  app.add_option("--append", options.append, "more kernel arguments");
  auto* const until = app.add_option("--until", options.until, "stop once the console has shown this text (may be repeated)");
  auto* const save = app.add_option("--save", options.save_folder, "once every --until text was seen, save the machine into this folder");
  save->needs(until);
  app.add_option("--restore", options.restore_folder, "go on from the machine that --save saved there, instead of booting")->excludes(save);
  app.add_flag("--power-off", options.power_off, "once every --until text was seen, press the power button and wait for the end");
  app.add_option("--memory", options.memory, "MiB")->capture_default_str();
  app.add_option("--vcpus", options.vcpus)->capture_default_str();
  app.add_option("--timeout", timeout, "seconds")->check(CLI::Range(1, 86400))->capture_default_str();
  app.add_flag("--json", options.json, "print timings as JSON to standard output; the console goes to standard error");
  app.add_flag("--quiet", options.quiet, "do not show the console");
  app.add_flag("--probe", options.probe_only, "only answer which accelerator works");
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  options.timeout = std::chrono::seconds(timeout);
  options.probe_deadline = std::chrono::seconds(probe_deadline);
  return options;
}

}  // namespace bh::qemu::tool
