// qrexec-daemon without --direct: the parent's exit code is the answer to whoever started it.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/posix_io.h"
#include "qrexec_world.h"

namespace bh::qrexec_test {
namespace {

namespace fs = std::filesystem;

class Background : public testing::Test {
 protected:
  // The daemon's parent leaves it behind: it becomes ours, to be found and ended.
  Background() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~Background() override {
    for (auto& agent : world_.running) (void)agent.terminate(std::chrono::seconds(10));
    world_.running.clear();
    for (int const pid : left_behind()) {
      ::kill(pid, SIGTERM);
      EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
    }
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  }
  Finished daemon(std::string const& socket_folder) {
    return world_.run(0, {"qrexec-daemon", "--uuid=u", "--socket-dir=" + socket_folder,
                          "--policy-program=" + world_.policy_program.string(), "42", "work", QrexecWorld::user()});
  }
  [[nodiscard]] std::vector<int> left_behind() const {
    std::vector<int> pids;
    std::string const own = std::to_string(::getpid());
    auto const children = read_file("/proc/" + own + "/task/" + own + "/children", 1 << 16).value_or("");
    for (std::size_t at = 0; at < children.size(); at = children.find(' ', at) + 1) {
      pids.push_back(std::stoi(children.substr(at)));
      if (children.find(' ', at) == std::string::npos) break;
    }
    return pids;
  }
  [[nodiscard]] std::string sockets() const { return (world_.folder() / "s").string(); }

  QrexecWorld world_;
};

TEST_F(Background, TheParentEndsOnceTheAgentHasAnswered) {
  world_.running.push_back(world_.agent(42));
  auto const done = daemon(sockets());
  EXPECT_EQ(done.code, 0) << done.errors;
  EXPECT_TRUE(fs::exists(world_.local_socket("work")));
  EXPECT_EQ(world_.client("work", "DEFAULT:exit 7").code, 7);
  EXPECT_TRUE(fs::exists(world_.folder() / "var/log/work-qrexec.log"));
}

TEST_F(Background, NoAgentIs3) {
  ::setenv("QREXEC_STARTUP_TIMEOUT", "1", 1);
  EXPECT_EQ(daemon(sockets()).code, 3);
  ::unsetenv("QREXEC_STARTUP_TIMEOUT");
}

TEST_F(Background, ASocketThatCannotBeMadeIs1AndNotAWaitWithoutEnd) {
  world_.running.push_back(world_.agent(42));
  EXPECT_EQ(daemon((world_.folder() / "missing").string()).code, 1);
}

TEST_F(Background, WithoutWaitingTheParentEndsAtOnce) {
  ::setenv("QREXEC_STARTUP_NOWAIT", "1", 1);
  EXPECT_EQ(daemon(sockets()).code, 0);
  ::unsetenv("QREXEC_STARTUP_NOWAIT");
  EXPECT_FALSE(fs::exists(world_.local_socket("work")));
  world_.running.push_back(world_.agent(42));
  EXPECT_TRUE(eventually([&] { return fs::exists(world_.local_socket("work")); }));
}

}  // namespace
}  // namespace bh::qrexec_test
