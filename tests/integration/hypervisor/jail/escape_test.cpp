// A program in QEMU's place tries everything it can think of, from before its first own instruction, with its files in sight and without.
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "base/unix_socket.h"
#include "hypervisor/jail/host_level.h"
#include "hypervisor/jail/jailed_process.h"
#include "hypervisor/jail/program_files.h"

namespace bh::jail::test {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kOrdinary = 65534;

Deadline in_time() { return Clock::now() + std::chrono::seconds(60); }

struct Report {
  std::string why_not;                // it did not start
  std::map<std::string, int> errnos;  // by attempt
  int code = -1;
};

// Outside the jail, for the attempts to aim at.
class Victim {
 public:
  Victim() {
    std::ofstream(folder_->path() / "private.img") << "secret";
    process_ = ::fork();
    if (process_ == 0) {
      for (;;) ::pause();
    }
    abstract_ = "bulkhead-escape-test-" + std::to_string(::getpid());
    listener_ = listen_unix(folder_->path() / "qmp.sock", 5, 0666);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, abstract_.data(), abstract_.size());
    abstract_listener_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    (void)::bind(abstract_listener_.borrow(), reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + abstract_.size()));
    (void)::listen(abstract_listener_.borrow(), 5);
    fs::permissions(folder_->path(), fs::perms::all);
  }
  Victim(Victim const&) = delete;
  Victim& operator=(Victim const&) = delete;
  ~Victim() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  std::vector<std::string> words(std::string const& mode, std::string const& program) const {
    return {program, mode, std::to_string(process_), folder_->path() / "private.img", folder_->path() / "qmp.sock", abstract_, program};
  }

 private:
  Result<TempDir> folder_ = TempDir::create("bh-escape");
  pid_t process_ = 0;
  std::string abstract_;
  Result<UniqueFd> listener_ = UniqueFd();
  UniqueFd abstract_listener_;
};

std::map<std::string, int> parse(std::string const& text) {
  std::map<std::string, int> errnos;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t const end = text.find('\n', begin);
    if (end == std::string::npos) break;
    std::string const line = text.substr(begin, end - begin);
    if (std::size_t const tab = line.find('\t'); tab != std::string::npos) errnos[line.substr(0, tab)] = std::atoi(line.c_str() + tab + 1);
    begin = end + 1;
  }
  return errnos;
}

std::string read_all(UniqueFd const& from) {
  std::string text;
  std::array<std::byte, 4096> buffer;
  for (;;) {
    auto const ready = wait_for(from, POLLIN, in_time());
    if (!ready || !*ready) return text + "\nno end\t0\n";
    auto const got = read_some(from, buffer);
    if (!got || *got == 0) return text;
    text += as_text(ByteSpan(buffer).first(*got));
  }
}

std::string tool_folder() {
  char const* const folder = std::getenv("BH_BIN");
  return folder == nullptr ? "." : folder;
}

struct Trial {
  Level level = Level::own_uid;
  std::optional<SubordinateIds> subordinate = {};
  std::string mode = "all";
  bool files_taken_away = false;
};

Report try_in_jail(Trial const& trial, Victim const& victim) {
  Report report;
  fs::path const program = fs::canonical(fs::path(tool_folder()) / "../tests/jail_escape");
  auto files = program_files(program, {});
  auto go = make_pipe();
  auto said = make_pipe();
  UniqueFd const lost(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!files || !go || !said) return report.why_not = "the test's own preparations", report;
  JailedStart start;
  start.launcher = fs::path(tool_folder()) / "bulkhead-jail";
  start.spec.level = trial.level;
  start.spec.subordinate = trial.subordinate;
  start.spec.files = *files;
  start.spec.die_with_parent = true;
  start.argv = victim.words(trial.mode, program);
  start.fds = {{&go->first, 0}, {&said->second, 1}, {&lost, 9}};
  auto jailed = start_jailed(start);
  if (!jailed) return report.why_not = jailed.error().message, report;
  said->second.reset();
  // Its libraries are loaded now.
  std::array<std::byte, 6> ready;
  if (!read_exact(said->first, ready) || as_text(ready) != "ready\n") report.why_not = "it was not ready";
  if (trial.files_taken_away) {
    jailed->files.take_away();
    Deadline const deadline = in_time();
    while (!jailed->files.collect() && Clock::now() < deadline) ::usleep(1000);
    if (!jailed->files.collect()) report.why_not = "the files are not taken away";
  }
  std::byte const byte{};
  (void)write_all(go->second, std::span(&byte, 1));
  report.errnos = parse(read_all(said->first));
  auto const status = jailed->process.wait(in_time());
  report.code = status && *status ? (*status)->code : -1;
  if (report.code == -1) (void)jailed->process.terminate(std::chrono::milliseconds(0));
  return report;
}

// The refusals that mean one, rather than a call made wrongly.
bool is_refusal(int number) {
  static std::set<int> const kRefusals{EPERM, EACCES, ENOENT, ENOSYS, ESRCH, EROFS, ENOTDIR, EAGAIN, EMFILE};
  return kRefusals.contains(number);
}

void expect_all_refused(Report const& report) {
  ASSERT_EQ(report.why_not, "");
  EXPECT_TRUE(report.errnos.contains("end")) << "it did not get to its end; exit code " << report.code;
  std::size_t refused = 0;
  for (auto const& [name, number] : report.errnos) {
    if (name == "end") continue;
    EXPECT_TRUE(is_refusal(number)) << name << ": " << (number == 0 ? "done" : std::strerror(number));
    refused += is_refusal(number) ? 1U : 0U;
  }
  EXPECT_GE(refused, 60U);
  EXPECT_EQ(refused, report.errnos.size() - 1);
  std::printf("[          ] %zu of %zu refused\n", refused, report.errnos.size() - 1);
}

