// What doctor learns of real display servers: with and without shared memory, mute, and absent.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/child_process.h"
#include "base/temp_dir.h"
#include "base/unix_socket.h"
#include "dom0/cli/doctor_checks.h"

namespace bh::cli {
namespace {

class Server {
 public:
  // `argv` gets the descriptor 3, on which an X server names its display.
  static Server x11(std::vector<std::string> more) {
    auto pipe = make_pipe();
    BH_ASSERT(pipe.ok());
    std::vector<std::string> argv{"Xvfb", "-displayfd", "3", "-screen", "0", "320x240x24", "-nolisten", "tcp"};
    argv.insert(argv.end(), more.begin(), more.end());
    auto process = ChildProcess::spawn({.argv = argv, .fds = {{&pipe->second, 3}, {&pipe->second, 2}}, .die_with_parent = true});
    BH_ASSERT(process.ok());
    pipe->second.reset();
    std::string number;
    auto const deadline = Clock::now() + std::chrono::seconds(60);
    while (!number.ends_with('\n')) {
      auto const ready = wait_for(pipe->first, POLLIN, deadline);
      BH_ASSERT(ready.ok() && *ready);
      std::array<std::byte, 16> chunk{};
      auto const count = read_some(pipe->first, chunk);
      BH_ASSERT(count.ok() && *count > 0);
      number += as_text(std::span(chunk).first(*count));
    }
    number.pop_back();
    return Server(*std::move(process), ":" + number);
  }
  explicit Server(ChildProcess process, std::string name) : process_(std::move(process)), name_(std::move(name)) {}
  Server(Server&& other) noexcept : process_(std::exchange(other.process_, std::nullopt)), name_(std::move(other.name_)) {}
  ~Server() {
    if (process_) (void)process_->terminate(std::chrono::seconds(5));
  }
  [[nodiscard]] std::string const& name() const { return name_; }

 private:
  std::optional<ChildProcess> process_;
  std::string name_;
};

Session session() {
  char const* const bin = std::getenv("BH_BIN");
  return {Paths::below("/nonexistent"), bin == nullptr ? "." : bin, admin::Client("/nonexistent/qubesd.sock")};
}

class DisplayProbe : public testing::Test {
 protected:
  DisplayProbe() {
    ::unsetenv("DISPLAY");
    ::unsetenv("WAYLAND_DISPLAY");
  }
};

TEST_F(DisplayProbe, AServerTakesMemoryByDescriptor) {
  Server const server = Server::x11({});
  ::setenv("DISPLAY", server.name().c_str(), 1);
  auto const answer = ask_displays(session());
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  ASSERT_TRUE(answer->x11);
  EXPECT_TRUE(answer->x11->shared_fd);
  EXPECT_FALSE(answer->wayland);
  EXPECT_EQ(judge_displays(display_names(), answer).at(0).level, host::Level::ok);
}

TEST_F(DisplayProbe, AServerWithoutTheExtensionIsWeaker) {
  Server const server = Server::x11({"-extension", "MIT-SHM"});
  ::setenv("DISPLAY", server.name().c_str(), 1);
  auto const answer = ask_displays(session());
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  ASSERT_TRUE(answer->x11);
  EXPECT_EQ(answer->x11->shm_version, "");
  EXPECT_EQ(judge_displays(display_names(), answer).at(0).level, host::Level::weaker);
}

TEST_F(DisplayProbe, NobodyThereIsBroken) {
  ::setenv("DISPLAY", ":7654", 1);
  ::setenv("WAYLAND_DISPLAY", "/nonexistent/wayland", 1);
  auto const answer = ask_displays(session());
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  for (auto const& finding : judge_displays(display_names(), answer)) EXPECT_EQ(finding.level, host::Level::broken) << finding.id;
}

TEST_F(DisplayProbe, AMuteServerIsUnknownInsteadOfWaitedForForEver) {
  auto const folder = TempDir::create("mute");
  ASSERT_TRUE(folder.ok());
  auto const listener = listen_unix(folder->path() / "wayland");
  ASSERT_TRUE(listener.ok());
  ::setenv("WAYLAND_DISPLAY", (folder->path() / "wayland").c_str(), 1);
  auto const answer = ask_displays(session());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(judge_displays(display_names(), answer).at(0).level, host::Level::unknown);
}

TEST_F(DisplayProbe, ACompositorsFormatsAreSeen) {
  auto const folder = TempDir::create("weston");
  ASSERT_TRUE(folder.ok());
  auto process = ChildProcess::spawn({.argv = {"weston", "--backend=headless-backend.so", "--socket=bulkhead-test", "--idle-time=0", "--log=" + (folder->path() / "log").string()},
                                      .environment = {{"XDG_RUNTIME_DIR", folder->path().string()}}, .die_with_parent = true});
  ASSERT_TRUE(process.ok()) << process.error().message;
  Server const server(*std::move(process), (folder->path() / "bulkhead-test").string());
  auto const deadline = Clock::now() + std::chrono::seconds(60);
  while (!connect_unix(server.name()).ok() && Clock::now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ::setenv("WAYLAND_DISPLAY", server.name().c_str(), 1);
  auto const answer = ask_displays(session());
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  ASSERT_TRUE(answer->wayland);
  EXPECT_TRUE(answer->wayland->shm && answer->wayland->argb && answer->wayland->xrgb && answer->wayland->xdg_shell);
  EXPECT_EQ(judge_displays(display_names(), answer).at(0).level, host::Level::ok);
}

}  // namespace
}  // namespace bh::cli
