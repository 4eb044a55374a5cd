// Cold start, calls, copies and memory of real qubes, each against a bare peer measured in the same run.
#include <chrono>
#include <fstream>
#include <functional>

#include "base/number.h"
#include "base/posix_io.h"
#include "tests/bench/all/bare_machine.h"
#include "tests/bench/all/open_call.h"
#include "tests/bench/all/row.h"
#include "tests/e2e/all/desktop.h"
#include "tests/e2e/all/installation.h"

namespace bh::bench {

namespace {

using namespace std::chrono_literals;
using e2e::Installation;

double seconds_of(std::function<bool()> const& work) {
  auto const begun = Clock::now();
  if (!work()) return -1;
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

Row skipped(std::string id, std::string why) { return Row{.id = std::move(id), .skipped = std::move(why)}; }

// Resident memory in MiB, shared pages counted in proportion (Pss).
double resident_mib(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with("Pss:")) continue;
    auto const first = line.find_first_of("0123456789");
    auto const kib = parse_decimal(line.substr(first, line.find(' ', first) - first));
    return kib ? static_cast<double>(*kib) / 1024 : -1;
  }
  return -1;
}

// `bulkhead start`, which answers once the agent has said HELLO, against QEMU's bare boot of the same template to the agent's place in it.
// Ours does in addition: dom0's own work (overlay, records, hub, daemons), the guest hub's handshake, the private volume's mount, and the agent's.
void start_rows(Installation const& system, BareMachine const& bare, std::vector<Row>& rows) {
  std::vector<double> ours;
  std::vector<double> theirs;
  std::string accel;
  // The first round formats the private volume and probes the accelerator: it is not counted.
  for (int round = 0; round < 4; ++round) {
    // In turn, so that a noisy minute meets both.
    auto const booted = bare.boot_to_unit();
    if (!booted) return rows.push_back(skipped("start.cold", booted.error().message));
    double const started = seconds_of([&] { return system.bulkhead({"start", "work"}).code == 0; });
    if (started < 0) return rows.push_back(skipped("start.cold", "the qube did not start"));
    if (round > 0) {
      theirs.push_back(booted->seconds);
      ours.push_back(started);
    }
    accel = booted->accel;
    if (round < 3 && system.bulkhead({"shutdown", "--wait", "work"}).code != 0) return rows.push_back(skipped("start.cold", "the qube did not shut down"));
  }
  rows.push_back(Row{.id = "start.cold", .value = median(ours), .unit = "s", .against = "bare boot to the agent's place (" + accel + ")",
                     .against_value = median(theirs), .ratio_at_most = 1.3});
}

// `times` runs of `work`; empty if one failed.
std::vector<double> repeat(int times, std::function<double()> const& work) {
  std::vector<double> took;
  for (int i = 0; i < times; ++i) {
    double const one = work();
    if (one < 0) return {};
    took.push_back(one);
  }
  return took;
}

void call_rows(Installation const& system, std::vector<Row>& rows) {
  auto const whole = repeat(30, [&] { return seconds_of([&] { return system.in_qube("work", {"true"}).code == 0; }); });
  auto const local = repeat(30, [] { return seconds_of([] { return e2e::run_program({"/bin/true"}).code == 0; }); });
  rows.push_back(whole.empty() || local.empty() ? skipped("call.round-trip", "a call failed")
                                                : Row{.id = "call.round-trip", .value = median(whole) * 1e3, .unit = "ms",
                                                      .against = "starting /bin/true on the host", .against_value = median(local) * 1e3});
  auto call = OpenCall::start(system.root(), "work");
  if (!call) return rows.push_back(skipped("call.stream-round-trip", call.error().message));
  // The first byte waits for the call to be made.
  bool const warm = !repeat(5, [&] { return call->echo(); }).empty();
  auto const bytes = warm ? repeat(100, [&] { return call->echo(); }) : std::vector<double>();
  auto const ended = call->finish();
  rows.push_back(bytes.empty() || !ended ? skipped("call.stream-round-trip", "the open call broke")
                                         : Row{.id = "call.stream-round-trip", .value = median(bytes) * 1e3, .unit = "ms"});
}

// A copy as the user makes it, disk to disk and through policy, against the port alone with nobody's protocol on it.
void copy_rows(Installation const& system, BareMachine const& bare, std::vector<Row>& rows) {
  constexpr double kMib = 64;
  if (system.in_qube("work", {"sh", "-c", "head -c 67108864 /dev/urandom > /home/user/bench"}).code != 0) {
    return rows.push_back(skipped("copy.throughput", "the file could not be made"));
  }
  std::vector<double> ours;
  std::vector<double> theirs;
  for (int i = 0; i < 3; ++i) {
    auto const raw = bare.serial_rate();
    if (!raw) return rows.push_back(skipped("copy.throughput", raw.error().message));
    theirs.push_back(*raw);
    double const took = seconds_of([&] { return system.in_qube("work", {"qvm-copy-to-vm", "untrusted", "/home/user/bench"}).code == 0; });
    if (took < 0) return rows.push_back(skipped("copy.throughput", "the copy failed"));
    ours.push_back(kMib / took);
    if (system.in_qube("untrusted", {"rm", "/home/user/QubesIncoming/work/bench"}).code != 0) {
      return rows.push_back(skipped("copy.throughput", "the copy did not arrive"));
    }
  }
  rows.push_back(Row{.id = "copy.throughput", .value = median(ours), .unit = "MiB/s", .against = "raw virtio-serial stream", .against_value = median(theirs)});
}

void memory_rows(Installation& system, std::vector<Row>& rows) {
  double const core = resident_mib(system.daemon().pid());
  rows.push_back(core > 0 ? Row{.id = "memory.bulkheadd", .value = core, .unit = "MiB"} : skipped("memory.bulkheadd", "it does not run"));
  for (auto const* process : {"hub", "qrexec-daemon", "gui-daemon", "qemu"}) {
    int const pid = system.recorded_pid("work", process);
    double const mib = pid > 0 ? resident_mib(pid) : -1;
    std::string const id = std::string("memory.") + process;
    rows.push_back(mib > 0 ? Row{.id = id, .value = mib, .unit = "MiB"} : skipped(id, "no such process is recorded"));
  }
}

std::vector<Row> measure() {
  auto desktop = e2e::Desktop::start();
  if (!desktop) return {skipped("machines", desktop.error().message)};
  auto system = Installation::create(desktop->display());
  if (!system) return {skipped("machines", system.error().message)};
  if (auto const started = system->start_daemon(); !started) return {skipped("machines", started.error().message)};
  for (auto const& [name, label] : {std::pair{"work", "blue"}, std::pair{"untrusted", "red"}}) {
    if (system->bulkhead({"create", "--label", label, name}).code != 0) return {skipped("machines", "a qube could not be created")};
  }
  BareMachine const bare(system->root() / "var/lib/templates/debian-12", system->root());
  std::vector<Row> rows;
  start_rows(*system, bare, rows);
  if (system->bulkhead({"start", "untrusted"}).code != 0) {
    rows.push_back(skipped("copy.throughput", "the second qube did not start"));
    return rows;
  }
  call_rows(*system, rows);
  copy_rows(*system, bare, rows);
  memory_rows(*system, rows);
  return rows;
}

}  // namespace

Group machines_group() { return {"machines", "cold start, calls, copies and memory of real qubes", measure}; }

}  // namespace bh::bench
