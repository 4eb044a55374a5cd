// A machine that goes on where another was saved, without dom0: what restoring costs, what it is made of, and what a snapshot costs.
#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "hypervisor/machine/wait_for_event.h"
#include "hypervisor/qemu/memory_image.h"
#include "hypervisor/qemu/qemu_vmm.h"
#include "hypervisor/qemu/snapshot_store.h"
#include "hypervisor/qemu/tsc_rate.h"
#include "hypervisor/volumes/private_volume.h"
#include "hypervisor/volumes/template_image.h"
#include "tests/bench/all/bare_restore.h"
#include "tests/bench/all/row.h"
#include "tests/e2e/all/installation.h"

namespace bh::bench {

namespace {

using namespace std::chrono_literals;
using namespace machine;

constexpr int kRounds = 7;
constexpr char const* kMarker = "BULKHEAD-UNIT-REACHED";

double milliseconds_since(Clock::time_point begun) { return std::chrono::duration<double, std::milli>(Clock::now() - begun).count(); }
double mib(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

class Bench {
 public:
  static Result<Bench> make() {
    BH_TRY(temp, TempDir::create("bh-bench"));
    auto const target = temp.path() / "template";
    auto const built = e2e::run_program({(e2e::source_folder() / "templates/build").string(), "--quiet", "--bin", e2e::program(""), "--out", target.string()}, {}, 1200s);
    if (built.code != 0) return Failure{Error{"templates/build failed: " + built.err, 0}};
    BH_TRY(image, volumes::open_template(target));
    BH_TRY(store, qemu::SnapshotStore::open(temp.path() / "snapshots"));
    return Bench(std::move(temp), std::move(image), std::move(store));
  }

  void measure(std::vector<Row>& rows) {
    if (auto const built = build(rows); !built) return rows.push_back(Row{.id = "restore.snapshot-build", .skipped = built.error().message});
    if (auto const restored = restore(rows); !restored) rows.push_back(Row{.id = "restore.up", .skipped = restored.error().message});
    if (auto const copied = copy(rows); !copied) rows.push_back(Row{.id = "restore.copy", .skipped = copied.error().message});
  }

 private:
  Bench(TempDir temp, volumes::TemplateImage image, qemu::SnapshotStore store) : temp_(std::move(temp)), image_(std::move(image)), store_(std::move(store)) {}

  qemu::QemuVmm make_vmm() const {
    qemu::QemuJailOptions options;
    options.launcher = e2e::program("bulkhead-jail");
    return qemu::QemuVmm(options);
  }

  Result<MachineSpec> spec(std::string const& name) {
    MachineSpec made;
    made.name = name;
    made.uuid = "00000000-0000-4000-8000-000000000001";
    made.accel = Accel::tcg;
    made.tsc = tsc_;
    made.kernel = image_.kernel;
    made.initrd = image_.initrd;
    made.cmdline = image_.cmdline + " bulkhead.bench=unit";
    made.root_image = image_.root;
    made.overlay_folder = temp_.path();
    made.run_folder = temp_.path() / name;
    made.log_file = temp_.path() / (name + ".log");
    std::filesystem::create_directories(made.run_folder);
    BH_CHECK(volumes::create_private_volume(made.run_folder / "volume"));
    made.private_volume = volumes::private_volume(made.run_folder / "volume");
    return made;
  }

  Result<void> wait_for_marker(Machine& machine, std::filesystem::path const& console) {
    for (auto const deadline = Clock::now() + 120s; Clock::now() < deadline;) {
      (void)machine.handle();
      auto const text = read_file(console, std::size_t{4} << 20);
      if (text && text->find(kMarker) != std::string::npos) return {};
      (void)wait_for(machine.pollable(), POLLIN, Clock::now() + 20ms);
    }
    return Failure{Error{"the guest did not come up", 0}};
  }

  // From the start of the machine that is saved to the moment its snapshot can be used.
  Result<void> build(std::vector<Row>& rows) {
    auto vmm = make_vmm();
    auto const begun = Clock::now();
    BH_TRY(made, spec("saved"));
    qemu::SnapshotFacts facts;
    facts.template_hash = image_.hash;
    facts.tag = "bench";
    BH_TRY(key, qemu::snapshot_key(made, facts));
    key_ = key;
    BH_TRY(machine, vmm.start(made));
    auto const end = [&](Result<void> result) {
      (void)machine->kill();
      (void)wait_for_event<MachineStopped>(*machine, Clock::now() + 10s);
      return result;
    };
    if (auto up = wait_for_marker(*machine, console_log(made.run_folder)); !up) return end(std::move(up));
    double const booted = milliseconds_since(begun);
    auto const target = store_.begin(key_);
    if (!target) return end(Failure{target.error()});
    if (auto asked = machine->save(*target); !asked) return end(std::move(asked));
    if (auto const saved = wait_for_event<MachineSaved>(*machine, Clock::now() + 120s); !saved) return end(Failure{saved.error()});
    BH_CHECK(end({}));
    BH_TRY(info, store_.commit(key_, "bench"));
    double const all = milliseconds_since(begun);
    rows.push_back(Row{.id = "restore.snapshot-build", .value = all / 1e3, .unit = "s", .against = "the boot that it saves", .against_value = booted / 1e3});
    rows.push_back(Row{.id = "restore.snapshot-size", .value = mib(info.size.value()), .unit = "MiB", .against = "the machine's memory", .against_value = made.memory.value() * 1.0});
    return {};
  }

  Result<MachineSpec> clone(std::string const& name) {
    BH_TRY(made, spec(name));
    BH_TRY(files, store_.find(key_));
    made.restore_from = std::move(files);
    return made;
  }

  Result<void> restore(std::vector<Row>& rows) {
    auto vmm = make_vmm();
    std::vector<double> ours, theirs, starts, loads, copies, memory, parked;
    for (int round = 0; round < kRounds + 1; ++round) {
      // In turn, so that a noisy minute meets both.
      BH_TRY(bare_spec, clone("bare" + std::to_string(round)));
      BH_TRY(bare, bare_restore(bare_spec));
      BH_TRY(made, clone("clone" + std::to_string(round)));
      auto const begun = Clock::now();
      BH_TRY(machine, vmm.start(made));
      auto const restored = wait_for_event<MachineRestored>(*machine, Clock::now() + 60s);
      double const up = milliseconds_since(begun);
      std::uint64_t const held = machine->memory_in_use().value_or(ByteCount(0)).value() + private_memory(machine->pid());
      (void)machine->kill();
      (void)wait_for_event<MachineStopped>(*machine, Clock::now() + 10s);
      if (!restored) return Failure{restored.error()};
      // The first round looks for the jail's files and reads everything into the host's cache.
      if (round == 0) continue;
      ours.push_back(up);
      theirs.push_back(bare.up_ms);
      starts.push_back(bare.started_ms);
      parked.push_back(mib(bare.parked_bytes));
      copies.push_back(static_cast<double>(restored->copy.count()));
      loads.push_back(static_cast<double>(restored->load.count()));
      memory.push_back(mib(held));
    }
    rows.push_back(Row{.id = "restore.up", .value = median(ours), .unit = "ms", .against = "bare QEMU, memory in place, no jail", .against_value = median(theirs), .ratio_at_most = 2});
    rows.push_back(Row{.id = "restore.load", .value = median(loads), .unit = "ms"});
    rows.push_back(Row{.id = "restore.memory-copied-in", .value = median(copies), .unit = "ms", .against = "bare QEMU's start, at the same time", .against_value = median(starts)});
    // What a pool of parked processes could save at most, and what each of them would hold.
    rows.push_back(Row{.id = "restore.process-start", .value = median(starts), .unit = "ms", .against = "our restore", .against_value = median(ours)});
    rows.push_back(Row{.id = "restore.parked-process", .value = median(parked), .unit = "MiB"});
    rows.push_back(Row{.id = "clone.memory", .value = median(memory), .unit = "MiB"});
    return {};
  }

  // The snapshot's memory into fresh memory, against one memcpy of as many bytes within the process.
  Result<void> copy(std::vector<Row>& rows) {
    BH_TRY(files, store_.find(key_));
    BH_TRY(made, spec("copy"));
    ByteCount const size = mebibytes(made.memory.value());
    std::vector<double> ours, theirs;
    for (int round = 0; round < kRounds; ++round) {
      BH_TRY(ram, make_sealed_memory("bench", size.value()));
      auto begun = Clock::now();
      BH_TRY(bytes, qemu::load_memory({*files.memory, ram, size}, 2, {}));
      ours.push_back(milliseconds_since(begun));
      std::vector<std::byte> const from(bytes, std::byte{1});
      std::vector<std::byte> to(bytes, std::byte{2});
      begun = Clock::now();
      std::memcpy(to.data(), from.data(), bytes);
      theirs.push_back(milliseconds_since(begun));
      if (to[bytes / 2] != std::byte{1}) return Failure{Error{"memcpy did nothing", 0}};
    }
    rows.push_back(Row{.id = "restore.copy", .value = median(ours), .unit = "ms", .against = "memcpy of as much, memory already there", .against_value = median(theirs)});
    return {};
  }

  TempDir temp_;
  volumes::TemplateImage image_;
  qemu::SnapshotStore store_;
  qemu::SnapshotKey key_;
  std::optional<Kilohertz> tsc_ = qemu::host_tsc_rate();
};

std::vector<Row> measure() {
  auto bench = Bench::make();
  if (!bench) return {Row{.id = "restore", .skipped = bench.error().message}};
  std::vector<Row> rows;
  bench->measure(rows);
  return rows;
}

}  // namespace

Group restore_group() { return {"restore", "a saved machine that goes on, without dom0", measure}; }

}  // namespace bh::bench
