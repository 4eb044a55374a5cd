// Making, growing, importing, copying volumes.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "base/temp_dir.h"
#include "hypervisor/volumes/pool/file_pool.h"
#include "hypervisor/volumes/pool/new_file_system.h"
#include "tests/unit/hypervisor/volumes/pool/pattern.h"

namespace bh::volumes {
namespace {

class FilePoolContent : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(pool_.ok()) << pool_.error().message;
    ASSERT_TRUE(pool().create(id_, mebibytes(16), Content::blank).ok());
    ASSERT_TRUE(write_pattern(pool().committed(id_), 1));
  }
  Pool& pool() { return **pool_; }
  Result<TempDir> temp_ = TempDir::create("bh-pool");
  Result<std::unique_ptr<FilePool>> pool_ = FilePool::open(temp_->path());
  VolumeId id_ = *VolumeId::make("work", "private");
  KeepRevisions one_ = *KeepRevisions::make(1);
};

TEST_F(FilePoolContent, IsNeverMadeOverAnExistingVolume) {
  auto const again = pool().create(id_, mebibytes(16), Content::blank);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().errno_value, EEXIST);
  EXPECT_EQ(pool().create_copy(id_, pool(), id_).error().errno_value, EEXIST);
  EXPECT_EQ(read_pattern(pool().committed(id_)), 1);
}

TEST_F(FilePoolContent, SizesHaveLimits) {
  auto const other = *VolumeId::make("other", "private");
  for (std::uint64_t bad : {std::uint64_t{0}, mebibytes(16).value() - 4096, mebibytes(16).value() + 1, mebibytes(16 << 20).value() + 4096, UINT64_MAX}) {
    EXPECT_FALSE(pool().create(other, ByteCount(bad), Content::blank).ok()) << bad;
    EXPECT_FALSE(pool().resize(id_, ByteCount(bad)).ok()) << bad;
    EXPECT_FALSE(pool().import_begin(id_, ByteCount(bad)).ok()) << bad;
  }
  EXPECT_TRUE(pool().create(other, kMinVolumeSize, Content::blank).ok());
}

TEST_F(FilePoolContent, GrowsAlsoWhileInUseAndNeverShrinks) {
  auto const path = pool().begin(id_, one_);
  ASSERT_TRUE(pool().resize(id_, mebibytes(32)).ok());
  EXPECT_EQ(std::filesystem::file_size(*path), mebibytes(32).value());
  EXPECT_EQ(pool().look(id_)->size, mebibytes(32));
  EXPECT_FALSE(pool().resize(id_, mebibytes(16)).ok());
  ASSERT_TRUE(pool().commit(id_, one_).ok());
  EXPECT_EQ(pool().look(id_)->size, mebibytes(32));
  EXPECT_EQ(read_pattern(pool().committed(id_)), 1);
}

TEST_F(FilePoolContent, AGrowthThatWasCutOffIsMadeUpForAtTheNextStart) {
  auto path = pool().begin(id_, one_);
  std::filesystem::resize_file(pool().committed(id_), mebibytes(32).value());
  path = pool().begin(id_, one_);
  ASSERT_TRUE(path.ok());
  EXPECT_EQ(std::filesystem::file_size(*path), mebibytes(32).value());
}

TEST_F(FilePoolContent, AnImportCountsOnlyOnceItHasEnded) {
  auto path = pool().import_begin(id_, mebibytes(32));
  ASSERT_TRUE(path.ok());
  ASSERT_TRUE(write_pattern(*path, 5));
  EXPECT_EQ(read_pattern(pool().committed(id_)), 1);
  ASSERT_TRUE(pool().import_end(id_, false, one_).ok());
  EXPECT_EQ(read_pattern(pool().committed(id_)), 1);
  EXPECT_FALSE(pool().import_end(id_, true, one_).ok()) << "there is nothing to end";

  path = pool().import_begin(id_, mebibytes(32));
  ASSERT_TRUE(write_pattern(*path, 6));
  ASSERT_TRUE(pool().import_end(id_, true, one_).ok());
  EXPECT_EQ(read_pattern(pool().committed(id_)), 6);
  EXPECT_EQ(pool().look(id_)->size, mebibytes(32));
  ASSERT_TRUE(pool().revert(id_, std::nullopt, one_).ok());
  EXPECT_EQ(read_pattern(pool().committed(id_)), 1);
}

TEST_F(FilePoolContent, CopiesGoFromPoolToPool) {
  auto const second_folder = TempDir::create("bh-pool2");
  auto const second = FilePool::open(second_folder->path());
  ASSERT_TRUE(second.ok());
  auto const copy = *VolumeId::make("copy", "private");
  ASSERT_TRUE((*second)->create_copy(copy, pool(), id_).ok());
  EXPECT_EQ(read_pattern((*second)->committed(copy)), 1);
  ASSERT_TRUE(write_pattern(pool().committed(id_), 2));
  ASSERT_TRUE((*second)->replace_by_copy(copy, pool(), id_, one_).ok());
  EXPECT_EQ(read_pattern((*second)->committed(copy)), 2);
  EXPECT_EQ((*second)->look(copy)->revisions.size(), 1U);
  EXPECT_FALSE((*second)->replace_by_copy(*VolumeId::make("none", "private"), pool(), id_, one_).ok());
}

TEST_F(FilePoolContent, DiscardedBlocksComeBackToThePool) {
  auto const path = pool().committed(id_);
  auto const before = pool().look(id_)->used;
  auto const fd = open_file(path, O_RDWR);
  ASSERT_EQ(::fallocate(fd->borrow(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, mebibytes(16).value()), 0);
  EXPECT_LT(pool().look(id_)->used, before);
  EXPECT_EQ(pool().look(id_)->size, mebibytes(16));
}

TEST_F(FilePoolContent, ANewFileSystemIsMadeOnBlankFilesOnly) {
  auto const other = *VolumeId::make("other", "private");
  auto const made = pool().create(other, mebibytes(64), Content::ext4);
  if (!made.ok() && made.error().errno_value == ENOENT) GTEST_SKIP() << "no mke2fs here, so formatting is not shown: " << made.error().message;
  ASSERT_TRUE(made.ok()) << made.error().message;
  auto const fd = open_file(pool().committed(other), O_RDONLY);
  unsigned char magic[2] = {};
  ASSERT_EQ(::pread(fd->borrow(), magic, 2, 1024 + 56), 2);
  EXPECT_EQ(magic[0], 0x53);
  EXPECT_EQ(magic[1], 0xEF);
  EXPECT_LT(pool().look(other)->used, mebibytes(16));
  EXPECT_FALSE(make_ext4(pool().committed(other), "private").ok()) << "a volume in use must never be formatted";
  EXPECT_FALSE(make_ext4(pool().committed(id_), "private").ok());
  EXPECT_EQ(read_pattern(pool().committed(id_)), 1);
}

}  // namespace
}  // namespace bh::volumes
