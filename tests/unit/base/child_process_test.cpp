#include "base/child_process.h"

#include <gtest/gtest.h>
#include <fcntl.h>
#include <signal.h>

namespace bh {
namespace {

using namespace std::chrono_literals;

std::string output_of(SpawnOptions options) {
  auto pipe = *make_pipe();
  options.fds.emplace_back(&pipe.second, 1);
  auto child = *ChildProcess::spawn(options);
  pipe.second.reset();
  std::string text;
  std::byte buffer[4096];
  for (;;) {
    auto const got = *read_some(pipe.first, buffer);
    if (got == 0) break;
    text += as_text(ByteSpan(buffer, got));
  }
  EXPECT_EQ((*child.wait(Clock::now() + 20s))->code, 0);
  return text;
}

TEST(ChildProcess, GivesArgumentsAsTheyAre) {
  EXPECT_EQ(output_of({.argv = {"printf", "%s|", "a b", "$HOME", "*", ""}}), "a b|$HOME|*||");
}

TEST(ChildProcess, ChangesTheEnvironmentAndTheFolder) {
  EXPECT_EQ(output_of({.argv = {"/bin/sh", "-c", "echo $BH_X:$PWD"}, .environment = {{"BH_X", "1"}}, .working_directory = "/usr"}),
            "1:/usr\n");
}

TEST(ChildProcess, InheritsOnlyWhatWasAskedFor) {
  auto const stray = *make_pipe();
  auto const wanted = *make_pipe();
  // The stray descriptors lose close-on-exec, as a careless library's would.
  ASSERT_EQ(::fcntl(stray.first.borrow(), F_SETFD, 0), 0);
  ASSERT_EQ(::fcntl(stray.second.borrow(), F_SETFD, 0), 0);
  std::string const seen = output_of({.argv = {"/bin/sh", "-c", "for n in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do [ -e /proc/$$/fd/$n ] && echo -n \"$n \"; done; :"}, .fds = {{&wanted.first, 7}}});
  EXPECT_EQ(seen, "0 1 2 7 ");
}

TEST(ChildProcess, SwapsDescriptorsWhoseNumbersCollide) {
  auto a = *make_pipe();
  ASSERT_TRUE(write_all(a.second, as_bytes("A")));
  a.second.reset();
  auto b = *make_pipe();
  ASSERT_TRUE(write_all(b.second, as_bytes("B")));
  b.second.reset();
  int const first = a.first.borrow();
  int const second = b.first.borrow();
  std::string const script = "cat <&" + std::to_string(second) + "; cat <&" + std::to_string(first);
  EXPECT_EQ(output_of({.argv = {"/bin/sh", "-c", script}, .fds = {{&a.first, second}, {&b.first, first}}}), "AB");
}

TEST(ChildProcess, ReportsAProgramThatCannotBeRun) {
  auto const failed = ChildProcess::spawn({.argv = {"/no/such/program"}});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().errno_value, ENOENT);
}

TEST(ChildProcess, ReportsExitCodeAndSignal) {
  auto seven = *ChildProcess::spawn({.argv = {"/bin/sh", "-c", "exit 7"}});
  EXPECT_EQ((*seven.wait(Clock::now() + 20s))->code, 7);
  auto killed = *ChildProcess::spawn({.argv = {"/bin/sh", "-c", "kill -9 $$"}});
  EXPECT_EQ((*killed.wait(Clock::now() + 20s))->signal, SIGKILL);
}

TEST(ChildProcess, TerminateKillsWhatIgnoresTheRequest) {
  auto pipe = *make_pipe();
  auto child = *ChildProcess::spawn({.argv = {"/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"}, .fds = {{&pipe.second, 1}}});
  std::byte buffer[5];
  ASSERT_TRUE(read_exact(pipe.first, buffer));
  EXPECT_TRUE(child.running());
  EXPECT_EQ(child.terminate(50ms)->signal, SIGKILL);
  EXPECT_FALSE(child.running());
}

TEST(ChildProcess, AdoptsByPidAndStartTimeOnly) {
  auto child = *ChildProcess::spawn({.argv = {"sleep", "60"}});
  EXPECT_FALSE(ChildProcess::adopt(child.pid(), child.start_time() + 1));
  auto adopted = ChildProcess::adopt(child.pid(), child.start_time());
  ASSERT_TRUE(adopted);
  EXPECT_TRUE(adopted->running());
  EXPECT_FALSE(*adopted->wait(Clock::now() + 1ms));
  ASSERT_TRUE(child.terminate(5s));
  EXPECT_TRUE(*adopted->wait(Clock::now() + 5s));
}

}  // namespace
}  // namespace bh
