// The worked examples of protocols/policy.md 10 and 11, each as it stands there.
#include <gtest/gtest.h>

#include "qrexec/policy/answer.h"
#include "tests/unit/qrexec/policy/examples.h"
#include "tests/unit/qrexec/policy/fixture.h"

namespace bh::policy::test {
namespace {

constexpr char kRun[] = "/run/qubes/policy.d", kEtc[] = "/etc/qubes/policy.d", kLegacy[] = "/etc/qubes-rpc/policy";

class WorkedExample : public testing::TestWithParam<Example> {};

TEST_P(WorkedExample, DecidesAsThePeer) {
  Example const& example = GetParam();
  MemoryFiles files;
  files.folders = {kRun, kEtc};
  files.files[std::string(kEtc) + "/30-test.policy"] = example.policy;
  if (!example.included.empty()) files.files[std::string(kEtc) + "/f"] = example.included;
  auto const policy = load_policy(files, {{kRun, kEtc}, std::nullopt});
  if (example.expected == "load error") {
    ASSERT_FALSE(policy.ok());
    EXPECT_EQ(policy.error().front().kind, ProblemKind::syntax);
    EXPECT_EQ(policy.error().front().at.line, 1U);
    return;
  }
  ASSERT_TRUE(policy.ok()) << policy.error().front().for_people();
  EXPECT_EQ(in_sheet_notation(decide_words(*policy, example_system(), example.request)), example.expected);
}

INSTANTIATE_TEST_SUITE_P(Sheet, WorkedExample, testing::ValuesIn(kExamples),
                         [](auto const& tested) { return std::to_string(tested.param.number); });

// Section 11: several files.
class SeveralFiles : public testing::Test {
 protected:
  MemoryFiles files_;
  void SetUp() override { files_.folders = {kRun, kEtc, kLegacy}; }
  void run(std::string const& name, std::string const& text) { files_.files[std::string(kRun) + "/" + name] = text; }
  void etc(std::string const& name, std::string const& text) { files_.files[std::string(kEtc) + "/" + name] = text; }
  void legacy(std::string const& name, std::string const& text) {
    files_.files[std::string(kLegacy) + "/" + name] = text;
  }
  std::string decided(std::string_view request = "t.S work personal") {
    auto const policy = load_policy(files_, {{kRun, kEtc}, kLegacy});
    if (!policy) {
      problem_ = policy.error().front();
      return "load error";
    }
    return in_sheet_notation(decide_words(*policy, example_system(), request));
  }
  std::optional<Problem> problem_;
  std::string const allow_ = "t.S * work personal allow", deny_ = "t.S * work personal deny";
  std::string const allowed_ = "allow target=personal rt=personal", denied_ = "deny: by rule, N";
};

TEST_F(SeveralFiles, F1_RunHidesEtcOfTheSameName) {
  run("30-a.policy", allow_ + " user=run");
  etc("30-a.policy", deny_);
  EXPECT_EQ(decided(), "allow target=personal user=run rt=personal");
}
TEST_F(SeveralFiles, F2_SortedByNameOverBothFolders) {
  run("50-x.policy", deny_);
  etc("30-a.policy", allow_);
  EXPECT_EQ(decided(), allowed_);
}
TEST_F(SeveralFiles, F3_NamesSortAsText) {
  etc("100-a.policy", deny_);
  etc("30-a.policy", allow_);
  EXPECT_EQ(decided(), denied_);
}
TEST_F(SeveralFiles, F4_UpperCaseNameRefusesAll) {
  etc("30-A.policy", allow_);
  EXPECT_EQ(decided(), "load error");
  EXPECT_EQ(problem_->kind, ProblemKind::filename);
  EXPECT_EQ(problem_->at.for_people(), std::string(kEtc) + "/30-A.policy");
}
TEST_F(SeveralFiles, F5_JunkIsIgnored) {
  for (char const* name : {"30-a.policy~", ".h.policy", "README", "30-A.rpmnew", "d.policy/junk"}) etc(name, "junk");
  etc("40.policy", allow_);
  EXPECT_EQ(decided(), allowed_);
}
TEST_F(SeveralFiles, F6_MissingFolderRefusesAll) {
  files_.folders = {kEtc};
  etc("30-a.policy", allow_);
  EXPECT_EQ(decided(), "load error");
  EXPECT_EQ(problem_->kind, ProblemKind::io);
}
TEST_F(SeveralFiles, F7_BrokenLineFurtherDownRefusesAll) {
  etc("30-a.policy", allow_);
  etc("90-z.policy", "# fine\nt.S * broken\n");
  EXPECT_EQ(decided(), "load error");
  EXPECT_EQ(problem_->at.file, "90-z.policy");
  EXPECT_EQ(problem_->at.line, 2U);
}
TEST_F(SeveralFiles, F8_InvalidUtf8InACommentRefusesAll) {
  etc("30-a.policy", allow_ + "\n# \xFF\n");
  EXPECT_EQ(decided(), "load error");
  EXPECT_EQ(problem_->at.line, 2U);
}
TEST_F(SeveralFiles, F9_IncludeIsRelativeToTheFolder) {
  etc("30-a.policy", "!include include/f");
  etc("include/f", allow_);
  EXPECT_EQ(decided(), allowed_);
}
TEST_F(SeveralFiles, F10_IncludeFromRunLooksInRunOnly) {
  run("30-a.policy", "!include include/f");
  etc("include/f", allow_);
  EXPECT_EQ(decided(), "load error");
}
TEST_F(SeveralFiles, F11_IncludeFolderSortsAndSkipsJunk) {
  etc("30-a.policy", "!include-dir sub");
  etc("sub/20-b.policy", allow_ + " user=b");
  etc("sub/10-c.policy", "t.Other * work personal deny\nt.S * work personal allow user=c");
  etc("sub/x", "junk");
  EXPECT_EQ(decided(), "allow target=personal user=c rt=personal");
}
TEST_F(SeveralFiles, F12_DotDotWorks) {
  etc("30-a.policy", "!include ../policy.d/include/f");
  etc("include/f", allow_);
  EXPECT_EQ(decided(), allowed_);
}
TEST_F(SeveralFiles, F13_MissingIncludeRefusesAll) {
  etc("30-a.policy", allow_ + "\n!include include/f");
  EXPECT_EQ(decided(), "load error");
  EXPECT_EQ(problem_->at.line, 2U);
}
TEST_F(SeveralFiles, F13_IncludeOfItselfIsNamedALoop) {
  etc("30-a.policy", "!include include/f");
  etc("include/f", "!include ../policy.d/include/f");
  EXPECT_EQ(decided(), "load error");
  EXPECT_NE(problem_->message.find("include loop"), std::string::npos);
  EXPECT_EQ(problem_->at.file, "include/f");
}
TEST_F(SeveralFiles, F14to17_LegacyFolder) {
  legacy("t.S", "work personal ask\n$anyvm vault deny");
  legacy("t.S+a", "work personal allow,user=root");
  etc("35-compat.policy", "!compat-4.0");
  etc("90-d.policy", "t.S * @anyvm @anyvm allow user=fallback");
  EXPECT_EQ(decided("t.S+a work personal"), "allow target=personal user=root rt=personal");
  EXPECT_EQ(decided("t.S work personal"),
            "ask choices @dispvm:dvm, @dispvm:dvm2, disp1, dvm, dvm2, personal, relay, rem, rem2, sa, tpl");
  EXPECT_EQ(decided("t.S+a work sa"), denied_);
  EXPECT_EQ(decided("t.S work sa"), "allow target=sa user=fallback rt=sa");
}
TEST_F(SeveralFiles, F18_LegacyDom0) {
  legacy("u.U", "@anyvm dom0 allow");
  etc("35-compat.policy", "!compat-4.0");
  EXPECT_EQ(decided("u.U work dom0"), "allow target=dom0 rt=dom0");
}
TEST_F(SeveralFiles, F19_LegacyJunkIsIgnored) {
  for (char const* name : {"x.rpmsave", ".h", "bad name", "y.swp"}) legacy(name, "junk");
  etc("35-compat.policy", "!compat-4.0\n" + allow_);
  EXPECT_EQ(decided(), allowed_);
}
TEST_F(SeveralFiles, F20_CrLfIsLikeLf) {
  etc("30-a.policy", "# c\r\n" + allow_ + "\r\n");
  EXPECT_EQ(decided(), allowed_);
}
TEST_F(SeveralFiles, F21_ByteOrderMarkRefusesAll) {
  etc("30-a.policy", "\xEF\xBB\xBF" + allow_);
  EXPECT_EQ(decided(), "load error");
}

}  // namespace
}  // namespace bh::policy::test