// Runs as an ordinary user, in a child of this test. `before` may still prepare as root.
void as_ordinary_user(std::function<void()> const& before, std::function<void()> const& act) {
  pid_t const child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    before();
    bool const done = ::setgroups(0, nullptr) == 0 && ::setgid(kOrdinary) == 0 && ::setuid(kOrdinary) == 0;
    EXPECT_TRUE(done);
    if (done) act();
    std::fflush(nullptr);
    ::_exit(testing::Test::HasFailure() ? 1 : testing::Test::IsSkipped() ? 77 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "see above";
}

bool ordinary_users_reach_the_programs() {
  fs::path const folder = fs::canonical(tool_folder());
  for (fs::path path = folder; path != path.root_path(); path = path.parent_path()) {
    if ((fs::status(path).permissions() & fs::perms::others_exec) == fs::perms::none) return false;
  }
  return true;
}

#define NEEDS_ROOT() \
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: the jail of the system's service could not be shown"

TEST(Escape, OfTheSystemsJailIsRefusedEveryTime) {
  NEEDS_ROOT();
  Victim const victim;
  expect_all_refused(try_in_jail({.level = Level::own_uid}, victim));
}

TEST(Escape, IsRefusedWhenItsFilesAreTakenAway) {
  NEEDS_ROOT();
  Victim const victim;
  expect_all_refused(try_in_jail({.level = Level::own_uid, .files_taken_away = true}, victim));
}

TEST(Escape, ByOtherKindsOfSystemCallsEndsTheProcess) {
  NEEDS_ROOT();
  Victim const victim;
  for (char const* mode : {"int80", "x32"}) {
    Report const report = try_in_jail({.level = Level::own_uid, .mode = mode}, victim);
    ASSERT_EQ(report.why_not, "");
    EXPECT_EQ(report.code, 128 + SIGSYS) << mode;
    EXPECT_TRUE(report.errnos.empty()) << mode;
  }
}

TEST(Escape, OfAnOrdinaryUsersJailIsRefusedEveryTime) {
  NEEDS_ROOT();
  if (!read_host_facts().user_namespaces) GTEST_SKIP() << "this host lets ordinary users make no user namespaces";
  if (!ordinary_users_reach_the_programs()) GTEST_SKIP() << "an ordinary user cannot reach " << tool_folder() << ": the jail of user mode could not be shown";
  as_ordinary_user([] {}, [] {
    Victim const victim;
    expect_all_refused(try_in_jail({.level = Level::same_uid}, victim));
    expect_all_refused(try_in_jail({.level = Level::same_uid, .files_taken_away = true}, victim));
  });
}

TEST(Escape, OfAJailWithSubordinateIdsIsRefusedEveryTime) {
  NEEDS_ROOT();
  HostFacts const facts = read_host_facts();
  if (!facts.user_namespaces || !facts.id_mappers) GTEST_SKIP() << "no user namespaces or no newuidmap: jails with subordinate ids could not be shown";
  if (!ordinary_users_reach_the_programs()) GTEST_SKIP() << "an ordinary user cannot reach " << tool_folder();
  auto temp = TempDir::create("bh-subid");
  ASSERT_TRUE(temp.ok());
  fs::permissions(temp->path(), fs::perms(0755));
  std::ofstream(temp->path() / "subid") << kOrdinary << ":2000000:65536\n";
  auto const grant = [&] {
    // Seen by this child alone; the host's own files stay as they are.
    bool done = ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    for (char const* file : {"/etc/subuid", "/etc/subgid"}) done = done && ::mount((temp->path() / "subid").c_str(), file, nullptr, MS_BIND, nullptr) == 0;
    EXPECT_TRUE(done) << std::strerror(errno);
  };
  as_ordinary_user(grant, [] {
    auto const plan = strongest_level(read_host_facts());
    ASSERT_TRUE(plan.ok());
    ASSERT_EQ(plan->level, Level::subordinate);
    Victim const victim;
    expect_all_refused(try_in_jail({.level = Level::subordinate, .subordinate = plan->subordinate}, victim));
  });
}

// Without it, an attempt that is made wrongly would count as refused.
TEST(Escape, WorksWhereThereIsNoJail) {
  NEEDS_ROOT();
  Victim const victim;
  auto go = make_pipe();
  auto said = make_pipe();
  ASSERT_TRUE(go.ok() && said.ok());
  UniqueFd const lost(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  fs::path const program = fs::canonical(fs::path(tool_folder()) / "../tests/jail_escape");
  auto process = ChildProcess::spawn({.argv = victim.words("harmless", program), .fds = {{&go->first, 0}, {&said->second, 1}, {&lost, 9}}, .environment = {}, .working_directory = "", .die_with_parent = true});
  ASSERT_TRUE(process.ok());
  said->second.reset();
  go->second.reset();
  auto const errnos = parse(read_all(said->first));
  ASSERT_TRUE(errnos.contains("end"));
  std::size_t done = 0;
  for (auto const& [name, number] : errnos) {
    if (number == 0) ++done;
    // What a host may lack (a device, a system call) or its lockdown forbid even to root.
    else std::printf("[          ] not to be had on this host even without a jail: %s (%s)\n", name.c_str(), std::strerror(number));
  }
  EXPECT_GE(done, 40U);
  EXPECT_EQ(errnos.at("read another qube's volume"), 0);
  EXPECT_EQ(errnos.at("signal another process"), 0);
  EXPECT_EQ(errnos.at("connect to a socket's path"), 0);
  EXPECT_EQ(errnos.at("fork"), 0);
  EXPECT_TRUE(process->wait(in_time()).ok());
}

}  // namespace
}  // namespace bh::jail::test
