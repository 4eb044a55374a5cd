#include "tests/bench/all/bare_restore.h"

#include <array>
#include <fstream>
#include <string>

#include "base/child_process.h"
#include "base/number.h"
#include "base/posix_io.h"
#include "base/unix_socket.h"
#include "hypervisor/qemu/argv.h"
#include "hypervisor/qemu/memory_image.h"
#include "hypervisor/qemu/qemu_resources.h"

namespace bh::bench {

namespace {

using namespace std::chrono_literals;

double milliseconds_since(Clock::time_point begun) { return std::chrono::duration<double, std::milli>(Clock::now() - begun).count(); }

class Monitor {
 public:
  explicit Monitor(UniqueFd socket) : socket_(std::move(socket)) {}
  Result<void> say(std::string const& command) { return write_all(socket_, as_bytes(command)); }
  // Reads on until the text was seen, once for each call.
  Result<void> hear(std::string const& text) {
    auto const deadline = Clock::now() + 60s;
    for (;;) {
      if (auto const at = heard_.find(text); at != std::string::npos) return heard_.erase(0, at + text.size()), Result<void>();
      if (heard_.find("\"error\"") != std::string::npos) return Failure{Error{"bare QEMU refused: " + heard_, 0}};
      BH_TRY(ready, wait_for(socket_, POLLIN, deadline));
      if (!ready) return Failure{Error{"bare QEMU fell silent", 0}};
      std::array<std::byte, 4096> buffer;
      BH_TRY(got, read_some(socket_, buffer));
      if (got == 0) return Failure{Error{"bare QEMU ended", 0}};
      heard_ += as_text(ByteSpan(buffer).first(got));
    }
  }

 private:
  UniqueFd socket_;
  std::string heard_;
};

Result<BareRestore> run(machine::MachineSpec const& spec, int pid, Clock::time_point begun) {
  BH_TRY(socket, connect_unix(machine::qmp_socket(spec.run_folder)));
  Monitor monitor(std::move(socket));
  BH_CHECK(monitor.hear("{\"QMP\""));
  BH_CHECK(monitor.say("{\"execute\":\"qmp_capabilities\"}\n"));
  BH_CHECK(monitor.hear("\"return\""));
  BareRestore took;
  took.started_ms = milliseconds_since(begun);
  auto const measuring = Clock::now();
  took.parked_bytes = private_memory(pid);
  begun += Clock::now() - measuring;  // a look at the process is no part of its restore
  BH_CHECK(monitor.say("{\"execute\":\"migrate-set-capabilities\",\"arguments\":{\"capabilities\":[{\"capability\":\"x-ignore-shared\",\"state\":true},{\"capability\":\"events\",\"state\":true}]}}\n"
                       "{\"execute\":\"migrate-incoming\",\"arguments\":{\"uri\":\"fd:" + std::to_string(qemu::child_fd::kSnapshotState) + "\"}}\n"));
  BH_CHECK(monitor.hear("\"completed\""));
  BH_CHECK(monitor.say("{\"execute\":\"cont\"}\n"));
  BH_CHECK(monitor.hear("\"RESUME\""));
  took.up_ms = milliseconds_since(begun);
  return took;
}

}  // namespace

Result<BareRestore> bare_restore(machine::MachineSpec const& spec) {
  BH_TRY(resources, qemu::QemuResources::open(spec));
  BH_CHECK(qemu::load_memory({*spec.restore_from->memory, resources.ram, mebibytes(spec.memory.value())}, 1, {}));
  SpawnOptions options;
  options.argv = qemu::argv(spec, "qemu-system-x86_64");
  options.fds = resources.inherited();
  options.working_directory = "/";
  options.die_with_parent = true;
  auto const begun = Clock::now();
  BH_TRY(process, ChildProcess::spawn(options));
  auto took = run(spec, process.pid(), begun);
  (void)process.terminate(0ms);
  return took;
}

std::uint64_t private_memory(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::uint64_t total = 0;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("Private_Clean:") && !line.starts_with("Private_Dirty:")) continue;
    auto const first = line.find_first_of("0123456789");
    total += parse_decimal(line.substr(first, line.find(' ', first) - first)).value_or(0) * 1024;
  }
  return total;
}

}  // namespace bh::bench
