// Private volumes: nothing of the user's is ever overwritten, cut or left behind.
#include "hypervisor/volumes/private_volume.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>

#include "base/temp_dir.h"
#include "hypervisor/volumes/free_space.h"

namespace bh::volumes {
namespace {

class PrivateVolume : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(temp_.ok()); }
  std::filesystem::path folder() const { return temp_->path() / "volumes/work"; }
  Result<TempDir> temp_ = TempDir::create("bh-volumes");
};

TEST_F(PrivateVolume, IsSparseAndOfTheSizeAsked) {
  ASSERT_TRUE(create_private_volume(folder()).ok());
  auto const usage = private_volume_usage(folder());
  ASSERT_TRUE(usage.ok());
  EXPECT_EQ(usage->size, kDefaultPrivateSize);
  EXPECT_LT(usage->used, mebibytes(1));
  EXPECT_EQ(std::filesystem::status(private_volume(folder())).permissions() & std::filesystem::perms::all, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(PrivateVolume, IsNeverMadeOverAnExistingOne) {
  ASSERT_TRUE(create_private_volume(folder(), mebibytes(16)).ok());
  std::fstream(private_volume(folder()), std::ios::in | std::ios::out) << "precious";
  auto const again = create_private_volume(folder(), mebibytes(16));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().errno_value, EEXIST);
  std::string word(8, ' ');
  std::ifstream(private_volume(folder())).read(word.data(), 8);
  EXPECT_EQ(word, "precious");
}

TEST_F(PrivateVolume, GrowsButNeverShrinks) {
  ASSERT_TRUE(create_private_volume(folder(), mebibytes(32)).ok());
  EXPECT_TRUE(grow_private_volume(folder(), mebibytes(64)).ok());
  EXPECT_FALSE(grow_private_volume(folder(), mebibytes(32)).ok());
  EXPECT_EQ(private_volume_usage(folder())->size, mebibytes(64));
}

TEST_F(PrivateVolume, SizeHasLimits) {
  EXPECT_FALSE(create_private_volume(folder(), mebibytes(15)).ok());
  EXPECT_FALSE(create_private_volume(folder(), ByteCount(mebibytes(16).value() + 1)).ok());
  EXPECT_FALSE(create_private_volume(folder(), ByteCount(UINT64_MAX)).ok());
}

TEST_F(PrivateVolume, LinkInItsPlaceIsNotFollowed) {
  std::filesystem::create_directories(folder());
  std::ofstream(temp_->path() / "elsewhere") << "x";
  std::filesystem::create_symlink(temp_->path() / "elsewhere", private_volume(folder()));
  EXPECT_FALSE(private_volume_usage(folder()).ok());
  EXPECT_FALSE(grow_private_volume(folder(), mebibytes(16)).ok());
  EXPECT_EQ(std::filesystem::file_size(temp_->path() / "elsewhere"), 1U);
}

TEST_F(PrivateVolume, RemovalLeavesNothingAndMayBeRepeated) {
  ASSERT_TRUE(create_private_volume(folder(), mebibytes(16)).ok());
  EXPECT_TRUE(remove_private_volume(folder()).ok());
  EXPECT_FALSE(std::filesystem::exists(folder()));
  EXPECT_TRUE(remove_private_volume(folder()).ok());
}

TEST_F(PrivateVolume, FullDiskIsToldInNumbers) {
  EXPECT_TRUE(need_free_space(temp_->path(), ByteCount(1)).ok());
  auto const full = need_free_space(temp_->path(), ByteCount(UINT64_MAX));
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().errno_value, ENOSPC);
  EXPECT_NE(full.error().message.find("MiB are free"), std::string::npos);
  EXPECT_FALSE(need_free_space(temp_->path() / "nowhere", ByteCount(1)).ok());
}

}  // namespace
}  // namespace bh::volumes
