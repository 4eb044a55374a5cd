// bulkhead-machine: one guest without the rest of Bulkhead. The "bare boot" that benches compare with, and a way to look at a
// template that does not come up.
#include <fcntl.h>
#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/temp_dir.h"
#include "hypervisor/machine/wait_for_event.h"
#include "hypervisor/qemu/accel_probe.h"
#include "hypervisor/qemu/qemu_vmm.h"
#include "hypervisor/qemu/snapshot_store.h"
#include "hypervisor/qemu/tool/console_watch.h"
#include "hypervisor/qemu/tool/options.h"
#include "hypervisor/qemu/tsc_rate.h"
#include "hypervisor/volumes/private_volume.h"
#include "hypervisor/volumes/template_image.h"

namespace bh::qemu::tool {
namespace {

using namespace machine;

volatile sig_atomic_t interrupted = 0;  // set by a signal handler, which can reach nothing else
void on_signal(int) { interrupted = 1; }

enum Exit { kDone = 0, kFailed = 1, kTimeUp = 3 };

struct Outcome {
  Exit exit = kFailed;
  std::string text;
  std::optional<std::int64_t> up_ms;
  std::optional<MachineRestored> restored;
  std::optional<std::int64_t> save_ms;
  std::optional<SnapshotInfo> saved;
  std::int64_t end_ms = 0;
};

std::int64_t milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count();
}

Result<AccelAnswer> choose_accel(Options const& options, volumes::TemplateImage const& image, TempDir const& temp) {
  if (options.accel == "kvm") return AccelAnswer{Accel::kvm, "asked for"};
  if (options.accel == "tcg") return AccelAnswer{Accel::tcg, "asked for"};
  AccelProbe probe;
  probe.kernel = image.kernel;
  probe.initrd = image.initrd;
  probe.deadline = options.probe_deadline;
  probe.cache = options.cache_file.empty() ? temp.path() / "accel" : std::filesystem::absolute(options.cache_file);
  return probe_accel(probe);
}

Result<MachineSpec> make_spec(Options const& options, volumes::TemplateImage const& image, Accel accel, TempDir const& temp) {
  MachineSpec spec;
  spec.name = "machine-" + image.name;
  spec.uuid = "00000000-0000-4000-8000-000000000001";
  spec.memory = Mebibytes(options.memory);
  spec.vcpus = VcpuCount(options.vcpus);
  spec.accel = accel;
  if (accel == Accel::tcg) spec.tsc = host_tsc_rate();
  spec.kernel = image.kernel;
  spec.initrd = image.initrd;
  spec.cmdline = image.cmdline + (options.append.empty() ? "" : " " + options.append);
  spec.root_image = image.root;
  spec.overlay_folder = temp.path();
  if (options.private_file.empty()) {
    BH_CHECK(volumes::create_private_volume(temp.path() / "volume"));
    spec.private_volume = volumes::private_volume(temp.path() / "volume");
  } else {
    spec.private_volume = std::filesystem::absolute(options.private_file);
  }
  spec.run_folder = temp.path();
  spec.log_file = temp.path() / "qemu.log";
  return spec;
}

// Until the machine stops, the texts are seen, time is up or a signal comes.
Outcome follow(Machine& machine, ConsoleWatch& console, Options const& options, Clock::time_point begin) {
  Outcome outcome;
  FILE* const out = options.json ? stderr : stdout;
  auto const show = [&](std::string const& text) {
    if (options.quiet) return;
    std::fwrite(text.data(), 1, text.size(), out);
    std::fflush(out);
  };
  auto const end = [&](Exit exit, std::string text) {
    outcome.exit = exit;
    outcome.text = std::move(text);
    return outcome;
  };
  for (bool pressed = false;;) {
    std::optional<MachineStopped> stopped;
    for (auto const& event : machine.handle()) {
      if (std::holds_alternative<MachineUp>(event)) outcome.up_ms = milliseconds_since(begin);
      if (auto const* restored = std::get_if<MachineRestored>(&event)) outcome.restored = *restored;
      if (auto const* last = std::get_if<MachineStopped>(&event)) stopped = *last;
    }
    for (auto text = console.next(); text && !text->empty(); text = console.next()) show(*text);
    if (!options.until.empty() && console.all_seen() && !pressed) {
      if (!options.power_off) return end(kDone, "every text was seen");
      pressed = machine.press_power_button().ok();
      if (!pressed) return end(kFailed, "the power button could not be pressed");
    }
    if (stopped) {
      bool const wanted = (pressed || options.until.empty()) && (stopped->reason == StopReason::guest_powered_off || stopped->reason == StopReason::guest_reset);
      return end(wanted ? kDone : kFailed, describe(*stopped));
    }
    if (interrupted != 0) return end(kFailed, "interrupted");
    if (Clock::now() - begin > options.timeout) return end(kTimeUp, "time is up");
    (void)wait_for(machine.pollable(), POLLIN, Clock::now() + std::chrono::milliseconds(10));
  }
}

void report(Options const& options, AccelAnswer const& accel, Outcome const& outcome, ConsoleWatch const& console) {
  std::fprintf(stderr, "bulkhead-machine: %s after %lld ms (%s)\n", outcome.text.c_str(), static_cast<long long>(outcome.end_ms), to_string(accel.accel));
  if (!options.json) return;
  nlohmann::json document{{"accel", to_string(accel.accel)}, {"accel_reason", accel.reason}, {"end_ms", outcome.end_ms}, {"result", outcome.text}};
  document["up_ms"] = outcome.up_ms ? nlohmann::json(*outcome.up_ms) : nlohmann::json(nullptr);
  document["seen_ms"] = console.seen();
  if (outcome.restored) {
    document["copy_ms"] = outcome.restored->copy.count();
    document["load_ms"] = outcome.restored->load.count();
  }
  if (outcome.saved) {
    document["save_ms"] = *outcome.save_ms;
    document["snapshot_bytes"] = outcome.saved->size.value();
    document["snapshot_key"] = outcome.saved->key;
  }
  std::printf("%s\n", document.dump().c_str());
}

struct Snapshots {
  SnapshotStore store;
  SnapshotKey key;
};

// Where to save to, or where from to restore: a store of its own, kept by the same rules as the daemon's.
Result<std::optional<Snapshots>> snapshots(Options const& options, MachineSpec& spec, volumes::TemplateImage const& image) {
  bool const restore = !options.restore_folder.empty();
  if (!restore && options.save_folder.empty()) return std::optional<Snapshots>();
  BH_TRY(store, SnapshotStore::open(std::filesystem::absolute(restore ? options.restore_folder : options.save_folder)));
  SnapshotFacts facts;
  facts.template_hash = image.hash;
  facts.tag = "bulkhead-machine";
  BH_TRY(key, snapshot_key(spec, facts));
  if (restore) {
    BH_TRY(files, store.find(key));
    spec.restore_from = std::move(files);
  }
  return std::optional<Snapshots>(Snapshots{std::move(store), std::move(key)});
}

Result<void> save(Machine& machine, Snapshots& snapshots, Outcome& outcome) {
  auto const begin = Clock::now();
  BH_TRY(target, snapshots.store.begin(snapshots.key));
  BH_CHECK(machine.save(target));
  auto const is_end = [](MachineEvent const& event) { return std::holds_alternative<MachineSaved>(event) || std::holds_alternative<RequestFailed>(event); };
  BH_TRY(end, wait_for_event(machine, is_end, begin + std::chrono::minutes(2)));
  if (auto const* refused = std::get_if<RequestFailed>(&end)) return Failure{Error{refused->text, 0}};
  BH_CHECK(machine.kill());
  BH_TRY(info, snapshots.store.commit(snapshots.key, "saved by bulkhead-machine"));
  outcome.save_ms = milliseconds_since(begin);
  outcome.saved = std::move(info);
  return {};
}

// Shows the port under another name for as long as the machine runs.
class ShownPort {
 public:
  static Result<ShownPort> show(std::filesystem::path const& port, std::string const& shown) {
    std::error_code error;
    if (!shown.empty()) std::filesystem::create_symlink(port, shown, error);
    if (error) return Failure{Error::from_errno("show the port as " + shown, error.value())};
    return ShownPort(shown);
  }
  ShownPort(ShownPort&& other) noexcept : shown_(std::exchange(other.shown_, {})) {}
  ~ShownPort() {
    std::error_code ignored;
    if (!shown_.empty()) std::filesystem::remove(shown_, ignored);
  }

