// Window memory keeps its size whatever its holders try.
#include "hypervisor/volumes/window_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/posix_io.h"

namespace bh::volumes {
namespace {

TEST(WindowMemory, OnlyPowersOfTwo) {
  EXPECT_FALSE(make_window_memory(ByteCount(0)).ok());
  EXPECT_FALSE(make_window_memory(ByteCount(4096)).ok());
  EXPECT_FALSE(make_window_memory(mebibytes(48)).ok());
  EXPECT_FALSE(make_window_memory(mebibytes(4096)).ok());
  EXPECT_TRUE(make_window_memory(mebibytes(1)).ok());
  EXPECT_TRUE(make_window_memory(mebibytes(2048)).ok());
}

TEST(WindowMemory, CannotBeTruncatedGrownOrUnsealed) {
  auto const memory = make_window_memory(mebibytes(1));
  ASSERT_TRUE(memory.ok());
  EXPECT_NE(::ftruncate(memory->borrow(), 4096), 0);
  EXPECT_NE(::ftruncate(memory->borrow(), 2 << 20), 0);
  EXPECT_TRUE(check_window_memory(*memory, mebibytes(1)).ok());
}

TEST(WindowMemory, ImpostorsAreTold) {
  auto const memory = make_window_memory(mebibytes(1));
  ASSERT_TRUE(memory.ok());
  EXPECT_FALSE(check_window_memory(*memory, mebibytes(2)).ok());
  UniqueFd const unsealed(::memfd_create("x", MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(unsealed.borrow(), 1 << 20), 0);
  EXPECT_FALSE(check_window_memory(unsealed, mebibytes(1)).ok());
  auto const pipe = make_pipe();
  ASSERT_TRUE(pipe.ok());
  EXPECT_FALSE(check_window_memory(pipe->first, mebibytes(1)).ok());
}

}  // namespace
}  // namespace bh::volumes
