// Cold start, calls, copies and memory of real qubes, each against a bare peer measured in the same run.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/number.h"
#include "base/posix_io.h"
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

// `bulkhead-machine` boots the same kernel and disk to the same unit without anything of ours around it.
double bare_boot_seconds(Installation const& system) {
  auto const booted = e2e::run_program({e2e::program("bulkhead-machine"), "--template", (system.root() / "var/lib/templates/debian-12").string(), "--accel",
                                        "auto", "--until", "BULKHEAD-UNIT-REACHED", "--append", "bulkhead.bench=unit", "--timeout", "120", "--json"});
  auto const report = nlohmann::json::parse(booted.out, nullptr, false);
  return booted.code == 0 && report.is_object() ? report.value("seconds", -1.0) : -1;
}

// The raw stream of one virtio-serial port, guest to host, from the initrd alone.
double bare_serial_mib_s(Installation const& system) {
  auto const booted = e2e::run_program({e2e::program("bulkhead-machine"), "--template", (system.root() / "var/lib/templates/debian-12").string(), "--accel",
                                        "auto", "--drain-mux", "67108864", "--append", "bulkhead.bench=serial", "--timeout", "120", "--json"});
  auto const report = nlohmann::json::parse(booted.out, nullptr, false);
  return booted.code == 0 && report.is_object() ? report.value("mib_per_second", -1.0) : -1;
}

void start_rows(Installation const& system, std::vector<Row>& rows) {
  std::vector<double> ours;
  std::vector<double> bare;
  for (int round = 0; round < 3; ++round) {
    // In turn, so that a noisy minute meets both.
    double const booted = bare_boot_seconds(system);
    double const started = seconds_of([&] { return system.bulkhead({"start", "work"}).code == 0; });
    if (booted < 0 || started < 0) {
      rows.push_back(skipped("start.cold", booted < 0 ? "the bare machine did not reach its unit" : "the qube did not start"));
      return;
    }
    bare.push_back(booted);
    ours.push_back(started);
    if (round < 2 && system.bulkhead({"shutdown", "--wait", "work"}).code != 0) {
      rows.push_back(skipped("start.cold", "the qube did not shut down"));
      return;
    }
  }
  rows.push_back(Row{.id = "start.cold", .value = median(ours), .unit = "s", .against = "bare QEMU boot to the same unit", .against_value = median(bare),
                     .ratio_at_most = 1.3});
}

void call_rows(Installation const& system, std::vector<Row>& rows) {
  std::vector<double> whole;
  for (int i = 0; i < 10; ++i) {
    double const took = seconds_of([&] { return system.in_qube("work", {"true"}).code == 0; });
    if (took < 0) {
      rows.push_back(skipped("call.round-trip", "a call failed"));
      return;
    }
    whole.push_back(took);
  }
  double const local = [] {
    std::vector<double> times;
    for (int i = 0; i < 10; ++i) times.push_back(seconds_of([] { return e2e::run_program({"/bin/true"}).code == 0; }));
    return median(times);
  }();
  rows.push_back(Row{.id = "call.round-trip", .value = median(whole) * 1e3, .unit = "ms", .against = "starting /bin/true on the host",
                     .against_value = local * 1e3});
}

void copy_rows(Installation const& system, std::vector<Row>& rows) {
  constexpr double kMib = 64;
  double const raw = bare_serial_mib_s(system);
  bool const made = system.in_qube("work", {"sh", "-c", "head -c 67108864 /dev/urandom > /home/user/bench"}).code == 0;
  std::vector<double> rates;
  for (int i = 0; made && i < 3; ++i) {
    double const took = seconds_of([&] { return system.in_qube("work", {"qvm-copy-to-vm", "untrusted", "/home/user/bench"}).code == 0; });
    if (took > 0) rates.push_back(kMib / took);
    static_cast<void>(system.in_qube("untrusted", {"rm", "-f", "/home/user/QubesIncoming/work/bench"}));
  }
  if (rates.empty()) {
    rows.push_back(skipped("copy.throughput", "the copy failed"));
    return;
  }
  Row row{.id = "copy.throughput", .value = median(rates), .unit = "MiB/s"};
  if (raw > 0) {
    row.against = "raw virtio-serial stream";
    row.against_value = raw;
  }
  rows.push_back(std::move(row));
}

void memory_rows(Installation const& system, std::vector<Row>& rows) {
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
  std::vector<Row> rows;
  start_rows(*system, rows);
  if (system->bulkhead({"start", "untrusted"}).code != 0) {
    rows.push_back(skipped("copy.throughput", "the second qube did not start"));
    return rows;
  }
  call_rows(*system, rows);
  copy_rows(*system, rows);
  memory_rows(*system, rows);
  return rows;
}

}  // namespace

Group machines_group() { return {"machines", "cold start, calls, copies and memory of real qubes", measure}; }

}  // namespace bh::bench
