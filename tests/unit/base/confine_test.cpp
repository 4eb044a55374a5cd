// Each promise is tried in a child, since nobody gets out again.
#include "base/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <functional>

#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "base/unix_socket.h"

namespace bh {
namespace {

class Confined : public testing::Test {
 protected:
  void SetUp() override {
    if (landlock_version() == 0) GTEST_SKIP() << "no Landlock in this kernel: confine() could not be shown";
    ASSERT_TRUE(temp_.ok());
    std::filesystem::create_directories(inside());
    std::filesystem::create_directories(readable());
    std::ofstream(outside("secret")) << "x";
    std::ofstream(readable() / "config") << "x";
    std::ofstream(inside() / "state") << "x";
  }
  std::filesystem::path inside() const { return temp_->path() / "run"; }
  std::filesystem::path readable() const { return temp_->path() / "etc"; }
  std::filesystem::path outside(char const* name) const { return temp_->path() / name; }

  // What `act` gives back, in a confined child; or minus the signal that ended it.
  int in_confinement(Strictness strictness, std::function<int()> const& act) const {
    std::fflush(nullptr);
    pid_t const child = ::fork();
    if (child == 0) {
      auto const done = confine({{{readable()}, {inside()}}, daemon_calls(), strictness});
      if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
      ::_exit(done ? act() : 99);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }
  static int opened(std::filesystem::path const& path, int flags) {
    auto const file = open_file(path, flags);
    return file ? 0 : file.error().errno_value;
  }

  Result<TempDir> temp_ = TempDir::create("bh-confine");
};

TEST_F(Confined, DoesItsWorkInItsFolders) {
  EXPECT_EQ(in_confinement(Strictness::kill, [&] { return opened(readable() / "config", O_RDONLY); }), 0);
  EXPECT_EQ(in_confinement(Strictness::kill, [&] { return opened(inside() / "state", O_RDWR | O_TRUNC); }), 0);
  EXPECT_EQ(in_confinement(Strictness::kill, [&] { return opened(inside() / "new", O_WRONLY | O_CREAT); }), 0);
  EXPECT_EQ(in_confinement(Strictness::kill, [&] { return write_file_atomically(inside() / "whole", "text") ? 0 : 1; }), 0);
  EXPECT_EQ(in_confinement(Strictness::kill, [&] {
    auto const listener = listen_unix(inside() / "socket");
    if (!listener) return listener.error().errno_value;
    auto const peer = connect_unix(inside() / "socket");
    return peer ? 0 : peer.error().errno_value;
  }), 0);
}

TEST_F(Confined, TouchesNoOtherFile) {
  EXPECT_EQ(in_confinement(Strictness::kill, [&] { return opened(outside("secret"), O_RDONLY); }), EACCES);
  EXPECT_EQ(in_confinement(Strictness::kill, [&] { return opened(outside("new"), O_WRONLY | O_CREAT); }), EACCES);
  EXPECT_EQ(in_confinement(Strictness::kill, [&] { return opened(readable() / "config", O_RDWR); }), EACCES);
  EXPECT_EQ(in_confinement(Strictness::kill, [&] { return opened(readable() / "new", O_WRONLY | O_CREAT); }), EACCES);
  EXPECT_EQ(in_confinement(Strictness::kill, [&] { return opened(inside() / "../secret", O_RDONLY); }), EACCES);
  EXPECT_EQ(in_confinement(Strictness::kill, [&] { return opened("/etc/passwd", O_RDONLY); }), EACCES);
  EXPECT_EQ(in_confinement(Strictness::kill, [&] { return opened("/proc/1/mem", O_RDWR); }), EACCES);
  EXPECT_EQ(in_confinement(Strictness::kill, [&] { return ::unlink(outside("secret").c_str()) == 0 ? 0 : errno; }), EACCES);
  EXPECT_EQ(in_confinement(Strictness::kill, [&] { return ::rename((inside() / "state").c_str(), outside("moved").c_str()) == 0 ? 0 : errno; }), EACCES);
  EXPECT_TRUE(std::filesystem::exists(outside("secret")));
}

TEST_F(Confined, EndsAtACallOutsideItsList) {
  for (auto const& act : std::vector<std::function<int()>>{
           [] { return ::execl("/bin/true", "true", nullptr); },
           [] { return ::fork() == 0 ? (::_exit(0), 0) : 0; },
           [] { return ::socket(AF_INET, SOCK_STREAM, 0); },
           [] { return ::socket(AF_NETLINK, SOCK_RAW, 0); },
           [] { return static_cast<int>(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); },
           [] { return ::kill(::getppid(), 0); },
           [] { return ::unshare(CLONE_NEWUSER); },
           [] { return ::setuid(0); },
           [] { return ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? 1 : 0; },
       }) {
    EXPECT_EQ(in_confinement(Strictness::kill, act), -SIGSYS);
  }
}

TEST_F(Confined, IsOnlyRefusedWhereCallsAreLogged) {
  EXPECT_EQ(in_confinement(Strictness::log, [] { return ::execl("/bin/true", "true", nullptr) == 0 ? 0 : errno; }), EPERM);
  EXPECT_EQ(in_confinement(Strictness::log, [] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : errno; }), EPERM);
}

TEST_F(Confined, HasNoPrivileges) {
  pid_t const child = ::fork();
  if (child == 0) {
    // Opened here, read afterwards: the file tells of the moment it is read.
    auto const status = open_file("/proc/thread-self/status", O_RDONLY);
    bool const done = confine({{}, daemon_calls(), Strictness::kill}).ok();
    std::array<std::byte, 8192> buffer;
    auto const got = status ? read_some(*status, buffer) : Result<std::size_t>(Failure{Error{}});
    std::string const text(got ? as_text(ByteSpan(buffer).first(*got)) : "");
    bool const none = text.find("CapEff:\t0000000000000000") != std::string::npos && text.find("CapPrm:\t0000000000000000") != std::string::npos;
    bool const no_new = text.find("NoNewPrivs:\t1") != std::string::npos && text.find("Seccomp:\t2") != std::string::npos;
    ::_exit(done && none && no_new ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(Strictness, IsKillUnlessToldOtherwise) {
  EXPECT_EQ(parse_strictness(nullptr), Strictness::kill);
  EXPECT_EQ(parse_strictness(""), Strictness::kill);
  EXPECT_EQ(parse_strictness("off"), Strictness::kill);
  EXPECT_EQ(parse_strictness("log"), Strictness::log);
}

TEST(Strictness, DaemonsAreLeftWithSixtyCallsAtMost) { EXPECT_LE(daemon_calls().size(), 60U); }

}  // namespace
}  // namespace bh
