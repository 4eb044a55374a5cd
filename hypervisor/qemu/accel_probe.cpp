#include "hypervisor/qemu/accel_probe.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>

#include "base/child_process.h"
#include "base/display_text.h"
#include "base/posix_io.h"
#include "hypervisor/qemu/accel_cache.h"
#include "hypervisor/qemu/argv.h"
#include "hypervisor/qemu/capped_log.h"
#include "hypervisor/qemu/file_fingerprint.h"
#include "hypervisor/qemu/tsc_rate.h"

namespace bh::qemu {

using namespace machine;

namespace {

constexpr std::string_view kMarker = "BULKHEAD-PROBE-OK";
constexpr std::size_t kMaxCacheFile = 4096;

struct Console {
  bool marker = false;
  bool ended = false;      // QEMU closed it: the process ends or has ended
  std::string last_line;   // fit to be shown
};

std::string in_seconds(std::chrono::milliseconds time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(time.count()) / 1000.0);
  return text.data();
}

// Reads until the marker, the end or the deadline.
Result<Console> watch_console(UniqueFd const& console, Deadline deadline) {
  Console seen;
  std::string tail;
  std::array<std::byte, 4096> buffer;
  while (!seen.marker && !seen.ended) {
    BH_TRY(ready, wait_for(console, POLLIN, deadline));
    if (!ready) break;
    BH_TRY(got, read_some(console, buffer));
    seen.ended = got == 0;
    // GUARD: console bytes of a kernel that may print for ever; only searched for the marker, at most 8 KiB of them held.
    tail += as_text(ByteSpan(buffer).first(got));
    seen.marker = tail.find(kMarker) != std::string::npos;
    if (tail.size() > buffer.size()) tail.erase(0, tail.size() - buffer.size());
  }
  while (!tail.empty() && (tail.back() == '\n' || tail.back() == '\r')) tail.pop_back();
  seen.last_line = for_display(std::string_view(tail).substr(tail.rfind('\n') + 1), 120);
  return seen;
}

std::string why_not(Console const& seen, ExitStatus status, std::string const& log_line, std::chrono::milliseconds deadline) {
  if (!seen.ended) {
    return seen.last_line.empty() ? "a kernel printed nothing within " + in_seconds(deadline)
                                  : "a kernel did not come up within " + in_seconds(deadline) + "; it last printed: " + seen.last_line;
  }
  std::string text = status.signal != 0 ? "QEMU was ended by signal " + std::to_string(status.signal)
                                        : "QEMU ended with exit code " + std::to_string(status.code) + " before the kernel came up";
  if (!log_line.empty()) text += ": " + log_line;
  return text;
}

// The probe's QEMU never outlives the probe, whichever way that ends.
class EndedAtLast {
 public:
  explicit EndedAtLast(ChildProcess process) : process_(std::move(process)) {}
  EndedAtLast(EndedAtLast const&) = delete;
  EndedAtLast& operator=(EndedAtLast const&) = delete;
  ~EndedAtLast() { (void)end(); }
  Result<ExitStatus> end() { return process_.terminate(std::chrono::milliseconds(0)); }
  Result<std::optional<ExitStatus>> wait(Deadline deadline) { return process_.wait(deadline); }

