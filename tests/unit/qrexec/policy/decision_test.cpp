// Caps, odd spellings, and our own answers where the peer is careless (protocols/policy.md 12).
#include <gtest/gtest.h>

#include "qrexec/policy/answer.h"
#include "qrexec/policy/words.h"
#include "tests/unit/qrexec/policy/fixture.h"

namespace bh::policy::test {
namespace {

constexpr char kFolder[] = "/p";

Result<Policy, Problems> loaded(MemoryFiles files) {
  files.folders.push_back(kFolder);
  return load_policy(files, {{kFolder}, std::nullopt});
}
Result<Policy, Problems> loaded(std::string const& text) {
  MemoryFiles files;
  files.files["/p/30-a.policy"] = text;
  return loaded(std::move(files));
}
std::string decided(std::string const& policy, std::string_view request) {
  auto const rules = loaded(policy);
  return rules ? in_sheet_notation(decide_words(*rules, example_system(), request)) : "load error";
}
std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(PolicyWords, UnicodeBlanksSeparate) {
  auto const words = split_words("\xC2\xA0t.S\xE2\x80\x83*\tx");
  ASSERT_EQ(words.size(), 3U);
  EXPECT_EQ(words[0].text, "t.S");
  EXPECT_EQ(words[0].column, 3U);
  EXPECT_EQ(words[2].text, "x");
}
TEST(PolicyWords, OverlongFormsAndSurrogatesAreNotUtf8) {
  EXPECT_EQ(first_invalid_utf8("ok \xC3\xA9"), std::nullopt);
  EXPECT_EQ(first_invalid_utf8("a\xC0\x80"), 1U);
  EXPECT_EQ(first_invalid_utf8("\xED\xA0\x80"), 0U);
  EXPECT_EQ(first_invalid_utf8("\xF4\x90\x80\x80"), 0U);
  EXPECT_EQ(first_invalid_utf8("\xE2\x80"), 0U);
}
TEST(PolicyWords, LoneCarriageReturnEndsALine) {
  EXPECT_EQ(decided("# comment\rt.S * @anyvm @anyvm allow", "t.S work personal"), "allow target=personal rt=personal");
}

TEST(PolicyErrors, SayFileLineColumnAndHint) {
  auto const rules = loaded("# c\nt.S * work  personal allow tagret=x\n");
  ASSERT_FALSE(rules.ok());
  EXPECT_EQ(rules.error().front().for_people(),
            "/p/30-a.policy:2:28: invalid parameters for action allow: 'tagret' (allow takes target user notify "
            "autostart; ask "
            "also default_target; deny only notify)");
}
TEST(PolicyErrors, AllOfThemAreReported) {
  auto const rules = loaded("a\nt.S * work personal allow\nb\n");
  ASSERT_FALSE(rules.ok());
  ASSERT_EQ(rules.error().size(), 2U);
  EXPECT_EQ(rules.error()[1].at.line, 3U);
}
TEST(PolicyErrors, TerminalEscapesDoNotGetThrough) {
  auto const rules = loaded("t.S\x1b[2J * work personal allow");
  ASSERT_FALSE(rules.ok());
  EXPECT_EQ(rules.error().front().for_people().find('\x1b'), std::string::npos);
}

TEST(PolicyCaps, LongLine) {
  std::string const rule = "t.S * work personal allow";
  EXPECT_TRUE(loaded(rule + std::string(kMaxLineSize - rule.size(), ' ')).ok());
  EXPECT_FALSE(loaded(rule + std::string(kMaxLineSize - rule.size() + 1, ' ')).ok());
}
TEST(PolicyCaps, LongFile) {
  std::string const filler(1023, '#');
  EXPECT_TRUE(loaded(repeated(filler + "\n", 1024)).ok());
  EXPECT_FALSE(loaded(repeated(filler + "\n", 1024) + "#").ok());
}
TEST(PolicyCaps, NestedIncludes) {
  MemoryFiles files;
  files.files["/p/30-a.policy"] = "!include f0";
  for (std::size_t i = 0; i < kMaxIncludeDepth; ++i)
    files.files["/p/f" + std::to_string(i)] = "!include f" + std::to_string(i + 1);
  files.files["/p/f" + std::to_string(kMaxIncludeDepth)] = "";
  EXPECT_FALSE(loaded(files).ok());
  files.files["/p/f" + std::to_string(kMaxIncludeDepth - 1)] = "";
  EXPECT_TRUE(loaded(files).ok());
}
TEST(PolicyCaps, NumberOfFiles) {
  MemoryFiles files;
  files.files["/p/f"] = "";
  files.files["/p/30-a.policy"] = repeated("!include f\n", kMaxFiles - 1);
  EXPECT_TRUE(loaded(files).ok());
  files.files["/p/30-a.policy"] = repeated("!include f\n", kMaxFiles);
  EXPECT_FALSE(loaded(files).ok());
}
TEST(PolicyCaps, NumberOfRules) {
  MemoryFiles files;
  files.files["/p/f"] = repeated("* * * * deny\n", 1000);
  files.files["/p/30-a.policy"] = repeated("!include f\n", kMaxRules / 1000);
  EXPECT_TRUE(loaded(files).ok());
  files.files["/p/40-b.policy"] = "* * * * deny\n";
  EXPECT_FALSE(loaded(files).ok());
}

TEST(PolicyDecision, LoopbackByUuidIsRefused) {
  EXPECT_EQ(decided("t.S * * * allow", "t.S work uuid:00000000-0000-0000-0000-000000000001"), "deny: loopback, N");
  EXPECT_EQ(decided("t.S * * * allow", "t.S dom0 @adminvm"), "deny: loopback, N");
}
TEST(PolicyDecision, UnknownSourceIsRefused) {
  EXPECT_EQ(decided("t.S * * * allow", "t.S nobody personal"), "deny: unknown source qube: nobody, N");
}
TEST(PolicyDecision, RuleOnlyTokensAreNoTargets) {
  for (char const* target : {"*", "@anyvm", "@tag:w", "@type:AppVM", "@dispvm:@tag:d", "@nonsense", "@dispvm:"}) {
    Decision const decision =
        decide_words(*loaded(std::string("* * * * allow")), example_system(), std::string("t.S work ") + target);
    ASSERT_TRUE(std::holds_alternative<Deny>(decision.outcome)) << target;
    EXPECT_EQ(std::get<Deny>(decision.outcome).reason, DenyReason::request) << target;
  }
}
TEST(PolicyDecision, AskForTheDisposableIsResolved) {
  EXPECT_EQ(decided("t.S * @anyvm @anyvm ask target=@dispvm", "t.S work personal"), "ask choices @dispvm:dvm");
  EXPECT_EQ(decided("t.S * @anyvm @anyvm ask target=@dispvm", "t.S vault personal"), "deny: no choice left, N");
}
TEST(PolicyDecision, AskForAMissingTargetIsRefused) {
  EXPECT_EQ(decided("t.S * @anyvm @anyvm ask target=missing", "t.S work personal"), "deny: no choice left, N");
  EXPECT_EQ(decided("t.S * @anyvm @anyvm ask target=missing autostart=no", "t.S work personal"),
            "deny: no choice left, N");
}
TEST(PolicyDecision, MissingTemplateAmongTheRulesIsSkipped) {
  EXPECT_EQ(decided("t.S * work personal ask\nt.S * work @dispvm:missing allow", "t.S work personal"),
            "ask choices personal");
}
TEST(PolicyDecision, TypeAndTagDoNotSpeakOfTheKeyword) {
  EXPECT_EQ(decided("t.S * work @type:AdminVM allow", "t.S work @adminvm"), "deny: no match, N");
}
TEST(PolicyDecision, DecisionOwnsWhatItWasAbout) {
  Decision const decision = decide_words(*loaded(std::string("t.S * work @anyvm allow target=sa user=u")),
                                         example_system(), "t.S+x work personal");
  ASSERT_TRUE(decision.request.has_value());
  EXPECT_EQ(decision.request->source(), "work");
  EXPECT_EQ(decision.request->service(), "t.S");
  EXPECT_EQ(decision.request->argument(), "+x");
  EXPECT_EQ(std::get<Allow>(decision.outcome).target, "sa");
  ASSERT_TRUE(decision.rule.has_value());
  EXPECT_EQ(decision.rule->for_people(), "/p/30-a.policy:1");
}

Decision asked(std::string const& policy = "t.S * work @anyvm ask user=u notify=yes") {
  return decide_words(*loaded(policy), example_system(), "t.S work personal");
}
TEST(PolicyAnswer, YesForAnOfferedTarget) {
  EXPECT_EQ(in_sheet_notation(answer_yes(example_system(), asked(), "sa")), "allow target=sa user=u rt=personal");
  EXPECT_EQ(in_sheet_notation(answer_yes(example_system(), asked(), "@dispvm:dvm2")),
            "allow target=@dispvm:dvm2 user=u rt=personal");
}
TEST(PolicyAnswer, YesForAnythingElseIsNo) {
  for (char const* target : {"hidden", "dom0", "work", "", "@dispvm", "nosuch"}) {
    Decision const decision = answer_yes(example_system(), asked(), target);
    ASSERT_TRUE(std::holds_alternative<Deny>(decision.outcome)) << target;
    EXPECT_EQ(std::get<Deny>(decision.outcome).reason, DenyReason::bad_answer);
  }
}
TEST(PolicyAnswer, QubeThatWentAwayMeanwhileIsNo) {
  SystemInfo const later(std::vector<Qube>{*example_system().by_name("work")});
  EXPECT_TRUE(std::holds_alternative<Deny>(answer_yes(later, asked(), "sa").outcome));
}
TEST(PolicyAnswer, NoKeepsTheRulesNotify) {
  EXPECT_EQ(in_sheet_notation(answer_no(asked())), "deny: denied by the user, N");
  EXPECT_EQ(in_sheet_notation(answer_no(asked("t.S * work @anyvm ask"))), "deny: denied by the user");
}
TEST(PolicyAnswer, AssumeYesTakesTheRequestedTarget) {
  EXPECT_EQ(in_sheet_notation(assume_yes(example_system(), asked())), "allow target=personal user=u rt=personal");
  EXPECT_TRUE(
      std::holds_alternative<Deny>(assume_yes(example_system(), asked("t.S * work personal ask target=sa")).outcome));
}
TEST(PolicyAnswer, TextHasAllKeys) {
  EXPECT_EQ(answer_text(answer_yes(example_system(), asked(), "sa")),
            "user=u\nresult=allow\ntarget=sa\ntarget_uuid=uuid:00000000-0000-0000-0000-000000000007\nautostart=True\n"
            "requested_target=personal\n");
  EXPECT_EQ(answer_text(asked()), "result=deny\n");
}

TEST(PolicyRequest, ControlBytesAreRefused) {
  EXPECT_FALSE(Request::parse("work", "personal\nresult=allow", "t.S").ok());
  EXPECT_FALSE(Request::parse("work\n", "personal", "t.S").ok());
  EXPECT_FALSE(Request::parse("work", "personal", "t.S+a b").ok());
  EXPECT_FALSE(Request::parse("work", "personal", "").ok());
  EXPECT_FALSE(Request::parse("", "personal", "t.S").ok());
  EXPECT_TRUE(Request::parse("work", "", "t.S+").ok());
}

}  // namespace
}  // namespace bh::policy::test