 private:
  explicit ShownPort(std::string shown) : shown_(std::move(shown)) {}
  std::string shown_;
};

Result<Exit> run(Options const& options) {
  BH_TRY(image, volumes::open_template(options.template_folder));
  BH_TRY(temp, TempDir::create("bulkhead-machine"));
  BH_TRY(accel, choose_accel(options, image, temp));
  if (accel.accel == Accel::tcg) std::fprintf(stderr, "bulkhead-machine: TCG, which promises no isolation (%s)\n", accel.reason.c_str());
  if (options.probe_only) {
    std::printf("%s: %s\n", to_string(accel.accel), accel.reason.c_str());
    return kDone;
  }
  BH_TRY(spec, make_spec(options, image, accel.accel, temp));
  BH_TRY(store, snapshots(options, spec, image));
  BH_TRY(port, ShownPort::show(mux_socket(spec.run_folder), options.mux_socket));
  QemuVmm vmm;
  auto const begin = Clock::now();
  BH_TRY(machine, vmm.start(spec));
  auto log = open_file(console_log(spec.run_folder), O_RDONLY);
  if (!log) {
    BH_CHECK(machine->kill());
    return Failure{std::move(log).error()};
  }
  ConsoleWatch console(*std::move(log), options.until, begin);
  Outcome outcome = follow(*machine, console, options, begin);
  outcome.end_ms = milliseconds_since(begin);
  if (!options.save_folder.empty() && outcome.exit == kDone) {
    auto const saved = save(*machine, *store, outcome);
    if (!saved) outcome.exit = kFailed;
    outcome.text = saved ? "saved as " + outcome.saved->key : saved.error().message;
  }
  BH_CHECK(machine->kill());
  (void)wait_for_event<MachineStopped>(*machine, Clock::now() + std::chrono::seconds(5));
  report(options, accel, outcome, console);
  return outcome.exit;
}

}  // namespace
}  // namespace bh::qemu::tool

int main(int argc, char** argv) {
  auto const options = bh::qemu::tool::parse_options(argc, argv);
  if (auto const* answered = std::get_if<int>(&options)) return *answered;
  ::signal(SIGINT, bh::qemu::tool::on_signal);
  ::signal(SIGTERM, bh::qemu::tool::on_signal);
  auto const result = bh::qemu::tool::run(std::get<bh::qemu::tool::Options>(options));
  if (result) return *result;
  std::fprintf(stderr, "bulkhead-machine: %s\n", result.error().message.c_str());
  return bh::qemu::tool::kFailed;
}
