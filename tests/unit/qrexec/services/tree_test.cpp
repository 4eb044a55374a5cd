#include <gtest/gtest.h>

#include <fstream>

#include "base/temp_dir.h"
#include "qrexec/services/send.h"
#include "qrexec/services/tree_check.h"

namespace bh::qfile {
namespace {

class Tree : public testing::Test {
 protected:
  TempDir folder_ = *TempDir::create("tree-test");
  std::string path(std::string const& name) const { return (folder_.path() / name).string(); }
  void write(std::string const& name, std::string const& text) const {
    std::filesystem::create_directories((folder_.path() / name).parent_path());
    std::ofstream(path(name)) << text;
  }
};

TEST_F(Tree, CountsBytesAndJudgesNames) {
  write("t/a", "12345");
  write("t/s/b", "123");
  std::filesystem::create_symlink("a", path("t/l"));
  auto facts = check_trees({path("t"), path("t/a")}, false);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->bytes, 5U + 3 + 1 + 5);
  EXPECT_TRUE(facts->names_safe);
  write("t/\xF0\x9F\x98\x80", "");
  EXPECT_FALSE(check_trees({path("t")}, false)->names_safe);
}

TEST_F(Tree, TakesTrailingSlashesButNoNamelessPaths) {
  write("t/a", "x");
  EXPECT_TRUE(check_trees({path("t///")}, false));
  for (std::string const& bad : {std::string(), std::string("."), std::string(".."), std::string("/"), path("t/.."), path("t/."), path("none")}) {
    EXPECT_FALSE(check_trees({bad}, false)) << bad;
  }
}

TEST_F(Tree, RefusesLinksThatLeaveTheTree) {
  write("t/a", "x");
  std::filesystem::create_symlink("t/a", path("top"));
  EXPECT_FALSE(check_trees({path("top")}, false));
  std::filesystem::create_symlink("/etc/passwd", path("t/l"));
  EXPECT_FALSE(check_trees({path("t")}, false));
  auto const ignoring = check_trees({path("t")}, true);
  ASSERT_TRUE(ignoring);
  EXPECT_EQ(ignoring->skipped, (std::vector<std::string>{"t/l"}));
}

TEST_F(Tree, NamesWhatWillNotBeSent) {
  write("t/a", "x");
  ASSERT_EQ(::mkfifo(path("t/pipe").c_str(), 0600), 0);
  EXPECT_EQ(check_trees({path("t")}, false)->skipped, (std::vector<std::string>{"t/pipe"}));
}

TEST(Explain, ShowsNothingHarmfulOfThePeersName) {
  std::string const text = explain({EEXIST, 0, "\x1b[31m\"evil\"\n\xE2\x80\xAE"});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_NE(text.find("_[31m_evil"), std::string::npos) << text;
  for (std::uint32_t const code : {1U, 17U, 28U, 36U, 67U, 84U, 121U, kStreamCut, 0xFFFFFFACU, UINT32_MAX}) {
    EXPECT_FALSE(explain({code, 0, ""}).empty());
  }
}

}  // namespace
}  // namespace bh::qfile
