// Copies keep length, content and holes.
#include "hypervisor/volumes/pool/file_copy.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "tests/unit/hypervisor/volumes/pool/pattern.h"

namespace bh::volumes {
namespace {

class FileCopy : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(temp_.ok()); }
  std::filesystem::path file(char const* name) const { return temp_->path() / name; }
  Result<TempDir> temp_ = TempDir::create("bh-copy");
};

std::uint64_t allocated(std::filesystem::path const& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_blocks) * 512 : UINT64_MAX;
}

TEST_F(FileCopy, HasTheSameContentAndNoMoreBlocks) {
  ASSERT_TRUE(make_sparse_file(file("a"), mebibytes(16)).ok());
  ASSERT_TRUE(write_pattern(file("a"), 7));
  auto const from = open_file(file("a"), O_RDONLY);
  auto const to = make_sparse_file(file("b"), ByteCount(0));
  ASSERT_TRUE(from.ok() && to.ok());
  ASSERT_TRUE(copy_file_content(*from, *to, "a").ok());
  EXPECT_EQ(std::filesystem::file_size(file("b")), mebibytes(16).value());
  EXPECT_EQ(read_pattern(file("b")), 7);
  EXPECT_LE(allocated(file("b")), std::uint64_t{128} << 10);
}

TEST_F(FileCopy, OfAnEmptyVolumeIsAllHole) {
  ASSERT_TRUE(make_sparse_file(file("a"), mebibytes(64)).ok());
  auto const from = open_file(file("a"), O_RDONLY);
  auto const to = make_sparse_file(file("b"), ByteCount(0));
  ASSERT_TRUE(copy_file_content(*from, *to, "a").ok());
  EXPECT_EQ(std::filesystem::file_size(file("b")), mebibytes(64).value());
  EXPECT_EQ(allocated(file("b")), 0U);
}

TEST_F(FileCopy, ZerosThatAreWrittenTakeNoSpace) {
  auto const fd = make_sparse_file(file("a"), mebibytes(1));
  ASSERT_TRUE(fd.ok());
  Bytes bytes(65536);
  bytes[20000] = std::byte{1};
  bytes[65535] = std::byte{2};
  ASSERT_TRUE(write_sparsely(*fd, ByteCount(100), bytes).ok());
  EXPECT_LE(allocated(file("a")), 5U * 4096);
  Bytes back(65536);
  ASSERT_EQ(::pread(fd->borrow(), back.data(), back.size(), 100), 65536);
  EXPECT_EQ(back, bytes);
}

TEST_F(FileCopy, ReflinksAreReportedAsTheFileSystemHasThem) {
  auto const can = can_reflink(temp_->path());
  ASSERT_TRUE(can.ok());
  EXPECT_TRUE(std::filesystem::is_empty(temp_->path())) << "the probe left something behind";
}

}  // namespace
}  // namespace bh::volumes
