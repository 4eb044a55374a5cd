// qfile-receive against streams that no honest sender makes: nothing outside the folder, nothing half-named, always an answer.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <random>

#include "copy_harness.h"

namespace bh::test {
namespace {

class HostileStream : public testing::Test {
 protected:
  CopyHarness harness_;
  Bytes stream_;

  void add(std::string const& name, std::uint32_t mode, std::string const& body = "") {
    qfile::RawHeader header;
    header.name_length = static_cast<std::uint32_t>(name.size() + 1);
    header.mode = mode;
    header.file_length = body.size();
    ByteWriter writer;
    writer.bytes(qfile::encode(header)).text(name).u8(0).text(body);
    stream_.insert(stream_.end(), writer.view().begin(), writer.view().end());
  }
  void end() { stream_.resize(stream_.size() + qfile::kHeaderSize); }
  std::uint32_t answer() { return harness_.receive(stream_).result.error_code; }
};

TEST_F(HostileStream, CutAnywhereLeavesWholeFilesOnly) {
  add("t", S_IFDIR | 0755);
  add("t/a", S_IFREG | 0644, "first file");
  add("t/b", S_IFREG | 0644, std::string(3000, 'b'));
  add("t/l", S_IFLNK | 0777, "a");
  add("t", S_IFDIR | 0755);
  end();
  std::string const whole_b = "t/b = " + std::string(3000, 'b');
  for (std::size_t cut = 0; cut < stream_.size(); cut += cut < 90 || cut > stream_.size() - 70 ? 1 : 97) {
    auto const got = harness_.receive(ByteSpan(stream_).first(cut));
    EXPECT_TRUE(got.result.error_code == EREMOTEIO || got.result.error_code == qfile::kStreamCut) << cut;
    EXPECT_EQ(got.exit, static_cast<int>(got.result.error_code & 0xFF));
    for (auto const& line : listing(harness_.arrived())) {
      EXPECT_TRUE(line == "t/" || line == "t/a = first file" || line == whole_b || line == "t/l -> a") << cut << ": " << line;
    }
    std::filesystem::remove_all(harness_.arrived());
  }
  EXPECT_EQ(answer(), 0U);
}

TEST_F(HostileStream, WritingThroughALinkOfTheSameTransferIsRefused) {
  add("t", S_IFDIR | 0755);
  add("t/s", S_IFDIR | 0755);
  add("t/l", S_IFLNK | 0777, "s");
  add("t/l/x", S_IFREG | 0644, "through");
  end();
  EXPECT_EQ(answer(), std::uint32_t{ENOTDIR});
  EXPECT_EQ(listing(harness_.arrived()), (std::vector<std::string>{"t/", "t/l -> s", "t/s/"}));
}

TEST_F(HostileStream, LinksOutAreRefused) {
  for (char const* target : {"..", "/etc", "../t", "x/../..", ""}) {
    stream_.clear();
    add("t", S_IFDIR | 0755);
    add("t/l", S_IFLNK | 0777, target);
    end();
    EXPECT_EQ(answer(), std::uint32_t{ENOLINK}) << target;
  }
  EXPECT_EQ(listing(harness_.arrived()), (std::vector<std::string>{"t/"}));
}

TEST_F(HostileStream, LinksThatWereThereBeforeAreNotFollowed) {
  auto const outside = harness_.folder() / "outside";
  std::filesystem::create_directories(outside);
  std::filesystem::create_directories(harness_.arrived());
  std::filesystem::create_directory_symlink(outside, harness_.arrived() / "t");
  add("t/x", S_IFREG | 0644, "through");
  end();
  EXPECT_EQ(answer(), std::uint32_t{ENOTDIR});
  stream_.clear();
  add("t", S_IFDIR | 0755);
  end();
  EXPECT_NE(answer(), 0U);
  stream_.clear();
  add("t", S_IFREG | 0755, "over the link");
  end();
  EXPECT_EQ(answer(), std::uint32_t{EEXIST});
  EXPECT_TRUE(std::filesystem::is_empty(outside));
}

TEST_F(HostileStream, AnIncomingFolderThatIsALinkIsRefused) {
  std::filesystem::create_directories(harness_.folder() / "outside");
  std::filesystem::create_directory_symlink(harness_.folder() / "outside", harness_.base() / "QubesIncoming");
  add("a", S_IFREG | 0644, "x");
  end();
  EXPECT_EQ(answer(), std::uint32_t{ENOTDIR});
  EXPECT_TRUE(std::filesystem::is_empty(harness_.folder() / "outside"));
}

TEST_F(HostileStream, ClimbingNamesAreRefused) {
  for (char const* name : {"../a", "a/../../b", "/tmp/evil", ".", "..", "a//b", "a/", ""}) {
    stream_.clear();
    add(name, S_IFREG | 0644, "x");
    end();
    EXPECT_EQ(answer(), std::uint32_t{EILSEQ}) << name;
  }
  EXPECT_TRUE(listing(harness_.arrived()).empty());
  EXPECT_EQ(listing(harness_.base()), (std::vector<std::string>{"QubesIncoming/", "QubesIncoming/work/"}));
}

TEST_F(HostileStream, SpecialFilesAreRefused) {
  for (std::uint32_t const type : {S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK}) {
    stream_.clear();
    add("x", type | 0666);
    end();
    EXPECT_EQ(answer(), std::uint32_t{EINVAL});
  }
  EXPECT_TRUE(listing(harness_.arrived()).empty());
}

TEST_F(HostileStream, FilesOverFoldersAndTheReverseAreRefused) {
  add("t", S_IFDIR | 0755);
  add("t", S_IFREG | 0644, "x");
  end();
  EXPECT_EQ(answer(), std::uint32_t{EEXIST});
  stream_.clear();
  add("f", S_IFREG | 0644, "x");
  add("f/g", S_IFREG | 0644, "x");
  end();
  EXPECT_EQ(answer(), std::uint32_t{ENOTDIR});
  stream_.clear();
  add("d/e", S_IFREG | 0644, "x");
  end();
  EXPECT_EQ(answer(), std::uint32_t{ENOENT});
}

TEST_F(HostileStream, DeepAndLongPathsAreRefusedNotCrashedOn) {
  std::string deep = "d";
  for (int i = 0; i < 600; ++i) deep += "/d";
  add(deep, S_IFDIR | 0755);
  end();
  EXPECT_EQ(answer(), std::uint32_t{ENAMETOOLONG});
  stream_.clear();
  add(std::string(16382, 'n'), S_IFREG | 0644, "x");
  end();
  EXPECT_EQ(answer(), std::uint32_t{ENAMETOOLONG});
  stream_.clear();
  add(std::string(256, 'n'), S_IFREG | 0644, "x");
  end();
  EXPECT_EQ(answer(), std::uint32_t{ENAMETOOLONG});
}

TEST_F(HostileStream, AFileLargerThanTheDiskIsRefusedBeforeItsBytes) {
  qfile::RawHeader header;
  header.name_length = 2;
  header.mode = S_IFREG | 0644;
  header.file_length = qfile::kMaxFileLength;
  ByteWriter writer;
  writer.bytes(qfile::encode(header)).text("a").u8(0);
  auto const got = harness_.receive(writer.view());
  EXPECT_EQ(got.result.error_code, std::uint32_t{ENOSPC});
  EXPECT_EQ(got.result.last_name, "a");
}

TEST_F(HostileStream, RandomTreesNeverLeaveTheFolder) {
  std::mt19937 random(3);
  std::vector<std::string> const parts{"a", "b", "..", ".", "", "l", "\x01", "QubesIncoming", "/"};
  for (int round = 0; round < 150; ++round) {
    stream_.clear();
    for (int i = 0; i < 12; ++i) {
      std::string name = parts[random() % 2];
      while (random() % 2 != 0) name += "/" + parts[random() % (random() % 8 == 0 ? parts.size() : 2)];
      std::uint32_t const modes[] = {S_IFDIR | 0755, S_IFREG | 0644, S_IFLNK | 0777};
      std::uint32_t const mode = modes[random() % 3];
      add(name, mode, S_ISDIR(mode) ? "" : S_ISLNK(mode) ? parts[random() % 3] : "text");
    }
    end();
    (void)harness_.receive(stream_);
  }
  std::vector<std::string> top;
  for (auto const& entry : std::filesystem::directory_iterator(harness_.base())) top.push_back(entry.path().filename());
  EXPECT_EQ(top, (std::vector<std::string>{"QubesIncoming"}));
  for (auto const& entry : std::filesystem::recursive_directory_iterator(harness_.arrived())) {
    if (!entry.is_symlink()) continue;
    auto const target = (entry.path().parent_path() / std::filesystem::read_symlink(entry.path())).lexically_normal();
    auto const inside = target.lexically_relative(harness_.arrived());
    EXPECT_NE(*inside.begin(), "..") << entry.path() << " -> " << target;
  }
}

}  // namespace
}  // namespace bh::test
