// The overlay: an image that points nowhere and a file without a name.
#include "hypervisor/volumes/root_overlay.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/posix_io.h"
#include "base/temp_dir.h"

namespace bh::volumes {
namespace {

std::uint64_t big_endian(Bytes const& bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | std::to_integer<std::uint64_t>(bytes.at(at + i));
  return value;
}

TEST(RootOverlay, HeaderIsVersion3AndNamesNoBackingFile) {
  auto const image = empty_qcow2(mebibytes(2048));
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(big_endian(*image, 0, 4), 0x514649FBU);
  EXPECT_EQ(big_endian(*image, 4, 4), 3U);
  EXPECT_EQ(big_endian(*image, 8, 8), 0U);   // backing file offset
  EXPECT_EQ(big_endian(*image, 16, 4), 0U);  // and length
  EXPECT_EQ(big_endian(*image, 24, 8), mebibytes(2048).value());
  EXPECT_EQ(big_endian(*image, 36, 4), 4U);  // L1 entries of 512 MiB
  EXPECT_EQ(big_endian(*image, 72, 8), 0U);  // no feature a reader must know
  EXPECT_EQ(big_endian(*image, 104, 8), 0U);  // no header extension
}

TEST(RootOverlay, EveryClusterIsCountedOnce) {
  auto const image = empty_qcow2(mebibytes(std::uint64_t{8} << 20));  // 8 TiB: an L1 table of two clusters
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(image->size(), 5 * 65536U);
  for (std::size_t cluster = 0; cluster < 5; ++cluster) EXPECT_EQ(big_endian(*image, 2 * 65536 + 2 * cluster, 2), 1U);
  EXPECT_EQ(big_endian(*image, 2 * 65536 + 10, 2), 0U);
}

TEST(RootOverlay, SizeHasLimits) {
  EXPECT_FALSE(empty_qcow2(ByteCount(0)).ok());
  EXPECT_FALSE(empty_qcow2(ByteCount(513)).ok());
  EXPECT_TRUE(empty_qcow2(ByteCount(512)).ok());
  EXPECT_TRUE(empty_qcow2(mebibytes(std::uint64_t{64} << 20)).ok());
  EXPECT_FALSE(empty_qcow2(ByteCount(mebibytes(std::uint64_t{64} << 20).value() + 512)).ok());
}

TEST(RootOverlay, FileHasNoName) {
  auto const temp = TempDir::create("bh-overlay");
  ASSERT_TRUE(temp.ok());
  auto const image = open_file(temp->path() / "root.img", O_RDWR | O_CREAT);
  ASSERT_TRUE(image.ok());
  ASSERT_EQ(::ftruncate(image->borrow(), 1 << 20), 0);
  auto const overlay = make_root_overlay(temp->path(), *image);
  ASSERT_TRUE(overlay.ok()) << overlay.error().message;
  struct stat status {};
  ASSERT_EQ(::fstat(overlay->borrow(), &status), 0);
  EXPECT_EQ(status.st_nlink, 0U);
  EXPECT_GT(status.st_size, 0);
  auto const files = std::distance(std::filesystem::directory_iterator(temp->path()), std::filesystem::directory_iterator());
  EXPECT_EQ(files, 1);
}

TEST(RootOverlay, MissingFolderIsAnError) {
  auto const image = make_sealed_memory("image", 4096);
  ASSERT_TRUE(image.ok());
  EXPECT_FALSE(make_root_overlay("/nonexistent/folder", *image).ok());
}

}  // namespace
}  // namespace bh::volumes
