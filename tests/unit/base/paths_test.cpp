#include "base/paths.h"

#include <gtest/gtest.h>

#include "base/temp_dir.h"

namespace bh {
namespace {

TEST(Paths, EverythingLiesBelowTheRoot) {
  auto const dir = *TempDir::create("bh-test");
  auto const paths = Paths::below(dir.path() / "deep/root");
  ASSERT_TRUE(paths.create());
  ASSERT_TRUE(paths.create()) << "twice is harmless";
  for (auto const& path : {paths.run(), paths.admin_socket(), paths.qrexec_sockets(), paths.vchan_sockets(), paths.qube_run("work"), paths.lib(),
                           paths.database(), paths.volumes("work"), paths.templates(), paths.cache(), paths.log(), paths.dom0_services(),
                           paths.policy_dirs()[0], paths.policy_dirs()[1]}) {
    EXPECT_EQ(path.string().find((dir.path() / "deep/root").string() + "/"), 0U) << path;
  }
  auto const mode = std::filesystem::status(paths.run()).permissions();
  EXPECT_EQ(mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all), std::filesystem::perms::none);
}

TEST(Paths, ARelativeRootBecomesAbsolute) { EXPECT_TRUE(Paths::below("some/where").run().is_absolute()); }

TEST(Paths, CreateSaysWhichFolderCannotBeMade) {
  auto const created = Paths::below("/proc/nowhere").create();
  ASSERT_FALSE(created);
  EXPECT_NE(created.error().message.find("/proc/nowhere"), std::string::npos);
}

}  // namespace
}  // namespace bh
