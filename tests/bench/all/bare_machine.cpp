#include "tests/bench/all/bare_machine.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/child_process.h"
#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "base/unix_socket.h"
#include "tests/e2e/all/installation.h"

namespace bh::bench {

namespace {

using namespace std::chrono_literals;

constexpr char const* kMarker = "BULKHEAD-UNIT-REACHED";
constexpr std::size_t kStreamBytes = std::size_t{64} << 20;
constexpr auto kLimit = 120s;

Result<UniqueFd> connect_when_there(std::filesystem::path const& path, Deadline deadline) {
  for (;;) {
    auto socket = connect_unix(path);
    if (socket || Clock::now() > deadline) return socket;
    std::this_thread::sleep_for(20ms);
  }
}

// Seconds from the first byte's arrival to the last one's.
Result<double> drain(UniqueFd const& socket, Deadline deadline) {
  std::vector<std::byte> buffer(std::size_t{256} << 10);
  Clock::time_point begun;
  for (std::size_t total = 0; total < kStreamBytes;) {
    BH_TRY(ready, wait_for(socket, POLLIN, deadline));
    if (!ready) return Failure{Error{"the bare machine's port fell silent", 0}};
    if (total == 0) begun = Clock::now();
    BH_TRY(got, read_some(socket, buffer));
    if (got == 0) return Failure{Error{"the bare machine ended before it had sent 64 MiB", 0}};
    total += got;
  }
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

}  // namespace

std::vector<std::string> BareMachine::command(std::string const& mode) const {
  return {e2e::program("bulkhead-machine"), "--template", template_.string(), "--accel", "auto", "--probe-cache", (scratch_ / "bench-accel").string(),
          "--append", "bulkhead.bench=" + mode, "--timeout", std::to_string(kLimit.count()), "--quiet"};
}

Result<BareMachine::Boot> BareMachine::boot_to_unit() const {
  auto argv = command("unit");
  argv.insert(argv.end(), {"--json", "--until", kMarker});
  auto const booted = e2e::run_program(argv);
  if (booted.code != 0) return Failure{Error{"the bare machine did not reach its unit: " + booted.err, 0}};
  auto const report = nlohmann::json::parse(booted.out, nullptr, false);
  if (!report.is_object() || !report.contains("seen_ms") || !report["seen_ms"].contains(kMarker)) {
    return Failure{Error{"bulkhead-machine printed no time: " + booted.out, 0}};
  }
  return Boot{report["seen_ms"][kMarker].get<double>() / 1e3, report.value("accel", "?")};
}

Result<double> BareMachine::serial_rate() const {
  Deadline const deadline = Clock::now() + kLimit;
  BH_TRY(folder, TempDir::create("bh-bench"));
  auto argv = command("serial");
  argv.insert(argv.end(), {"--mux-socket", (folder.path() / "mux").string()});
  BH_TRY(machine, ChildProcess::spawn({.argv = argv, .die_with_parent = true}));
  auto const rate = [&]() -> Result<double> {
    BH_TRY(socket, connect_when_there(folder.path() / "mux", deadline));
    BH_TRY(seconds, drain(socket, deadline));
    // The guest waits for it, so that nothing is lost in its powering off.
    BH_CHECK(write_all(socket, as_bytes(std::string_view("x"))));
    BH_CHECK(machine.wait(Clock::now() + 20s));
    return static_cast<double>(kStreamBytes >> 20) / seconds;
  }();
  if (machine.running()) BH_CHECK(machine.terminate(10s));
  return rate;
}

}  // namespace bh::bench
