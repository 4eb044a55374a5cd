#include "qrexec/services/copy_command.h"

#include <gtest/gtest.h>

namespace bh::qfile {
namespace {

TEST(CopyCommand, IsToldApartByItsName) {
  EXPECT_FALSE(copy_kind("qvm-copy").names_target || copy_kind("qvm-copy").moves);
  EXPECT_TRUE(copy_kind("/usr/bin/qvm-copy-to-vm").names_target);
  EXPECT_FALSE(copy_kind("/usr/bin/qvm-copy-to-vm").moves);
  EXPECT_TRUE(copy_kind("./qvm-move-to-vm").names_target && copy_kind("./qvm-move-to-vm").moves);
  EXPECT_TRUE(copy_kind("qvm-move").moves);
}

TEST(CopyCommand, CallsTheServiceWithFilesThatAreNoOptions) {
  EXPECT_EQ(call_arguments({"client", "/x/send", "vault", false, false, {"-a", "b"}}),
            (std::vector<std::string>{"client", "vault", "qubes.Filecopy", "/x/send", "--", "-a", "b"}));
  EXPECT_EQ(call_arguments({"client", "/x/send", "@default", true, true, {"a"}}),
            (std::vector<std::string>{"client", "@default", "qubes.Filecopy+allow-all-names", "/x/send", "--ignore-symlinks", "--", "a"}));
}

TEST(CopyCommand, TakesOnlyNamesAsTargets) {
  for (char const* good : {"vault", "@default", "@dispvm", "@dispvm:work"}) EXPECT_TRUE(valid_target(good)) << good;
  for (char const* bad : {"", "-x", "--help", "a b", "@anyvm", "@dispvm:", "../x", "a\n"}) EXPECT_FALSE(valid_target(bad)) << bad;
}

TEST(CopyCommand, ExplainsRefusals) {
  EXPECT_NE(explain_exit(126, "vault").find("Nothing was sent"), std::string::npos);
  EXPECT_EQ(explain_exit(126, "vault").find("Request refused"), std::string::npos);  // said by qrexec-client-vm
  EXPECT_NE(explain_exit(126, "vault").find("'vault'"), std::string::npos);
  EXPECT_FALSE(explain_exit(125, "vault").empty());
  EXPECT_TRUE(explain_exit(1, "vault").empty());
}

}  // namespace
}  // namespace bh::qfile
