// bulkhead-jail: builds a jail, runs one program in it and leaves. The program becomes the child of whoever started us, so it outlives us
// and is held and waited for like any other child. Everything that needs privileges happens here and in this folder.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "base/posix_io.h"
#include "hypervisor/jail/launcher/identity.h"
#include "hypervisor/jail/launcher/mount_tree.h"
#include "hypervisor/jail/launcher/sealed_exec.h"

namespace bh::jail {
namespace {

constexpr char const* kHelp = R"(Usage: bulkhead-jail [OPTION]... -- PROGRAM [ARGUMENT]...

Builds a jail and runs PROGRAM in it: an empty root with only the files named, its own process, network, IPC and host name
namespaces, no capabilities, no environment, a list of permitted system calls, limits. Descriptors are inherited.
Started by bulkheadd. By hand it needs descriptors 200 (open for writing: it writes "pid N", then "running" or
"failed TEXT") and 201 (once its end is read, PROGRAM's files are taken away, too).

  --level LEVEL              own-uid (needs root), subordinate or same-uid (in a user namespace)
  --subordinate-ids U G N    the first of N subordinate user and group ids
  --profile PROFILE          qemu-tcg or qemu-kvm: which system calls are permitted
  --file SOURCE PLACE        show a file, read-only (repeat)
  --device SOURCE PLACE      show a device (repeat)
  --device-group GID         the group that may open it
  --max-open-files N         256 unless given
  --max-threads N            64 unless given
  --cgroup FOLDER            enter this cgroup first
  --log-refusals             let the kernel log what the filter refuses
  --die-with-parent          PROGRAM is killed when the process that started us ends
  --help, --version

Examples:
  bulkhead-jail --level same-uid --file /usr/bin/busybox /bin/busybox -- /bin/busybox true 200>/dev/stderr 201</dev/null
  sudo bulkhead-jail --level own-uid --file /usr/bin/busybox /bin/busybox -- /bin/busybox true 200>/dev/stderr 201</dev/null

Exit status: 0 the program runs (or ran); 1 the jail could not be built; 2 wrong usage.
)";

struct Channels {
  UniqueFd status;
  UniqueFd seal;
};

void tell(UniqueFd const& status, std::string text) {
  text += '\n';
  // Nobody reads any more: then nobody waits either.
  (void)write_all(status, as_bytes(text));
}

Result<void> enter_cgroup(std::filesystem::path const& folder) {
  BH_TRY(members, open_file(folder / "cgroup.procs", O_WRONLY));
  return write_all(members, as_bytes("0"));
}

Result<void> enter_namespaces(JailSpec const& spec) {
  if (spec.cgroup) BH_CHECK(enter_cgroup(*spec.cgroup));
  if (spec.level != Level::own_uid) BH_CHECK(enter_user_namespace(spec, static_cast<std::uint32_t>(::getpid())));
  if (::unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWPID) != 0) {
    return Failure{Error::from_errno("make the jail's namespaces")};
  }
  if (::sethostname("jail", 4) != 0) return Failure{Error::from_errno("name the jail's host")};
  return {};
}

// In the child. Its parent, our starter, may have ended meanwhile; we know by `go`, which ends without a byte if we do.
Result<void> confine_child(JailSpec const& spec, UniqueFd const& go, UniqueFd const& ready) {
  std::uint32_t process = 0;
  BH_CHECK(read_exact(go, std::as_writable_bytes(std::span(&process, 1))));
  ::setsid();
  BH_CHECK(enter_mount_tree(spec.files));
  BH_CHECK(set_limits(spec));
  BH_CHECK(become_nobody(spec, process));
  // After the change of ids, which would take it back.
  if (spec.die_with_parent && ::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return Failure{Error::from_errno("tie the program to its starter")};
  std::byte const byte{};
  BH_CHECK(write_all(ready, std::span(&byte, 1)));
  std::byte answer{};
  return read_exact(go, std::span(&answer, 1));
}

[[noreturn]] void run_child(LauncherCommand const& command, UniqueFd const& go, UniqueFd const& ready) {
  ::signal(SIGPIPE, SIG_DFL);
  auto const confined = confine_child(command.spec, go, ready);
  Error const error = confined ? exec_filtered(command.spec, command.argv) : confined.error();
  std::string const text = "!" + error.message;
  (void)write_all(ready, as_bytes(text));
  ::_exit(127);
}

// What the child says until its exec closes the pipe: nothing more than "ready", or "!" and why not.
Result<void> follow_child(UniqueFd const& said, UniqueFd const& go, bool parent_must_live, int parent) {
  std::byte first{};
  BH_CHECK(read_exact(said, std::span(&first, 1)));
  std::string text;
  if (first == std::byte{}) {
    if (parent_must_live && ::getppid() != parent) return Failure{Error{"whoever started this has ended", ESRCH}};
    BH_CHECK(write_all(go, std::span(&first, 1)));
    std::array<std::byte, 1> mark;
    BH_TRY(got, read_some(said, mark));
    if (got == 0) return {};
  }
  std::array<std::byte, 1024> rest;
  for (std::size_t got = 1; got != 0 && text.size() < rest.size();) {
    BH_TRY(count, read_some(said, rest));
    got = count;
    text += as_text(ByteSpan(rest).first(count));
  }
  return Failure{Error{text.empty() ? "the jailed process ended while it was made" : text, ECANCELED}};
}

Result<void> run(LauncherCommand const& command, Channels const& channels) {
  int const parent = ::getppid();
  BH_CHECK(enter_namespaces(command.spec));
  BH_TRY(go, make_pipe());
  BH_TRY(said, make_pipe());
  // Our starter's child, not ours (CLONE_PARENT), and the first process of the new namespace.
  auto const child = static_cast<int>(::syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, 0));
  if (child < 0) return Failure{Error::from_errno("make the jailed process")};
  if (child == 0) {
    go.second.reset();
    said.first.reset();
    run_child(command, go.first, said.second);
  }
  go.first.reset();
  said.second.reset();
  tell(channels.status, "pid " + std::to_string(child));
  auto const number = static_cast<std::uint32_t>(child);
  BH_CHECK(write_all(go.second, std::as_bytes(std::span(&number, 1))));
  return follow_child(said.first, go.second, command.spec.die_with_parent, parent);
}

// Ends when our starter says so, or ends.
Result<void> take_files_away(Channels const& channels) {
  for (int fd : {0, 1}) ::close(fd);
  // Nothing that the program inherited is kept from its end by us: an end of stream must be one.
  ::syscall(SYS_close_range, 3U, static_cast<unsigned>(kStatusFd) - 1, 0U);
  std::byte byte{};
  BH_TRY(got, read_some(channels.seal, std::span(&byte, 1)));
  (void)got;
  return empty_mount_tree();
}

Result<Channels> take_channels() {
  Channels channels{UniqueFd(kStatusFd), UniqueFd(kSealFd)};
  for (int const fd : {kStatusFd, kSealFd}) {
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
      (void)channels.status.release();
      (void)channels.seal.release();
      return Failure{Error{"descriptors 200 and 201 must be open; see --help", EBADF}};
    }
  }
  return channels;
}

int usage(std::string const& what) {
  std::fprintf(stderr, "bulkhead-jail: %s\nTry 'bulkhead-jail --help'.\n", what.c_str());
  return 2;
}

}  // namespace
}  // namespace bh::jail

int main(int argc, char** argv) {
  using namespace bh::jail;
  std::vector<std::string> const words(argv + 1, argv + argc);
  if (argc == 2 && words[0] == "--help") return std::fputs(kHelp, stdout) < 0 ? 1 : 0;
  if (argc == 2 && words[0] == "--version") return std::puts("bulkhead-jail " BH_VERSION) < 0 ? 1 : 0;
  auto const command = parse_launcher_options(words);
  if (!command) return usage(command.error().message);
  auto const channels = take_channels();
  if (!channels) return usage(channels.error().message);
  ::signal(SIGPIPE, SIG_IGN);
  if (auto const started = run(*command, *channels); !started) {
    tell(channels->status, "failed " + started.error().message);
    return 1;
  }
  tell(channels->status, "running");
  auto const emptied = take_files_away(*channels);
  if (emptied) return 0;
  std::fprintf(stderr, "bulkhead-jail: %s\n", emptied.error().message.c_str());
  return 1;
}
