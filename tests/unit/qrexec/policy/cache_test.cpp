// The policy that rules is the one on the disk (SECURITY H02): after every change, however it is made, the next look sees it; and what is
// half written never rules.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "qrexec/policy/daemon/policy_cache.h"

namespace bh::policy::test {
namespace {

namespace fs = std::filesystem;

class PolicyCacheTest : public testing::Test {
 protected:
  PolicyCacheTest() : folder_(*TempDir::create("policy-cache")) {
    ::signal(SIGIO, SIG_IGN);
    for (char const* name : {"run", "etc", "elsewhere"}) fs::create_directory(folder_.path() / name);
    cache_.emplace(*PolicyCache::create({{path("run"), path("etc")}, std::nullopt}));
  }
  [[nodiscard]] std::string path(std::string const& name) const { return (folder_.path() / name).string(); }
  // In place, as careless editors do.
  void put(std::string const& name, std::string const& user) const {
    auto const fd = open_file(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ASSERT_TRUE(fd.ok() && write_all(*fd, as_bytes(line(user))).ok());
  }
  static std::string line(std::string const& user) { return "t.S * work vault allow user=" + user + "\n"; }
  // The user of the first rule; "-" without a rule, "!" if it does not load, "..." while it is being written.
  std::string rules() {
    auto const now = cache_->current();
    if (!now) return "...";
    if (!*now) return "!";
    if ((*now)->rules().empty()) return "-";
    return *std::get<AllowAction>((*now)->rules().front().action).user;
  }

  TempDir folder_;
  std::optional<PolicyCache> cache_;
};

TEST_F(PolicyCacheTest, SeesCreateEditRenameDeleteAndLinkSwap) {
  EXPECT_EQ(rules(), "-");
  put("etc/30-a.policy", "created");
  EXPECT_EQ(rules(), "created");
  put("etc/30-a.policy", "edited1");
  EXPECT_EQ(rules(), "edited1");
  put("etc/30-a.policy", "edited2");
  EXPECT_EQ(rules(), "edited2");
  put("elsewhere/x", "renamed");
  fs::rename(path("elsewhere/x"), path("etc/30-a.policy"));
  EXPECT_EQ(rules(), "renamed");
  fs::rename(path("etc/30-a.policy"), path("elsewhere/x"));
  EXPECT_EQ(rules(), "-");
  put("elsewhere/y", "other");
  fs::create_symlink(path("elsewhere/x"), path("etc/30-a.policy"));
  EXPECT_EQ(rules(), "renamed");
  fs::create_symlink(path("elsewhere/y"), path("elsewhere/swap"));
  fs::rename(path("elsewhere/swap"), path("etc/30-a.policy"));
  EXPECT_EQ(rules(), "other");
  put("elsewhere/y", "through");
  EXPECT_EQ(rules(), "through");
  fs::remove(path("elsewhere/y"));
  EXPECT_EQ(rules(), "-") << "a link that leads nowhere is no policy file";
  put("elsewhere/y", "back");
  EXPECT_EQ(rules(), "back");
  fs::remove(path("etc/30-a.policy"));
  EXPECT_EQ(rules(), "-");
}

TEST_F(PolicyCacheTest, SeesFoldersComeAndGo) {
  put("etc/30-a.policy", "one");
  EXPECT_EQ(rules(), "one");
  fs::rename(path("etc"), path("gone"));
  EXPECT_EQ(rules(), "!");
  fs::create_directory(path("etc"));
  EXPECT_EQ(rules(), "-");
  fs::remove(path("etc"));
  fs::rename(path("gone"), path("etc"));
  EXPECT_EQ(rules(), "one");
  put("run/30-a.policy", "hides");
  EXPECT_EQ(rules(), "hides");
}

TEST_F(PolicyCacheTest, SeesIncludedFiles) {
  fs::create_directory(path("etc/include"));
  put("etc/include/f", "first");
  ASSERT_TRUE(write_file_atomically(path("etc/30-a.policy"), "!include include/f\n!include-dir sub\n").ok());
  EXPECT_EQ(rules(), "!");
  fs::create_directory(path("etc/sub"));
  EXPECT_EQ(rules(), "first");
  put("etc/include/f", "second");
  EXPECT_EQ(rules(), "second");
  put("etc/sub/x.policy", "later");
  ASSERT_TRUE(write_file_atomically(path("etc/include/f"), "").ok());
  EXPECT_EQ(rules(), "later");
}

TEST_F(PolicyCacheTest, WhatIsHalfWrittenNeverRules) {
  put("etc/30-a.policy", "whole");
  EXPECT_EQ(rules(), "whole");
  {
    auto const fd = open_file(path("etc/30-a.policy"), O_WRONLY | O_TRUNC);
    ASSERT_TRUE(fd.ok());
    EXPECT_EQ(rules(), "...");
    ASSERT_TRUE(write_all(*fd, as_bytes(line("half"))).ok());
    EXPECT_EQ(rules(), "...");
    ASSERT_TRUE(write_all(*fd, as_bytes("t.S * work work deny\n")).ok());
    EXPECT_EQ(rules(), "...");
  }
  EXPECT_EQ(rules(), "half");
}

TEST_F(PolicyCacheTest, AnErrorRefusesUntilItIsMended) {
  put("etc/30-a.policy", "one");
  EXPECT_EQ(rules(), "one");
  ASSERT_TRUE(write_file_atomically(path("etc/20-b.policy"), "broken\n").ok());
  EXPECT_EQ(rules(), "!");
  fs::remove(path("etc/20-b.policy"));
  EXPECT_EQ(rules(), "one");
}

TEST_F(PolicyCacheTest, AnUnchangedPolicyIsNotReadAgain) {
  put("etc/30-a.policy", "one");
  ::usleep(50'000);  // file times of this very moment are not trusted
  EXPECT_EQ(rules(), "one");
  EXPECT_EQ(cache_->current(), cache_->current());
}

// SECURITY G12: cache staleness 0 in 10^4 operations.
TEST_F(PolicyCacheTest, TenThousandChangesAndNoneIsMissed) {
  std::mt19937 random(7);
  std::string expected = "-";
  put("elsewhere/other", "other");
  for (int i = 0; i < 10'000; ++i) {
    std::string const user = "u" + std::to_string(i % 10);
    switch (random() % 5) {
      case 0:
        put("etc/30-a.policy", expected = user);
        break;
      case 1:
        ASSERT_TRUE(write_file_atomically(path("etc/30-a.policy"), line(expected = user)).ok());
        break;
      case 2:
        fs::remove(path("etc/30-a.policy"));
        expected = "-";
        break;
      case 3:
        put("elsewhere/x", expected = user);
        fs::rename(path("elsewhere/x"), path("etc/30-a.policy"));
        break;
      case 4:
        fs::remove(path("etc/30-a.policy"));
        fs::create_symlink(path("elsewhere/other"), path("etc/30-a.policy"));
        expected = "other";
        break;
    }
    ASSERT_EQ(rules(), expected) << "operation " << i;
    // put() through the link must not change the file it leads to in later rounds.
    if (expected == "other") fs::remove(path("etc/30-a.policy")), expected = "-";
  }
}

}  // namespace
}  // namespace bh::policy::test