 private:
  ChildProcess process_;
};

Result<std::string> qemu_version(std::string const& program) {
  BH_TRY(pipe, make_pipe());
  BH_TRY(started, ChildProcess::spawn({.argv = {program, "--version"}, .fds = {{&pipe.second, 1}}, .die_with_parent = true}));
  EndedAtLast process(std::move(started));
  pipe.second.reset();
  std::array<std::byte, 512> buffer;
  std::size_t filled = 0;
  Deadline const deadline = Clock::now() + std::chrono::seconds(10);
  while (filled < buffer.size()) {
    BH_TRY(ready, wait_for(pipe.first, POLLIN, deadline));
    if (!ready) return Failure{Error{program + " --version does not answer", ETIMEDOUT}};
    BH_TRY(got, read_some(pipe.first, std::span(buffer).subspan(filled)));
    if (got == 0) break;
    filled += got;
  }
  std::string_view const text = as_text(ByteSpan(buffer).first(filled));
  return for_display(text.substr(0, text.find('\n')), 200);
}

Result<AccelKey> key_of(AccelProbe const& probe) {
  BH_TRY(boot_id, read_file(probe.boot_id, 256));
  BH_TRY(kernel, file_fingerprint(probe.kernel));
  BH_TRY(initrd, file_fingerprint(probe.initrd));
  BH_TRY(version, qemu_version(probe.qemu.string()));
  while (!boot_id.empty() && boot_id.back() == '\n') boot_id.pop_back();
  return AccelKey{std::move(boot_id), std::to_string(kernel) + "-" + std::to_string(initrd), std::move(version)};
}

// Without a boot: is there anything to try? The text says why not.
std::string why_no_device(AccelProbe const& probe) {
  auto const device = open_file(probe.kvm_device, O_RDWR);
  if (device) return "";
  if (device.error().errno_value == ENOENT) return probe.kvm_device.string() + " is not there: no hardware virtualisation, or switched off in the firmware";
  if (device.error().errno_value == EACCES) return probe.kvm_device.string() + " may not be opened by this user: join its group";
  return device.error().message;
}

}  // namespace

Result<BootTrial> boot_to_marker(AccelProbe const& probe, Accel accel) {
  MachineSpec spec;
  spec.name = "bulkhead-probe";
  spec.memory = Mebibytes(256);
  spec.vcpus = VcpuCount(1);
  spec.accel = accel;
  if (accel == Accel::tcg) spec.tsc = host_tsc_rate();
  BH_TRY(kernel, open_file(probe.kernel, O_RDONLY));
  BH_TRY(initrd, open_file(probe.initrd, O_RDONLY));
  BH_TRY(console, make_pipe());
  BH_TRY(log, open_file(std::filesystem::temp_directory_path(), O_TMPFILE | O_RDWR | O_APPEND));

  QemuStart start;
  start.accel = accel;
  start.argv = probe_argv(spec, probe.qemu.string());
  start.fds = {{&log, 1}, {&log, 2}, {&console.second, child_fd::kConsole}, {&kernel, child_fd::kKernel}, {&initrd, child_fd::kInitrd}};
  start.reopened = {&kernel, &initrd};
  start.die_with_parent = true;
  QemuJailOptions jail_options = probe.jail;
  jail_options.program = probe.qemu;
  QemuJail jail(std::move(jail_options));
  auto const begin = Clock::now();
  BH_TRY(started, jail.start(start));
  EndedAtLast process(std::move(started.process));
  console.second.reset();
  BH_TRY(seen, watch_console(console.first, begin + probe.deadline));
  auto const took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
  // An ended console means an ending process: its own exit status says more than our signal would.
  std::optional<ExitStatus> status;
  if (seen.ended) {
    BH_TRY(own, process.wait(Clock::now() + std::chrono::seconds(2)));
    status = own;
  }
  if (!status) {
    BH_TRY(forced, process.end());
    status = forced;
  }
  if (seen.marker) return BootTrial{true, "a kernel came up in " + in_seconds(took)};
  return BootTrial{false, why_not(seen, *status, last_line(log, ByteCount(0)), probe.deadline)};
}

Result<AccelAnswer> probe_accel(AccelProbe const& probe) {
  // Not cached: a user who joins the group has KVM at once.
  if (std::string why = why_no_device(probe); !why.empty()) return AccelAnswer{Accel::tcg, std::move(why)};
  BH_TRY(key, key_of(probe));
  if (auto const cached = read_file(probe.cache, kMaxCacheFile)) {
    if (auto answer = parse_accel_cache(*cached, key)) return *std::move(answer);
  }
  BH_TRY(trial, boot_to_marker(probe, Accel::kvm));
  AccelAnswer const answer = trial.came_up ? AccelAnswer{Accel::kvm, trial.text}
                                           : AccelAnswer{Accel::tcg, "KVM is there but does not work: " + trial.text};
  std::error_code ignored;  // the write tells
  std::filesystem::create_directories(probe.cache.parent_path(), ignored);
  BH_CHECK(write_file_atomically(probe.cache, format_accel_cache(key, answer)));
  return answer;
}

}  // namespace bh::qemu
