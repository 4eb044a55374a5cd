// What is told about a policy: survey, explanation, expectations, differences, graph, and the new findings of lint.
#include <gtest/gtest.h>

#include <algorithm>

#include "qrexec/policy/difference.h"
#include "qrexec/policy/expectation.h"
#include "qrexec/policy/explain.h"
#include "qrexec/policy/graph.h"
#include "qrexec/policy/known_services.h"
#include "qrexec/policy/lint.h"
#include "tests/unit/qrexec/policy/fixture.h"

namespace bh::policy::test {
namespace {

Policy policy_of(std::string const& text) {
  MemoryFiles files;
  files.files["/p/30-a.policy"] = text;
  return *load_policy(files, {{"/p"}, std::nullopt});
}

std::vector<std::string> told(Policy const& policy, SurveyFilter const& filter = {}) {
  SystemInfo const info = example_system();
  std::vector<std::string> lines;
  for (Reach const& reach : reaches(policy, info, *survey_scope(calls_of(policy), info, filter))) {
    lines.push_back(reach.source + " " + reach.call.for_people() + (reach.asks ? " ask " : " allow ") + reach.target);
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(PolicySurvey, FollowsRedirectsAndQuestions) {
  EXPECT_EQ(told(policy_of("t.S * work @default allow target=sa\nt.S * personal vault ask")),
            (Lines{"personal t.S ask vault", "work t.S allow sa"}));
}
TEST(PolicySurvey, AWayWithoutAQuestionIsPreferred) {
  EXPECT_EQ(told(policy_of("t.S * work @default ask target=sa\nt.S * work sa allow")), (Lines{"work t.S allow sa"}));
}
TEST(PolicySurvey, ArgumentsAreToldApartWhereARuleDoes) {
  EXPECT_EQ(told(policy_of("t.S +x work sa allow\nt.S + work vault allow\nt.S * work dom0 allow")),
            (Lines{"work t.S allow dom0", "work t.S+* allow dom0", "work t.S+x allow dom0", "work t.S+x allow sa", "work t.S allow vault"}));
}
TEST(PolicySurvey, ARuleForAllServicesIsTold) {
  EXPECT_EQ(told(policy_of("* * work sa allow"), {"work", std::nullopt}), (Lines{"work * allow sa"}));
}
TEST(PolicySurvey, AServiceThatNoRuleNamesIsAnyOther) {
  EXPECT_EQ(told(policy_of("* * work sa allow"), {"work", "t.Unnamed"}), (Lines{"work t.Unnamed allow sa"}));
}
TEST(PolicySurvey, TheUnknownSourceAndTheEndlessSurveyAreRefused) {
  Policy const policy = policy_of("t.S * work sa allow");
  EXPECT_FALSE(survey_scope(calls_of(policy), example_system(), {"nosuch", std::nullopt}).ok());
  std::set<Call> many;
  for (int i = 0; i < 100'000; ++i) many.insert({"t.S" + std::to_string(i), "+"});
  EXPECT_FALSE(survey_scope(many, example_system(), {}).ok());
}

TEST(PolicyExplain, TellsWhatCameBeforeAndWhatWouldFollow) {
  Policy const policy = policy_of(
      "other.S * work personal deny\nt.S +x work personal deny\nt.S * sa personal deny\nt.S * work vault deny\n"
      "t.S * work personal ask\nt.S * work @anyvm allow user=root");
  Explanation const told = explain(policy, example_system(), *Request::parse("work", "personal", "t.S"));
  EXPECT_TRUE(std::holds_alternative<Ask>(told.decision.outcome));
  EXPECT_EQ(told.other_services, 1U);
  ASSERT_EQ(told.steps.size(), 5U);
  EXPECT_EQ(told.steps[0].reason, "it is for the argument +x, the call has +");
  EXPECT_EQ(told.steps[1].reason, "sa does not match the source work");
  EXPECT_EQ(told.steps[2].reason, "vault does not match the target personal");
  EXPECT_EQ(told.steps[3].kind, RuleStep::Kind::decides);
  EXPECT_EQ(told.steps[4].kind, RuleStep::Kind::would_match);
  ASSERT_TRUE(told.without.has_value());
  EXPECT_EQ(in_sheet_notation(*told.without), "allow target=personal user=root rt=personal");
}
TEST(PolicyExplain, NoRuleAndNoCaller) {
  Policy const policy = policy_of("t.S * work vault allow");
  Explanation const nothing = explain(policy, example_system(), *Request::parse("work", "personal", "t.S"));
  EXPECT_FALSE(nothing.without.has_value());
  EXPECT_EQ(nothing.steps.size(), 1U);
  EXPECT_TRUE(explain(policy, example_system(), *Request::parse("gone", "personal", "t.S")).steps.empty());
}
TEST(PolicyExplain, ARuleIsWrittenSoThatItReadsBack) {
  for (char const* line : {"t.S +x work @tag:w allow target=sa user=root notify=yes autostart=no", "* * * * deny notify=no",
                           "t.S * @anyvm @dispvm:dvm ask target=@dispvm default_target=dom0 user=u"}) {
    EXPECT_EQ(rule_text(policy_of(line).rules().front()), line);
  }
}

std::string unmet_line(std::string const& line) {
  Policy const policy = policy_of("t.S * work personal allow user=root\nt.S * work @anyvm ask\nt.S * vault @anyvm deny");
  Expectations const wanted = parse_expectations("x", line);
  if (!wanted.problems.empty()) return "problem at " + wanted.problems.front().at.for_people();
  return unmet(wanted.all.front(), decide(policy, example_system(), wanted.all.front().request));
}
TEST(PolicyExpectation, WhatIsMet) {
  for (char const* line : {"work -> personal t.S allow", "work -> personal t.S+x allow personal user=root", "work -> sa t.S ask",
                           "work -> sa t.S ask vault sa user=DEFAULT", "vault -> sa t.S deny", "vault -> sa t.S deny reason=rule",
                           "sa -> vault t.S deny reason=no-match"}) {
    EXPECT_EQ(unmet_line(line), "") << line;
  }
}
TEST(PolicyExpectation, WhatIsNotMetSaysWhatCameOut) {
  for (char const* line : {"work -> personal t.S deny", "work -> personal t.S ask", "work -> personal t.S allow sa",
                           "work -> personal t.S allow user=DEFAULT", "work -> sa t.S ask hidden", "work -> sa t.S allow",
                           "vault -> sa t.S deny reason=no-match"}) {
    EXPECT_NE(unmet_line(line), "") << line;
  }
  EXPECT_NE(unmet_line("work -> personal t.S deny").find("30-a.policy:1"), std::string::npos);
}
TEST(PolicyExpectation, BadLinesAreProblemsWithTheirPlace) {
  EXPECT_EQ(unmet_line("\n work personal t.S allow").find("problem at x:2"), 0U);
  for (char const* line : {"work -> personal t.S", "work -> personal t.S Allow", "work -> personal t/S allow", "work -> sa t.S allow a b",
                           "work -> sa t.S deny sa", "work -> sa t.S allow reason=rule", "work -> @anyvm t.S deny"}) {
    EXPECT_EQ(unmet_line(line).find("problem at x:1"), 0U) << line;
  }
}

TEST(PolicyDifference, IsToldOnceForAllTargetsAlike) {
  Policy const before = policy_of("t.S * work @anyvm deny"), after = policy_of("t.S * work @tag:p allow\nt.S * work @anyvm deny");
  SystemInfo const info = example_system();
  auto const all = differences(before, after, info, *survey_scope(calls_of(after), info, {}));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].before + " / " + all[0].after, "deny / allow %");
  EXPECT_EQ(all[0].targets, (Lines{"disp1", "personal"}));
  EXPECT_EQ(all[0].rule_after->line, 1U);
  EXPECT_TRUE(differences(before, before, info, *survey_scope(calls_of(before), info, {})).empty());
}
TEST(PolicyDifference, UserAndChoicesCount) {
  SystemInfo const info = example_system();
  auto const count = [&](char const* a, char const* b) {
    return differences(policy_of(a), policy_of(b), info, *survey_scope(calls_of(policy_of(a)), info, {})).size();
  };
  EXPECT_EQ(count("t.S * work sa allow", "t.S * work sa allow user=root"), 1U);
  EXPECT_EQ(count("t.S * work sa allow", "t.S * work sa allow autostart=no"), 1U);
  EXPECT_GE(count("t.S * work sa ask", "t.S * work sa ask\nt.S * work vault ask"), 1U);
  EXPECT_EQ(count("t.S * work sa allow", "t.S * work sa deny\nt.S * work sa allow"), 1U);
}

TEST(PolicyGraph, NamesCannotBecomeSyntax) {
  Qube odd, other;
  odd.name = "a\"<&";
  other.name = "b";
  other.label = "0x12zz34";
  SystemInfo const info({odd, other});
  std::vector<Arrow> const all{{"a\"<&", "b", {"t.S", "t.T?"}, false}};
  std::string const dot = dot_text(all, info, {});
  EXPECT_EQ(dot.find("digraph g {\n"), 0U);
  EXPECT_NE(dot.find("\"a\\\"<&\" -> \"b\" [style=solid, label=\"t.S, t.T?\"];"), std::string::npos) << dot;
  std::string const svg = svg_text(all, info, {});
  EXPECT_EQ(svg.find("a\"<&"), std::string::npos);
  EXPECT_NE(svg.find("a&quot;&lt;&amp;"), std::string::npos);
  EXPECT_EQ(svg.find("12zz34"), std::string::npos);
}
TEST(PolicyGraph, OneArrowAPair) {
  Policy const policy = policy_of("t.S * work sa allow\nt.T * work sa ask\nt.S * sa work ask");
  SystemInfo const info = example_system();
  auto const all = arrows(reaches(policy, info, *survey_scope(calls_of(policy), info, {})));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].from + all[0].to, "sawork");
  EXPECT_TRUE(all[0].asks);
  EXPECT_EQ(all[1].calls, (Lines{"t.S", "t.T?"}));
  EXPECT_FALSE(all[1].asks);
}

std::size_t wide(char const* line) { return wide_rules(policy_of(line).rules()).size(); }
TEST(PolicyLint, TooWide) {
  for (char const* line : {"* * work vault allow", "t.S * @anyvm @anyvm allow", "t.S * * * allow", "qubes.VMShell * @anyvm vault allow",
                           "qubes.VMShell * work * allow", "t.S * @anyvm vault allow user=root", "t.S * @anyvm @default allow target=sa user=root"}) {
    EXPECT_EQ(wide(line), 1U) << line;
  }
  for (char const* line : {"* * work @dispvm allow", "t.S * @anyvm @anyvm ask", "t.S * @anyvm @dispvm allow", "qubes.VMShell * @anyvm @dispvm allow",
                           "qubes.VMShell * work vault allow", "t.S * @anyvm vault allow", "t.S * @anyvm @anyvm deny"}) {
    EXPECT_EQ(wide(line), 0U) << line;
  }
}
TEST(PolicyLint, ShadowedWithTheQubesThereAre) {
  auto const found = shadowed_rules(policy_of("t.S * @tag:w @anyvm deny\nt.S * work personal allow\nt.S * gone personal allow\n"
                                              "t.S * personal work allow"),
                                    example_system());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].at.line, 2U);
}
TEST(PolicyLint, MisspeltServices) {
  EXPECT_EQ(probably_meant("qubes.FileCopy"), "qubes.Filecopy");
  EXPECT_EQ(probably_meant("qubes.Filecpy"), "qubes.Filecopy");
  EXPECT_EQ(probably_meant("admin.vm.propery.Set"), "admin.vm.property.Set");
  for (char const* name : {"qubes.Filecopy", "custom.Service", "qubes.GetDate", "t.S", "qubes.Something"}) {
    EXPECT_EQ(probably_meant(name), std::nullopt) << name;
  }
}
TEST(PolicyLint, HiddenRulesAreFoundAmongTenThousandWithoutComparingAllPairs) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "t.S" + std::to_string(i) + " * work personal allow\n";
  text += "t.S77 +x work personal deny\n";
  auto const found = hidden_rules(policy_of(text).rules());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].message.find("30-a.policy:78"), std::string::npos);
}

}  // namespace
}  // namespace bh::policy::test
