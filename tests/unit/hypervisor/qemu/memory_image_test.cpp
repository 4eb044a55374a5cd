#include "hypervisor/qemu/memory_image.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <random>

#include "base/mapping.h"
#include "base/posix_io.h"
#include "base/temp_dir.h"

#include <fcntl.h>

namespace bh::qemu {
namespace {

constexpr std::size_t kSize = std::size_t{32} << 20;

class MemoryImageTest : public testing::Test {
 protected:
  MemoryImageTest() : temp_(*TempDir::create("bh-memory")), ram_(*make_sealed_memory("ram", kSize)), file_(*open_file(temp_.path() / "memory", O_RDWR | O_CREAT)) {}
  static std::uint64_t blocks(UniqueFd const& file) {
    struct stat status {};
    EXPECT_EQ(::fstat(file.borrow(), &status), 0);
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
  }
  static bool same(UniqueFd const& a, UniqueFd const& b) {
    auto const one = Mapping::map(a, kSize, Mapping::Access::read);
    auto const other = Mapping::map(b, kSize, Mapping::Access::read);
    return one.ok() && other.ok() && std::equal(one->bytes().begin(), one->bytes().end(), other->bytes().begin());
  }
  TempDir temp_;
  UniqueFd ram_;
  UniqueFd file_;
};

TEST_F(MemoryImageTest, RoundTripOfScatteredPages) {
  auto const memory = Mapping::map(ram_, kSize, Mapping::Access::read_write);
  ASSERT_TRUE(memory.ok());
  std::minstd_rand any(7);
  for (int i = 0; i < 500; ++i) memory->bytes()[any() % kSize] = static_cast<std::byte>(any() % 255 + 1);
  memory->bytes()[kSize - 1] = std::byte{1};
  auto const written = save_memory({ram_, file_, ByteCount(kSize)}, 2, {});
  ASSERT_TRUE(written.ok()) << written.error().message;
  EXPECT_LE(*written, std::uint64_t{501} * 4096);
  EXPECT_TRUE(same(ram_, file_));
  UniqueFd const clone = *make_sealed_memory("clone", kSize);
  auto const copied = load_memory({file_, clone, ByteCount(kSize)}, 2, {});
  ASSERT_TRUE(copied.ok()) << copied.error().message;
  EXPECT_TRUE(same(ram_, clone));
  memory->bytes()[5] = std::byte{99};
  EXPECT_FALSE(same(ram_, clone)) << "a copy, not the same pages";
}

TEST_F(MemoryImageTest, ZeroesTakeNoSpace) {
  {
    auto const memory = Mapping::map(ram_, kSize, Mapping::Access::read_write);
    ASSERT_TRUE(memory.ok());
    std::fill(memory->bytes().begin(), memory->bytes().end(), std::byte{0});
    memory->bytes()[kSize / 2] = std::byte{1};
  }
  EXPECT_EQ(blocks(ram_), kSize) << "touched, though all zeroes";
  EXPECT_EQ(save_memory({ram_, file_, ByteCount(kSize)}, 2, {}).value_or(0), 4096U);
  EXPECT_LT(blocks(file_), kSize / 8);
  UniqueFd const clone = *make_sealed_memory("clone", kSize);
  EXPECT_TRUE(load_memory({file_, clone, ByteCount(kSize)}, 2, {}).ok());
  EXPECT_LT(blocks(clone), kSize / 8) << "holes stay holes";
}

TEST_F(MemoryImageTest, FileThatIsTooShortIsAnError) {
  ASSERT_TRUE(write_all(file_, as_bytes(std::string(100, 'x'))).ok());
  UniqueFd const clone = *make_sealed_memory("clone", 4096);
  // What is behind its end is a hole; a part of a page is not lost.
  auto const copied = load_memory({file_, clone, ByteCount(4096)}, 1, {});
  EXPECT_TRUE(copied.ok() && *copied == 100U);
}

TEST_F(MemoryImageTest, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  auto const copied = save_memory({ram_, file_, ByteCount(kSize)}, 2, stop.get_token());
  ASSERT_FALSE(copied.ok());
  EXPECT_EQ(copied.error().errno_value, ECANCELED);
}

TEST_F(MemoryImageTest, FailedWriteIsTold) {
  {
    auto const memory = Mapping::map(ram_, kSize, Mapping::Access::read_write);
    ASSERT_TRUE(memory.ok());
    memory->bytes()[0] = std::byte{1};
  }
  UniqueFd const small = *make_sealed_memory("too small", 4096 * 2);
  EXPECT_FALSE(save_memory({ram_, small, ByteCount(kSize)}, 1, {}).ok());
  UniqueFd const read_only = *open_file("/proc/self/fd/" + std::to_string(file_.borrow()), O_RDONLY);
  EXPECT_FALSE(load_memory({ram_, read_only, ByteCount(kSize)}, 2, {}).ok());
}

}  // namespace
}  // namespace bh::qemu
