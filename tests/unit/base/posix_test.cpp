#include <gtest/gtest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/mapping.h"
#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "base/unix_socket.h"

namespace bh {
namespace {

using namespace std::chrono_literals;

TEST(ReadFile, RefusesMoreThanItsCap) {
  auto const dir = *TempDir::create("bh-test");
  auto const path = dir.path() / "f";
  ASSERT_TRUE(write_file_atomically(path, std::string(100, 'x')));
  EXPECT_EQ(read_file(path, 100)->size(), 100U);
  EXPECT_EQ(read_file(path, 99).error().errno_value, EFBIG);
  EXPECT_EQ(read_file(dir.path() / "none", 9).error().errno_value, ENOENT);
}

TEST(WriteFileAtomically, LeavesNoTemporaryFileWhenItFails) {
  auto const dir = *TempDir::create("bh-test");
  std::filesystem::create_directory(dir.path() / "occupied");
  std::filesystem::create_directory(dir.path() / "occupied/x");
  EXPECT_FALSE(write_file_atomically(dir.path() / "occupied", "content"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1);
}

TEST(SealedMemory, CannotBeShrunkGrownOrUnsealed) {
  auto const memory = *make_sealed_memory("test", 8192);
  EXPECT_NE(::ftruncate(memory.borrow(), 0), 0);
  EXPECT_NE(::ftruncate(memory.borrow(), 16384), 0);
  auto const mapping = *Mapping::map(memory, 8192, Mapping::Access::read_write);
  mapping.bytes()[8191] = std::byte{5};
  auto const again = *Mapping::map(memory, 8192, Mapping::Access::read);
  EXPECT_EQ(again.bytes()[8191], std::byte{5});
}

TEST(UnixSocket, WorksBelowAPathLongerThanAnAddress) {
  auto const dir = *TempDir::create("bh-test");
  auto const deep = dir.path() / std::string(120, 'd');
  std::filesystem::create_directory(deep);
  auto const listener = *listen_unix(deep / "s.sock", 5, 0600);
  struct stat info {};
  ASSERT_EQ(::stat((deep / "s.sock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  auto const client = *connect_unix(deep / "s.sock");
  auto const server = *accept_unix(listener);
  ASSERT_TRUE(write_all(client, as_bytes("hello")));
  std::byte buffer[5];
  ASSERT_TRUE(read_exact(server, buffer));
  EXPECT_EQ(as_text(buffer), "hello");
  EXPECT_EQ(peer_credentials(server)->pid, ::getpid());
  EXPECT_EQ(connect_unix(deep / "none.sock").error().errno_value, ENOENT);
}

TEST(ReadExact, SaysSoWhenThePeerEndsEarly) {
  auto pipe = *make_pipe();
  ASSERT_TRUE(write_all(pipe.second, as_bytes("ab")));
  pipe.second.reset();
  std::byte buffer[3];
  EXPECT_FALSE(read_exact(pipe.first, buffer));
}

TEST(WaitFor, TellsADeadlineFromReadiness) {
  auto const pipe = *make_pipe();
  EXPECT_FALSE(*wait_for(pipe.first, POLLIN, Clock::now() + 5ms));
  ASSERT_TRUE(write_all(pipe.second, as_bytes("x")));
  EXPECT_TRUE(*wait_for(pipe.first, POLLIN, Clock::now() + 5s));
}

TEST(UniqueFd, ClosesOnceAndMoves) {
  auto pipe = *make_pipe();
  int const number = pipe.first.borrow();
  UniqueFd moved = std::move(pipe.first);
  EXPECT_EQ(moved.borrow(), number);
  moved.reset();
  EXPECT_FALSE(moved.open());
  EXPECT_NE(::fcntl(number, F_GETFD), 0);
}

}  // namespace
}  // namespace bh
