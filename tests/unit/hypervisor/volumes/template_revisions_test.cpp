// Revisions of templates: immutable, swapped in one step, and never taken from under a qube that runs.
#include "hypervisor/volumes/template_revisions.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>

#include "base/posix_io.h"
#include "base/temp_dir.h"

namespace bh::volumes {
namespace {

namespace fs = std::filesystem;

class Revisions : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(root() / "templates"); }
  fs::path root() const { return temp_->path(); }
  fs::path make(std::string const& content) {
    fs::path const folder = root() / ("made-" + content);
    fs::create_directories(folder);
    std::ofstream(folder / "manifest.json") << "{}";
    std::ofstream(folder / "root.img") << content;
    return folder;
  }
  RevisionId commit(std::string const& content, std::size_t keep = 2) {
    auto const id = revisions_.commit("debian", make(content), keep);
    EXPECT_TRUE(id.ok()) << (id.ok() ? "" : id.error().message);
    return id.ok() ? *id : RevisionId::make(0, 0);
  }
  std::string now() { return read_file(root() / "templates/debian/root.img", 100).value_or("(none)"); }
  Result<TempDir> temp_ = TempDir::create("bh-revisions");
  TemplateRevisions revisions_{temp_->path() / "templates", temp_->path() / "template-revisions"};
};

TEST_F(Revisions, TheNewestIsCurrentAndOlderOnesCanBeHadBack) {
  auto const first = commit("one");
  commit("two");
  EXPECT_EQ(now(), "two");
  ASSERT_TRUE(revisions_.revert("debian", std::nullopt).ok());
  EXPECT_EQ(now(), "one");
  EXPECT_EQ(*revisions_.current("debian"), first);
  EXPECT_FALSE(revisions_.revert("debian", std::nullopt).ok()) << "there is none before it";
  ASSERT_TRUE(revisions_.revert("debian", revisions_.list("debian")->back()).ok());
  EXPECT_EQ(now(), "two");
}

TEST_F(Revisions, OnlySoManyAreKeptAndNeverTheCurrentOneIsRemoved) {
  auto const first = commit("one");
  for (char const* content : {"two", "three", "four"}) commit(content, 2);
  EXPECT_EQ(revisions_.list("debian")->size(), 3U);
  EXPECT_FALSE(revisions_.revert("debian", first).ok());
  ASSERT_TRUE(revisions_.revert("debian", revisions_.list("debian")->front()).ok());
  ASSERT_TRUE(revisions_.prune("debian", 0).ok());
  EXPECT_EQ(now(), "two");
  EXPECT_EQ(revisions_.list("debian")->size(), 1U);
}

TEST_F(Revisions, WhatRunsKeepsWhatItHasOpen) {
  commit("one");
  auto const open = open_file(root() / "templates/debian/root.img", O_RDONLY);
  ASSERT_TRUE(open.ok());
  commit("two", 0);
  EXPECT_EQ(revisions_.list("debian")->size(), 1U);
  Bytes bytes(3);
  ASSERT_TRUE(read_exact(*open, bytes).ok());
  EXPECT_EQ(as_text(bytes), "one");
}

TEST_F(Revisions, AreImmutable) {
  commit("one");
  struct stat status {};
  ASSERT_EQ(::stat((root() / "templates/debian/root.img").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0222U, 0U);
}

TEST_F(Revisions, WhatWasThereBeforeIsKept) {
  fs::create_directories(root() / "cache/debian");
  std::ofstream(root() / "cache/debian/root.img") << "old";
  fs::create_directory_symlink(root() / "cache/debian", root() / "templates/debian");
  EXPECT_FALSE(revisions_.current("debian")->has_value());
  commit("one");
  EXPECT_EQ(now(), "one");
  ASSERT_TRUE(revisions_.revert("debian", std::nullopt).ok());
  EXPECT_EQ(now(), "old");
  ASSERT_TRUE(revisions_.prune("debian", 0).ok());
  EXPECT_EQ(read_file(root() / "cache/debian/root.img", 10).value_or(""), "old") << "another's folder is not ours to remove";
}

TEST_F(Revisions, RefusesWhatIsNoTemplateOrNoName) {
  fs::create_directories(root() / "empty");
  EXPECT_FALSE(revisions_.commit("debian", root() / "empty", 1).ok());
  EXPECT_FALSE(revisions_.commit("../debian", make("x"), 1).ok());
  auto const linked = make("y");
  fs::create_symlink("/etc/passwd", linked / "vmlinux");
  EXPECT_FALSE(revisions_.commit("debian", linked, 1).ok());
  EXPECT_EQ(now(), "(none)");
}

}  // namespace
}  // namespace bh::volumes
