// Logs that others write stay small and are quoted safely.
#include "hypervisor/qemu/capped_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/posix_io.h"
#include "base/temp_dir.h"

namespace bh::qemu {
namespace {

class CappedLog : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(temp_.ok());
    auto writer = open_file(temp_->path() / "log", O_RDWR | O_CREAT | O_APPEND);
    ASSERT_TRUE(writer.ok());
    log_ = *std::move(writer);
  }
  Result<TempDir> temp_ = TempDir::create("bh-log");
  UniqueFd log_;
};

TEST_F(CappedLog, EmptiedOnlyOnceTooLong) {
  ASSERT_TRUE(write_all(log_, as_bytes(std::string(kMaxLog.value(), 'x'))).ok());
  cap_log(log_);
  EXPECT_EQ(log_size(log_), kMaxLog);
  ASSERT_TRUE(write_all(log_, as_bytes("y")).ok());
  cap_log(log_);
  EXPECT_EQ(log_size(log_), ByteCount(0));
  ASSERT_TRUE(write_all(log_, as_bytes("z")).ok());
  EXPECT_EQ(log_size(log_), ByteCount(1));
}

TEST_F(CappedLog, LastLineIsThatOfThisRunAndSafe) {
  ASSERT_TRUE(write_all(log_, as_bytes("an earlier run\n")).ok());
  ByteCount const from = log_size(log_);
  EXPECT_EQ(last_line(log_, from), "");
  ASSERT_TRUE(write_all(log_, as_bytes("first\nlast \x1b[31mred\n")).ok());
  EXPECT_EQ(last_line(log_, from), "last _[31mred");
  ASSERT_TRUE(write_all(log_, as_bytes(std::string(100000, 'x'))).ok());
  EXPECT_EQ(last_line(log_, from).size(), 300U);
}

}  // namespace
}  // namespace bh::qemu
