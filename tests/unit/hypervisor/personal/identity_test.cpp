#include "hypervisor/personal/guest/identity.h"

#include <gtest/gtest.h>

#include <set>

#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "hypervisor/personal/guest/ext4_superblock.h"

namespace bh::personal {
namespace {

TEST(Identity, TakesOnlyRealMachineIds) {
  EXPECT_TRUE(is_machine_id("0123456789abcdef0123456789abcdef"));
  for (char const* text : {"", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdef0", "0123456789ABCDEF0123456789abcdef",
                           "00000000000000000000000000000000", "0123456789abcdef0123456789abcde\n"}) {
    EXPECT_FALSE(is_machine_id(text)) << text;
  }
}

TEST(Identity, DrawsIdsThatDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    auto const id = random_id();
    ASSERT_TRUE(id);
    EXPECT_TRUE(is_machine_id(*id));
    EXPECT_EQ((*id)[12], '4');
    EXPECT_TRUE(seen.insert(*id).second);
  }
  EXPECT_EQ(with_dashes("0123456789abcdef0123456789abcdef"), "01234567-89ab-cdef-0123-456789abcdef");
}

TEST(Identity, WritesTheFilesThroughLinksAndKeepsNothingOfTheOldOnes) {
  auto const temp = TempDir::create("identity");
  ASSERT_TRUE(temp);
  auto const root = temp->path();
  std::filesystem::create_directories(root / "etc");
  ASSERT_TRUE(write_file_atomically(root / "etc/machine-id", std::string(40, 'f') + "\n"));
  std::filesystem::create_symlink("machine-id", root / "etc/also");
  ASSERT_TRUE(set_machine_id(root, "0123456789abcdef0123456789abcdef"));
  EXPECT_EQ(*read_file(root / "etc/also", 100), "0123456789abcdef0123456789abcdef\n");
  ASSERT_TRUE(set_host_name(root, "work"));
  EXPECT_EQ(*read_file(root / "etc/hostname", 100), "work\n");
  EXPECT_EQ(*read_file(root / "etc/hosts", 100), "127.0.0.1 localhost\n127.0.1.1 work\n::1 localhost\n");
}

Bytes superblock(std::uint32_t blocks, std::uint32_t log_block, std::uint16_t state, std::uint32_t incompat = 0, std::uint16_t high = 0) {
  Bytes bytes(4096);
  auto const put = [&](std::size_t at, std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) bytes[1024 + at + i] = static_cast<std::byte>((value >> (8 * i)) & 0xFF);
  };
  put(0x04, blocks, 4);
  put(0x18, log_block, 4);
  put(0x38, 0xEF53, 2);
  put(0x3A, state, 2);
  put(0x60, incompat, 4);
  put(0x150, high, 2);
  return bytes;
}

TEST(Ext4Superblock, TellsSizeAndState) {
  auto const clean = read_superblock(superblock(524288, 2, 1));
  ASSERT_TRUE(clean);
  EXPECT_EQ(clean->size, mebibytes(2048));
  EXPECT_FALSE(clean->has_errors);
  EXPECT_TRUE(read_superblock(superblock(1, 0, 3))->has_errors);
  EXPECT_EQ(read_superblock(superblock(1, 2, 1, 0x80, 1))->size.value(), ((std::uint64_t{1} << 32) + 1) * 4096);
  EXPECT_EQ(read_superblock(superblock(1, 2, 1, 0, 1))->size.value(), 4096U);
}

TEST(Ext4Superblock, IsNotFoundInAnythingElse) {
  EXPECT_FALSE(read_superblock(Bytes(4096)));
  EXPECT_FALSE(read_superblock(Bytes(4095, std::byte{0x53})));
  EXPECT_FALSE(read_superblock({}));
  EXPECT_FALSE(read_superblock(superblock(1, 7, 1)));
  EXPECT_FALSE(read_superblock(superblock(1, UINT32_MAX, 1)));
}

}  // namespace
}  // namespace bh::personal
