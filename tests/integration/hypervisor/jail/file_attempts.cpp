// Files, folders and devices of others.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/integration/hypervisor/jail/attempt.h"
#include "tests/integration/hypervisor/jail/system_call.h"

namespace bh::jail::test {

namespace {

int open_it(char const* path, int flags) { return call(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600); }

int open_own_root_upwards(Prey const&) {
  // From an inherited directory, if there were one.
  for (int fd = 0; fd < 256; ++fd) {
    if (call(SYS_openat, fd, "..", O_RDONLY | O_DIRECTORY) == 0) return 0;
  }
  return ENOTDIR;
}

struct FileHandle {
  unsigned bytes = 128;
  int type = 0;
  unsigned char data[128] = {};
};

int handle_of_root(Prey const&) {
  FileHandle handle;
  int mount = 0;
  return call(SYS_name_to_handle_at, AT_FDCWD, "/", &handle, &mount, 0);
}

int open_by_handle(Prey const&) {
  // Inode 2 of an ext file system: the root of the one that an inherited file lies on (the "shocker" attack).
  FileHandle handle;
  handle.bytes = 8;
  handle.type = 1;
  handle.data[0] = 2;
  return call(SYS_open_by_handle_at, 1, &handle, O_RDONLY);
}

}  // namespace

std::vector<Attempt> file_attempts() {
  return {
      {"read another qube's volume", true, [](Prey const& prey) { return open_it(prey.file.c_str(), O_RDONLY); }},
      {"write another qube's volume", true, [](Prey const& prey) { return open_it(prey.file.c_str(), O_RDWR); }},
      {"read /etc/passwd", true, [](Prey const&) { return open_it("/etc/passwd", O_RDONLY); }},
      {"read /etc/shadow", true, [](Prey const&) { return open_it("/etc/shadow", O_RDONLY); }},
      {"list root's home", true, [](Prey const&) { return open_it("/root", O_RDONLY | O_DIRECTORY); }},
      {"list all homes", true, [](Prey const&) { return open_it("/home", O_RDONLY | O_DIRECTORY); }},
      {"list /etc", true, [](Prey const&) { return open_it("/etc", O_RDONLY | O_DIRECTORY); }},
      {"list /sys", true, [](Prey const&) { return open_it("/sys", O_RDONLY | O_DIRECTORY); }},
      {"list /run", true, [](Prey const&) { return open_it("/run", O_RDONLY | O_DIRECTORY); }},
      {"climb out by ..", true, [](Prey const&) { return open_it("/../../../../etc/hostname", O_RDONLY); }},
      {"climb out by /proc/self/root", true, [](Prey const&) { return open_it("/proc/self/root/etc/passwd", O_RDONLY); }},
      {"climb out by /proc/1/root", true, [](Prey const&) { return open_it("/proc/1/root/etc/passwd", O_RDONLY); }},
      {"climb out by an inherited folder", false, open_own_root_upwards},
      {"make a file in /", false, [](Prey const&) { return open_it("/bulkhead-escape", O_RDWR | O_CREAT); }},
      {"make a file in /tmp", false, [](Prey const&) { return open_it("/tmp/bulkhead-escape", O_RDWR | O_CREAT); }},
      {"make a nameless file", true, [](Prey const&) { return open_it("/tmp", O_RDWR | O_TMPFILE); }},
      {"write its own program", false, [](Prey const& prey) { return open_it(prey.own_program.c_str(), O_RDWR); }},
      {"make a folder", false, [](Prey const&) { return call(SYS_mkdir, "/bulkhead-escape", 0700); }},
      {"remove a file", false, [](Prey const& prey) { return call(SYS_unlink, prey.own_program.c_str()); }},
      {"rename a file", false, [](Prey const& prey) { return call(SYS_rename, prey.own_program.c_str(), "/bulkhead-escape"); }},
      {"link a file", false, [](Prey const& prey) { return call(SYS_link, prey.own_program.c_str(), "/bulkhead-escape"); }},
      {"make a symbolic link", false, [](Prey const&) { return call(SYS_symlink, "/etc", "/bulkhead-escape"); }},
      {"make a device", false, [](Prey const&) { return call(SYS_mknod, "/bulkhead-escape", S_IFCHR | 0600, (1 << 8) | 1); }},
      {"change an inherited file's mode", false, [](Prey const&) { return call(SYS_fchmod, 1, 04777); }},
      {"change an inherited file's owner", false, [](Prey const&) { return call(SYS_fchown, 1, 0, 0); }},
      {"open the host's memory", true, [](Prey const&) { return open_it("/dev/mem", O_RDONLY); }},
      {"open /dev/kvm", true, [](Prey const&) { return open_it("/dev/kvm", O_RDWR); }},
      {"open the host's disk", true, [](Prey const&) { return open_it("/dev/vda", O_RDONLY); }},
      {"open the terminal", false, [](Prey const&) { return open_it("/dev/tty", O_RDWR); }},
      {"open /dev/net/tun", false, [](Prey const&) { return open_it("/dev/net/tun", O_RDWR); }},
      {"open /dev/fuse", false, [](Prey const&) { return open_it("/dev/fuse", O_RDWR); }},
      {"open the kernel's log", true, [](Prey const&) { return open_it("/dev/kmsg", O_RDONLY | O_NONBLOCK); }},
      {"write core_pattern", true, [](Prey const&) { return open_it("/proc/sys/kernel/core_pattern", O_WRONLY); }},
      {"read kernel symbols", true, [](Prey const&) { return open_it("/proc/kallsyms", O_RDONLY); }},
      {"press SysRq", true, [](Prey const&) { return open_it("/proc/sysrq-trigger", O_WRONLY); }},
      {"list the host's mounts by another process", true, [](Prey const& prey) { return open_it(("/proc/" + std::to_string(prey.process) + "/mounts").c_str(), O_RDONLY); }},
      {"change root", false, [](Prey const&) { return call(SYS_chroot, "/proc"); }},
      {"take a file's handle", true, handle_of_root},
      {"open by handle", false, open_by_handle},
      {"mount", false, [](Prey const&) { return call(SYS_mount, "escape", "/proc", "tmpfs", 0, nullptr); }},
      {"unmount", false, [](Prey const&) { return call(SYS_umount2, "/proc", MNT_DETACH); }},
      {"pivot_root", false, [](Prey const&) { return call(SYS_pivot_root, "/", "/proc"); }},
      {"fsopen", true, [](Prey const&) { return call(SYS_fsopen, "tmpfs", 0); }},
      {"open_tree", true, [](Prey const&) { return call(SYS_open_tree, AT_FDCWD, "/", 0); }},
      {"quotactl", false, [](Prey const&) { return call(SYS_quotactl, 0x80000100 /* Q_SYNC */, nullptr, 0, nullptr); }},
      {"swapon", false, [](Prey const& prey) { return call(SYS_swapon, prey.file.c_str(), 0); }},
      {"process accounting", false, [](Prey const&) { return call(SYS_acct, "/tmp/bulkhead-escape"); }},
      {"watch files (inotify)", true, [](Prey const&) { return call(SYS_inotify_init1, O_CLOEXEC); }},
      {"watch files (fanotify)", true, [](Prey const&) { return call(SYS_fanotify_init, 0, O_RDONLY); }},
  };
}

}  // namespace bh::jail::test
