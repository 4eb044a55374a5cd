// Changing policy files: what is refused changes nothing.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "qrexec/policy/policy_store.h"

namespace bh::policy::test {
namespace {

namespace fs = std::filesystem;

class PolicyStoreTest : public testing::Test {
 protected:
  PolicyStoreTest() : folder_(*TempDir::create("policy-store")) {
    for (char const* name : {"run", "etc"}) fs::create_directory(folder_.path() / name);
    put("30-user.policy", "t.S * work vault ask\n");
  }
  [[nodiscard]] fs::path etc(std::string const& name) const { return folder_.path() / "etc" / name; }
  void put(std::string const& name, std::string const& text) {
    fs::create_directories(etc(name).parent_path());
    ASSERT_TRUE(write_file_atomically(etc(name), text).ok());
  }
  [[nodiscard]] std::string text(std::string const& name) const { return read_file(etc(name), 1 << 20).value_or("(none)"); }
  [[nodiscard]] PolicyStore store() const {
    return PolicyStore(files_, {{(folder_.path() / "run").string(), (folder_.path() / "etc").string()}, std::nullopt});
  }
  static StoredName name(std::string_view text) { return *StoredName::parse(text); }

  TempDir folder_;
  DiskPolicyFiles files_;
};

TEST_F(PolicyStoreTest, NamesCannotLeaveTheFolder) {
  for (char const* bad : {"", ".", "..", "a.b", "../x", "include/../x", "a/b", "a b", "a\n", "include/", "/etc"}) {
    auto const name = StoredName::parse(bad);
    ASSERT_FALSE(name.ok()) << bad;
    EXPECT_EQ(exception_name(name.error().kind), "PolicyAdminInvalidFileNameException");
  }
  EXPECT_FALSE(StoredName::parse(std::string(129, 'a')).ok());
}
TEST_F(PolicyStoreTest, ListsSortedWithoutSuffix) {
  put("10-a.policy", "");
  put("README", "x");
  put(".hidden.policy", "x");
  put("include/f", "");
  EXPECT_EQ(*store().list(false), (std::vector<std::string>{"10-a", "30-user"}));
  EXPECT_EQ(*store().list(true), std::vector<std::string>{"f"});
}
TEST_F(PolicyStoreTest, GetGivesTheTokenThatReplaceTakes) {
  auto const content = store().get(name("30-user"));
  ASSERT_TRUE(content.ok());
  EXPECT_EQ(content->text, "t.S * work vault ask\n");
  EXPECT_EQ(content->token, change_token(content->text));
  EXPECT_TRUE(store().replace(name("30-user"), content->token, "t.S * work vault deny\n").ok());
  EXPECT_EQ(text("30-user.policy"), "t.S * work vault deny\n");
  auto const late = store().replace(name("30-user"), content->token, "t.S * work vault allow\n");
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().kind, StoreErrorKind::token);
  EXPECT_EQ(text("30-user.policy"), "t.S * work vault deny\n");
}
TEST_F(PolicyStoreTest, NewMeansNewAndAnyMeansAny) {
  EXPECT_EQ(store().replace(name("30-user"), "new", "").error().kind, StoreErrorKind::token);
  EXPECT_TRUE(store().replace(name("40-b"), "new", "t.T * work vault allow\n").ok());
  EXPECT_TRUE(store().replace(name("40-b"), "any", "").ok());
  EXPECT_EQ(store().replace(name("40-b"), "whatever", "").error().kind, StoreErrorKind::token);
  EXPECT_EQ(store().replace(name("50-c"), change_token(""), "").error().kind, StoreErrorKind::token);
}
TEST_F(PolicyStoreTest, WhatWouldNotLoadChangesNothing) {
  for (char const* bad : {"broken\n", "!include include/none\n", "t.S * work @default allow\n", "\xFF"}) {
    auto const replaced = store().replace(name("30-user"), "any", bad);
    ASSERT_FALSE(replaced.ok()) << bad;
    EXPECT_EQ(replaced.error().kind, StoreErrorKind::syntax);
  }
  EXPECT_FALSE(store().replace(name("30-Upper"), "new", "").ok());
  EXPECT_EQ(text("30-user.policy"), "t.S * work vault ask\n");
  EXPECT_EQ(*store().list(false), std::vector<std::string>{"30-user"});
}
TEST_F(PolicyStoreTest, AnIncludedFileIsTriedWhereItIsIncluded) {
  put("include/f", "t.S * work sa allow\n");
  put("20-i.policy", "!include include/f\n");
  EXPECT_FALSE(store().replace(name("include/f"), "any", "broken\n").ok());
  EXPECT_FALSE(store().remove(name("include/f"), "any").ok());
  EXPECT_TRUE(store().replace(name("include/f"), "any", "t.S * work sa deny\n").ok());
  EXPECT_TRUE(store().remove(name("20-i"), "any").ok());
  EXPECT_TRUE(store().remove(name("include/f"), "any").ok());
  EXPECT_FALSE(fs::exists(etc("include/f")));
}
TEST_F(PolicyStoreTest, RemoveNeedsTheFileAndTheToken) {
  EXPECT_EQ(store().remove(name("40-none"), "any").error().kind, StoreErrorKind::not_found);
  EXPECT_EQ(store().remove(name("30-user"), change_token("x")).error().kind, StoreErrorKind::token);
  EXPECT_TRUE(store().remove(name("30-user"), store().get(name("30-user"))->token).ok());
  EXPECT_EQ(store().get(name("30-user")).error().kind, StoreErrorKind::not_found);
}
TEST_F(PolicyStoreTest, FilesOfAService) {
  put("include/f", "t.T * work sa allow\n");
  put("20-i.policy", "!include include/f\nt.Other * work sa deny\n");
  put("90-z.policy", "* * work sa deny\n");
  EXPECT_EQ(*store().files_of("t.S"), (std::vector<std::string>{"30-user", "90-z"}));
  EXPECT_EQ(*store().files_of("t.T"), (std::vector<std::string>{etc("include/f").string(), "90-z"}));
  EXPECT_EQ(store().files_of("../x").error().kind, StoreErrorKind::protocol);
}
TEST_F(PolicyStoreTest, ArgumentsAreRegisteredOnce) {
  EXPECT_TRUE(store().register_argument("t.S", "abc-1", "work", "vault").ok());
  EXPECT_EQ(text("60-registered-arguments.policy"), "t.S +abc-1 work vault allow\n");
  EXPECT_FALSE(store().register_argument("t.S", "abc-1", "sa", "vault").ok());
  EXPECT_TRUE(store().register_argument("t.S", "abc-2", "sa", "vault").ok());
  for (char const* bad : {"", "a b", "a\nx", "+", "a/b"}) EXPECT_FALSE(store().register_argument("t.S", bad, "work", "vault").ok()) << bad;
  EXPECT_FALSE(store().register_argument("t.S", std::string(65, 'a'), "work", "vault").ok());
  for (char const* bad : {"@anyvm", "*", "", "a b", "@dispvm", "uuid:1"}) {
    EXPECT_FALSE(store().register_argument("t.S", "x", bad, "vault").ok()) << bad;
    EXPECT_FALSE(store().register_argument("t.S", "x", "work", bad).ok()) << bad;
  }
  EXPECT_EQ(text("60-registered-arguments.policy"), "t.S +abc-1 work vault allow\nt.S +abc-2 sa vault allow\n");
}

}  // namespace
}  // namespace bh::policy::test
