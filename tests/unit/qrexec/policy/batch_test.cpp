// The JSON forms: system information in, decisions out (protocols/conformance.md 2).
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "qrexec/policy/batch.h"
#include "qrexec/policy/lint.h"
#include "tests/unit/qrexec/policy/fixture.h"

namespace bh::policy::test {
namespace {

using Json = nlohmann::json;

Result<Policy, Problems> loaded(std::string const& text) {
  MemoryFiles files;
  files.files["/p/30-a.policy"] = text;
  return load_policy(files, {{"/p"}, std::nullopt});
}

Json answered(std::string const& policy, std::string const& request) {
  std::istringstream in(request + "\n");
  std::ostringstream out;
  auto const done = evaluate_batch(loaded(policy), example_system(), in, out);
  EXPECT_TRUE(done.ok());
  return Json::parse(out.str());
}

constexpr char kCall[] = R"({"id": 7, "source": "work", "target": "personal", "service": "t.S", "argument": "+x"})";
constexpr char kYes[] =
    R"({"id": 7, "source": "work", "target": "", "service": "t.S", "argument": "+", "answer": {"allow": true, "target": "sa"}})";

TEST(PolicyBatch, AllowHasAllKeys) {
  EXPECT_EQ(answered("t.S * work personal allow user=root notify=yes", kCall),
            Json::parse(R"({"id": 7, "decision": "allow",
    "target": "personal", "user": "root", "autostart": true, "notify": true, "rule": {"file": "30-a.policy", "line": 1},
    "response": {"result": "allow", "user": "root", "target": "personal", "autostart": "True", "requested_target": "personal",
                 "target_uuid": "uuid:00000000-0000-0000-0000-000000000002"}})"));
}
TEST(PolicyBatch, AskHasAllKeys) {
  EXPECT_EQ(answered("\nt.S * work @anyvm ask target=sa default_target=vault", kCall),
            Json::parse(R"({"id": 7, "decision": "ask",
    "targets": ["sa"], "default_target": null, "user": null, "autostart": true, "notify": false,
    "rule": {"file": "30-a.policy", "line": 2}, "warnings": ["default_target vault is not among the choices"]})"));
}
TEST(PolicyBatch, AnswerCountsForAskOnly) {
  EXPECT_EQ(answered("t.S * work @default ask\nt.S * work sa allow", kYes).at("target"), "sa");
  EXPECT_EQ(answered("t.S * work @default deny", kYes).at("reason"), "rule");
  EXPECT_EQ(answered("t.S * work @default ask target=vault", kYes).at("reason"), "bad-answer");
}
TEST(PolicyBatch, DenyTellsTheReason) {
  Json const denied = answered("", kCall);
  EXPECT_EQ(denied.at("decision"), "deny");
  EXPECT_EQ(denied.at("reason"), "no-match");
  EXPECT_EQ(denied.at("notify"), true);
}
TEST(PolicyBatch, BrokenPolicyDeniesEveryLineAndSaysWhere) {
  Json const denied = answered("t.S * work personal allow\nbroken", kCall);
  EXPECT_EQ(denied.at("reason"), "syntax");
  EXPECT_EQ(denied.at("at"), Json::parse(R"({"file": "30-a.policy", "line": 2})"));
}
TEST(PolicyBatch, LineThatIsNoRequestIsAnError) {
  for (char const* line : {"[]", "{", R"({"id": 1})", R"({"source": 1, "service": "t.S"})"}) {
    std::istringstream in(line);
    std::ostringstream out;
    EXPECT_FALSE(evaluate_batch(loaded(""), example_system(), in, out).ok()) << line;
    EXPECT_EQ(out.str(), "");
  }
}

TEST(PolicySystemInfo, ReadsTheAdminApisForm) {
  auto const info = parse_system_info(R"({"domains": {"dom0": {"type": "AdminVM", "new_key": [1]},
    "work": {"type": "AppVM", "tags": ["a", "b"], "uuid": "u-1", "default_dispvm": null, "template_for_dispvms": true,
             "internal": "1", "power_state": "Running"}, "uuid:u-1": {}}})");
  ASSERT_TRUE(info.ok()) << info.error();
  EXPECT_EQ(info->qubes().size(), 2U);
  Qube const* work = info->find("uuid:u-1");
  ASSERT_NE(work, nullptr);
  EXPECT_EQ(work->name, "work");
  EXPECT_TRUE(work->tags.contains("b") && work->template_for_dispvms && work->internal);
  EXPECT_FALSE(work->default_dispvm.has_value());
  EXPECT_FALSE(info->by_name("dom0")->internal);
}
TEST(PolicySystemInfo, WrongTypesAreErrors) {
  for (char const* text :
       {"", "[]", "{}", R"({"domains": []})", R"({"domains": {"a": 1}})", R"({"domains": {"a": {"tags": "x"}}})",
        R"({"domains": {"a": {"uuid": 1}}})", R"({"domains": {"a": {"internal": 1}}})"}) {
    EXPECT_FALSE(parse_system_info(text).ok()) << text;
  }
}

TEST(PolicyLint, FindsTheHiddenRuleAndNamesTheHider) {
  auto const policy =
      loaded("t.S * work @anyvm deny\nt.S +x work personal allow\nt.S * work dom0 allow\nt.S * work @tag:p allow");
  ASSERT_TRUE(policy.ok());
  Problems const found = hidden_rules(policy->rules());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].at.line, 2U);
  EXPECT_NE(found[0].message.find("30-a.policy:1"), std::string::npos);
}
TEST(PolicyLint, SourceThatNeverMatches) {
  EXPECT_EQ(hidden_rules(loaded("t.S * @dispvm:dvm personal allow")->rules()).size(), 1U);
}
TEST(PolicyLint, UnknownNames) {
  auto const policy =
      loaded("t.S * wrok @tag:nosuch ask default_target=gone\nt.S * work @dispvm:personal allow\n* * @tag:w dvm deny");
  Problems const found = unknown_names(policy->rules(), example_system());
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].message, "there is no qube wrok");
  EXPECT_EQ(found[1].message, "no qube has the tag nosuch");
  EXPECT_EQ(found[2].message, "there is no qube gone");
  EXPECT_EQ(found[3].message, "personal is not a template for disposables");
}

}  // namespace
}  // namespace bh::policy::test
