// Wide doors into the kernel, and power over the machine.
#include <fcntl.h>
#include <linux/reboot.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/time.h>
#include <sys/timex.h>

#include <ctime>

#include "tests/integration/hypervisor/jail/attempt.h"
#include "tests/integration/hypervisor/jail/system_call.h"

namespace bh::jail::test {

namespace {

// Sizes as <linux/bpf.h> and <linux/perf_event.h> have them; zeroes are valid requests or at least looked at.
alignas(8) char zeroes[256];

int make_bpf_map(Prey const&) {
  alignas(8) unsigned map[32] = {2 /* array */, 4, 4, 1};
  return call(SYS_bpf, 0 /* BPF_MAP_CREATE */, map, sizeof map);
}

int count_events(Prey const&) {
  alignas(8) unsigned attributes[32] = {1 /* software */, 128};
  return call(SYS_perf_event_open, attributes, 0, -1, -1, 0);
}

int set_the_time_it_is(Prey const&) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return call(SYS_clock_settime, CLOCK_REALTIME, &now);
}

int set_time_of_day(Prey const&) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  timeval const then{now.tv_sec, now.tv_nsec / 1000};
  return call(SYS_settimeofday, &then, nullptr);
}

int steer_the_clock(Prey const&) {
  timex query{};
  return call(SYS_adjtimex, &query);
}

int type_into_terminal(Prey const&) {
  char const key = 'x';
  return call(SYS_ioctl, 1, TIOCSTI, &key);
}

}  // namespace

std::vector<Attempt> kernel_attempts() {
  return {
      {"bpf", true, make_bpf_map},
      {"perf_event_open", true, count_events},
      {"io_uring_setup", true, [](Prey const&) { return call(SYS_io_uring_setup, 4, zeroes); }},
      {"userfaultfd", true, [](Prey const&) { return call(SYS_userfaultfd, O_CLOEXEC); }},
      {"add_key", false, [](Prey const&) { return call(SYS_add_key, "user", "bulkhead-escape", "x", 1, -2); }},
      {"request_key", false, [](Prey const&) { return call(SYS_request_key, "user", "bulkhead-escape", nullptr, 0); }},
      {"keyctl", false, [](Prey const&) { return call(SYS_keyctl, 0, -3, 1); }},
      {"init_module", false, [](Prey const&) { return call(SYS_init_module, zeroes, 1, ""); }},
      {"finit_module", false, [](Prey const&) { return call(SYS_finit_module, 1, "", 0); }},
      {"delete_module", false, [](Prey const&) { return call(SYS_delete_module, "bulkhead-none", O_NONBLOCK); }},
      {"kexec_load", false, [](Prey const&) { return call(SYS_kexec_load, 0, 0, nullptr, 0); }},
      {"kexec_file_load", false, [](Prey const&) { return call(SYS_kexec_file_load, -1, -1, 0, nullptr, 4); }},
      {"reboot", false, [](Prey const&) { return call(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_OFF, nullptr); }},
      {"set the clock", false, set_the_time_it_is},
      {"set the time of day", false, set_time_of_day},
      {"steer the clock", true, steer_the_clock},
      {"set the host's name", false, [](Prey const&) { return call(SYS_sethostname, "escape", 6); }},
      {"set the domain's name", false, [](Prey const&) { return call(SYS_setdomainname, "escape", 6); }},
      {"read the kernel's log", true, [](Prey const&) { return call(SYS_syslog, 10 /* size of the buffer */, nullptr, 0); }},
      {"iopl", false, [](Prey const&) { return call(SYS_iopl, 3); }},
      {"ioperm", false, [](Prey const&) { return call(SYS_ioperm, 0x80, 1, 1); }},
      {"type into a terminal (TIOCSTI)", false, type_into_terminal},
      {"hang up the terminal", false, [](Prey const&) { return call(SYS_vhangup); }},
      {"make anonymous files", true, [](Prey const&) { return call(SYS_memfd_create, "escape", 1); }},
      {"make secret memory", false, [](Prey const&) { return call(SYS_memfd_secret, 0); }},
      {"shared memory (System V)", false, [](Prey const&) { return call(SYS_shmget, 0x62686573, 4096, IPC_CREAT | 0600); }},
      {"message queue (System V)", false, [](Prey const&) { return call(SYS_msgget, 0x62686573, IPC_CREAT | 0600); }},
      {"semaphores (System V)", false, [](Prey const&) { return call(SYS_semget, 0x62686573, 1, IPC_CREAT | 0600); }},
      {"message queue (POSIX)", false, [](Prey const&) { return call(SYS_mq_open, "bulkhead-escape", O_RDWR | O_CREAT, 0600, nullptr); }},
      {"segments of old (modify_ldt)", true, [](Prey const&) { return call(SYS_modify_ldt, 0, zeroes, 16); }},
      {"choose memory nodes", true, [](Prey const&) { return call(SYS_set_mempolicy, 0, nullptr, 0); }},
      {"lock memory", true, [](Prey const&) { return call(SYS_mlock, zeroes, 1); }},
      {"asynchronous I/O (io_setup)", true, [](Prey const&) { unsigned long context = 0; return call(SYS_io_setup, 1, &context); }},
      {"splice", false, [](Prey const&) { return call(SYS_splice, 0, nullptr, 1, nullptr, 0, 0); }},
      {"timers of the system", true, [](Prey const&) { return call(SYS_timerfd_create, 1, 0); }},
  };
}

}  // namespace bh::jail::test
