#include "base/file_tail.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/temp_dir.h"

namespace bh {
namespace {

TEST(FileTail, IsTheEndUpToTheCapAndNothingElse) {
  TempDir const folder = *TempDir::create("bh-tail-");
  auto const file = folder.path() / "log";
  EXPECT_FALSE(read_file_tail(file, 10).ok());
  std::ofstream(file) << "";
  EXPECT_EQ(read_file_tail(file, 10).value_or("?"), "");
  std::ofstream(file) << "0123456789";
  EXPECT_EQ(read_file_tail(file, 9).value_or("?"), "123456789");
  EXPECT_EQ(read_file_tail(file, 10).value_or("?"), "0123456789");
  EXPECT_EQ(read_file_tail(file, 11).value_or("?"), "0123456789");
  EXPECT_EQ(read_file_tail(file, 0).value_or("?"), "");
}

TEST(FileTail, AFifoOrFolderIsRefusedAndHoldsNobodyUp) {
  TempDir const folder = *TempDir::create("bh-tail-");
  auto const fifo = folder.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_FALSE(read_file_tail(fifo, 10).ok());
  EXPECT_FALSE(read_file_tail(folder.path(), 10).ok());
}

}  // namespace
}  // namespace bh
