// Sender and receiver as programs, joined as qrexec would join them.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <fstream>
#include <random>
#include <thread>

#include "copy_harness.h"

namespace bh::test {
namespace {

class CopyTest : public testing::Test {
 protected:
  CopyHarness harness_;
  static std::string random_text(std::size_t size) {
    std::mt19937_64 generator(7);
    std::string text(size, '\0');
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
      auto const number = generator();
      std::memcpy(text.data() + i, &number, 8);
    }
    return text;
  }
};

TEST_F(CopyTest, ATreeOf200FilesArrivesWhole) {
  for (int i = 0; i < 200; ++i) harness_.write("tree/d" + std::to_string(i % 7) + "/f" + std::to_string(i), std::string(static_cast<std::size_t>(i * 37), 'x'));
  std::filesystem::create_symlink("../d1/f1", harness_.source() / "tree/d2/link");
  std::filesystem::create_directory(harness_.source() / "tree/empty");
  auto const outcome = harness_.copy({(harness_.source() / "tree").string()});
  EXPECT_EQ(outcome.sender, 0) << outcome.sender_says;
  EXPECT_EQ(outcome.receiver, 0);
  EXPECT_EQ(listing(harness_.arrived()), listing(harness_.source()));
  EXPECT_EQ(listing(harness_.arrived()).size(), 200U + 7 + 1 + 1 + 1);
}

TEST_F(CopyTest, SixtyFourMebibytesArriveWhole) {
  auto const file = harness_.write("big", random_text(64 << 20));
  auto const outcome = harness_.copy({file});
  EXPECT_EQ(outcome.sender, 0) << outcome.sender_says;
  EXPECT_TRUE(listing(harness_.arrived()) == listing(harness_.source()));
}

TEST_F(CopyTest, KeepsPermissionsAndTimesOfReadOnlyTrees) {
  auto const file = harness_.write("tree/run", "#!");
  ::chmod(file.c_str(), 04555);
  timespec const times[2] = {{1'000'000'000, 5}, {1'100'000'000, 7}};
  ::utimensat(AT_FDCWD, file.c_str(), times, 0);
  auto const tree = (harness_.source() / "tree").string();
  ::chmod(tree.c_str(), 0555);
  auto const outcome = harness_.copy({tree});
  ::chmod(tree.c_str(), 0755);
  EXPECT_EQ(outcome.sender, 0) << outcome.sender_says;
  struct stat facts{};
  ASSERT_EQ(::stat((harness_.arrived() / "tree/run").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0555U);  // without the set-user-id bit
  EXPECT_EQ(facts.st_mtim.tv_sec, 1'100'000'000);
  EXPECT_EQ(facts.st_mtim.tv_nsec, 7);
  ASSERT_EQ(::stat((harness_.arrived() / "tree").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0555U);
  ::chmod((harness_.arrived() / "tree").c_str(), 0755);
  ASSERT_EQ(::stat((harness_.base() / "QubesIncoming").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0700U);
}

TEST_F(CopyTest, NeverOverwrites) {
  auto const file = harness_.write("a", "new");
  EXPECT_EQ(harness_.copy({file}).sender, 0);
  harness_.write("a", "newer");
  auto const outcome = harness_.copy({file});
  EXPECT_EQ(outcome.sender, 1);
  EXPECT_EQ(outcome.receiver, EEXIST);
  EXPECT_NE(outcome.sender_says.find("already has a file"), std::string::npos) << outcome.sender_says;
  EXPECT_EQ(listing(harness_.arrived()), (std::vector<std::string>{"a = new"}));
}

TEST_F(CopyTest, MergesIntoAFolderThatIsThere) {
  harness_.write("tree/a", "1");
  EXPECT_EQ(harness_.copy({(harness_.source() / "tree").string()}).sender, 0);
  std::filesystem::remove_all(harness_.source() / "tree");
  harness_.write("tree/b", "2");
  EXPECT_EQ(harness_.copy({(harness_.source() / "tree").string()}).sender, 0);
  EXPECT_EQ(listing(harness_.arrived()), (std::vector<std::string>{"tree/", "tree/a = 1", "tree/b = 2"}));
}

TEST_F(CopyTest, TellsFilesFromFolders) {
  harness_.write("x", "file");
  EXPECT_EQ(harness_.copy({(harness_.source() / "x").string()}).sender, 0);
  std::filesystem::remove(harness_.source() / "x");
  harness_.write("x/y", "inside");
  auto const outcome = harness_.copy({(harness_.source() / "x").string()});
  EXPECT_EQ(outcome.sender, 1);
  EXPECT_EQ(listing(harness_.arrived()), (std::vector<std::string>{"x = file"}));
}

TEST_F(CopyTest, UnsafeNamesNeedTheArgumentThatPolicyCanDeny) {
  auto const file = harness_.write("\xF0\x9F\x98\x80", "smile");
  auto const strict = harness_.copy({file});
  EXPECT_EQ(strict.sender, 1);
  EXPECT_NE(strict.sender_says.find("character"), std::string::npos);
  EXPECT_TRUE(listing(harness_.arrived()).empty());
  EXPECT_EQ(harness_.copy({file}, {}, "allow-all-names").sender, 0);
  EXPECT_EQ(listing(harness_.arrived()).size(), 1U);
  EXPECT_EQ(harness_.copy({file}, {}, "something-else").receiver, 2);
}

TEST_F(CopyTest, TopLevelLinksAreRefused) {
  std::filesystem::create_symlink("/etc/passwd", harness_.source() / "absolute");
  std::filesystem::create_symlink("absolute", harness_.source() / "relative");
  for (char const* name : {"absolute", "relative"}) {
    for (char const* argument : {"", "allow-all-names"}) {
      EXPECT_EQ(harness_.copy({(harness_.source() / name).string()}, {}, argument).sender, 1);
    }
    EXPECT_EQ(harness_.copy({(harness_.source() / name).string()}, {"--ignore-symlinks"}).sender, 0);
  }
  EXPECT_TRUE(listing(harness_.arrived()).empty());
}

TEST_F(CopyTest, AMissingFileIsNamed) {
  auto const outcome = harness_.copy({(harness_.source() / "none").string()});
  EXPECT_EQ(outcome.sender, 1);
  EXPECT_NE(outcome.sender_says.find("none"), std::string::npos);
  EXPECT_EQ(outcome.receiver, EREMOTEIO);
}

TEST_F(CopyTest, PipesAndDevicesAreNotSent) {
  harness_.write("tree/a", "1");
  ASSERT_EQ(::mkfifo((harness_.source() / "tree/pipe").c_str(), 0600), 0);
  EXPECT_EQ(harness_.copy({(harness_.source() / "tree").string()}).sender, 0);
  EXPECT_EQ(listing(harness_.arrived()), (std::vector<std::string>{"tree/", "tree/a = 1"}));
}

TEST_F(CopyTest, AFileSizeLimitIsAClearErrorAndLeavesNothing) {
  auto const file = harness_.write("big", random_text(4 << 20));
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  rlimit const small{1 << 20, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  auto const outcome = harness_.copy({file});
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(outcome.sender, 1);
  EXPECT_NE(outcome.sender_says.find("files of that size"), std::string::npos) << outcome.sender_says;
  EXPECT_EQ(outcome.receiver, EFBIG);
  EXPECT_TRUE(listing(harness_.arrived()).empty());
}

TEST_F(CopyTest, AFullDiskIsAClearErrorAndLeavesNothingHalf) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root for a small file system";
  auto const small = harness_.folder() / "small";
  std::filesystem::create_directories(small);
  if (::mount("none", small.c_str(), "tmpfs", 0, "size=6m") != 0) GTEST_SKIP() << "cannot mount a tmpfs here";
  harness_.set_base(small);
  harness_.write("tree/1", random_text(3 << 20));
  harness_.write("tree/2", random_text(4 << 20));
  auto const outcome = harness_.copy({(harness_.source() / "tree").string()});
  auto const left = listing(harness_.arrived());
  // Another one fills the disk behind the receiver's back, after its own look at the free space.
  std::filesystem::remove_all(harness_.arrived());
  auto const late = harness_.write("late", random_text(5 << 20));
  std::ofstream(small / "filler") << random_text(4 << 20);
  auto const second = harness_.copy({late});
  auto const left_late = listing(harness_.arrived());
  ::umount2(small.c_str(), MNT_DETACH);
  EXPECT_EQ(outcome.sender, 1);
  EXPECT_NE(outcome.sender_says.find("not enough free space"), std::string::npos) << outcome.sender_says;
  EXPECT_NE(outcome.sender_says.find("tree/2"), std::string::npos) << outcome.sender_says;
  EXPECT_EQ(left.size(), 2U);  // tree/ and tree/1
  EXPECT_NE(second.sender, 0);
  EXPECT_TRUE(left_late.empty());
}

TEST_F(CopyTest, AReceiverThatDiesIsAnErrorNotAHang) {
  auto const file = harness_.write("big", random_text(8 << 20));
  auto stream = *make_socket_pair();
  auto reply = *make_pipe();
  UniqueFd const errors = *open_file("/dev/null", O_WRONLY);
  auto sender = harness_.start_sender(stream.first, reply.first, errors, {file});
  stream.first.reset();
  reply.first.reset();
  std::byte some[65536];
  ASSERT_TRUE(read_exact(stream.second, some));
  stream.second.reset();
  reply.second.reset();
  auto const status = sender.wait(soon());
  ASSERT_TRUE(status && *status);
  EXPECT_EQ((*status)->code, 1);
}

TEST_F(CopyTest, TheSenderBelievesNoAnswer) {
  auto const file = harness_.write("a", "hello");
  struct Case { Bytes answer; char const* word; };
  Bytes const wrong_crc = qfile::encode(qfile::TransferResult{0, 12345, ""});
  Bytes endless(100'000, std::byte{0});
  endless[17] = std::byte{0x40};
  Bytes const evil = qfile::encode(qfile::TransferResult{17, 0, "\x1b]0;evil\x07"});
  for (auto const& [answer, word] : {Case{wrong_crc, "checksum"}, Case{endless, "answer"}, Case{evil, "already"}, Case{{}, "without saying why"},
                                     Case{Bytes(15), "without saying why"}, Case{Bytes(40, std::byte{0xFF}), "answer"}}) {
    auto stream = *make_socket_pair();
    auto reply = *make_pipe();
    auto const errors_file = harness_.folder() / "stderr";
    UniqueFd const errors = *open_file(errors_file, O_WRONLY | O_CREAT | O_TRUNC);
    auto sender = harness_.start_sender(stream.first, reply.first, errors, {file});
    stream.first.reset();
    reply.first.reset();
    Bytes all(32 + 2 + 5 + 32);
    ASSERT_TRUE(read_exact(stream.second, all));
    (void)write_all(reply.second, answer).ok();
    reply.second.reset();
    auto const status = sender.wait(soon());
    ASSERT_TRUE(status && *status);
    EXPECT_EQ((*status)->code, 1);
    std::string const said = *read_file(errors_file, 4096);
    EXPECT_NE(said.find(word), std::string::npos) << said;
    EXPECT_EQ(said.find('\x1b'), std::string::npos);
  }
}

TEST_F(CopyTest, AStalledReceiverLeavesTheSenderCancellable) {
  auto const file = harness_.write("big", random_text(8 << 20));
  auto const stream = *make_socket_pair();
  auto const reply = *make_pipe();
  UniqueFd const errors = *open_file("/dev/null", O_WRONLY);
  auto sender = harness_.start_sender(stream.first, reply.first, errors, {file});
  std::byte first[1];
  ASSERT_TRUE(read_exact(stream.second, first));
  auto const status = sender.terminate(std::chrono::seconds(30));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->signal, SIGTERM);
}

TEST_F(CopyTest, FoldersMovedMeanwhileLeadNowhereElse) {
  // R10: the user (or a program) moves the target folder about while files go into it.
  for (int i = 0; i < 2000; ++i) harness_.write("tree/d/f" + std::to_string(i), "x");
  auto const outside = harness_.folder() / "outside";
  std::filesystem::create_directories(outside);
  std::atomic<bool> done{false};
  std::thread mover;
  auto const outcome = harness_.copy({(harness_.source() / "tree").string()}, {}, "", [&] {
    mover = std::thread([&] {
      std::error_code ignored;
      auto const inside = harness_.arrived() / "tree" / "d";
      while (!done) {
        std::filesystem::rename(inside, outside / "taken", ignored);
        std::filesystem::create_directory_symlink(outside, inside, ignored);
        std::filesystem::remove(inside, ignored);
        std::filesystem::rename(outside / "taken", inside, ignored);
      }
    });
  });
  done = true;
  mover.join();
  // It may fail at the moment the folder was away; what it may never do is to write through the link.
  if (outcome.sender != 0) {
    EXPECT_FALSE(outcome.sender_says.empty());
  }
  for (auto const& line : listing(outside)) EXPECT_TRUE(line.starts_with("taken/")) << line;
}

}  // namespace
}  // namespace bh::test
