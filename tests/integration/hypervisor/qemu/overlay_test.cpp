// Our empty qcow2 in the eyes of QEMU's own checker. (The image is ours; a guest's is never given to it.)
#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/child_process.h"
#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "hypervisor/volumes/root_overlay.h"

namespace bh::qemu::test {
namespace {

class Overlay : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Overlay, IsSoundForQemu) {
  auto const temp = TempDir::create("bh-qcow2");
  ASSERT_TRUE(temp.ok());
  auto const image = volumes::empty_qcow2(ByteCount(GetParam()));
  ASSERT_TRUE(image.ok());
  auto const file = temp->path() / "overlay.qcow2";
  ASSERT_TRUE(write_file_atomically(file, as_text(*image)).ok());
  auto const out = open_file(temp->path() / "out", O_RDWR | O_CREAT);
  ASSERT_TRUE(out.ok());
  auto checker = ChildProcess::spawn({.argv = {"qemu-img", "check", "-f", "qcow2", file.string()}, .fds = {{&*out, 1}, {&*out, 2}}, .die_with_parent = true});
  ASSERT_TRUE(checker.ok()) << checker.error().message;
  auto const status = checker->wait(Clock::now() + std::chrono::seconds(60));
  ASSERT_TRUE(status.ok() && status->has_value());
  auto const said = read_file(temp->path() / "out", 65536).value_or("");
  EXPECT_EQ((*status)->code, 0) << said;
  EXPECT_NE(said.find("No errors were found"), std::string::npos) << said;
}

INSTANTIATE_TEST_SUITE_P(Sizes, Overlay, testing::Values(512, mebibytes(2048).value(), mebibytes(512).value() + 512, mebibytes(std::uint64_t{8} << 20).value()));

}  // namespace
}  // namespace bh::qemu::test
