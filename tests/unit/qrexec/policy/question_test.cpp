// The policy daemon's and the prompt's wire forms, at their limits.
#include <gtest/gtest.h>

#include "qrexec/policy/daemon/decision_record.h"
#include "qrexec/policy/daemon/question.h"
#include "qrexec/policy/prompt/prompt_text.h"
#include "tests/unit/qrexec/policy/fixture.h"

namespace bh::policy::test {
namespace {

constexpr char kGood[] = "source=work\nintended_target=vault\nservice_and_arg=t.S+x\n";

TEST(PolicyQuestion, IsReadInAnyOrderWithItsOptions) {
  auto const question = parse_question("assume_yes_for_ask=yes\nservice_and_arg=t.S\nintended_target=\nsource=work\nrequested_source=rem\njust_evaluate=no\n\n");
  ASSERT_TRUE(question.ok()) << question.error();
  EXPECT_EQ(question->intended_target, "");
  EXPECT_EQ(question->requested_source, "rem");
  EXPECT_TRUE(question->assume_yes);
  EXPECT_FALSE(question->just_evaluate);
}
TEST(PolicyQuestion, WhatIsNotExactlyOneHasNoAnswer) {
  std::string const good(kGood);
  EXPECT_TRUE(parse_question(good + "\n").ok());
  for (std::string const& bad :
       {std::string(), std::string("\n"), good, good + "more\n\n", good + "source=work\n\n", good + "unknown=x\n\n", good + "just_evaluate=maybe\n\n",
        good + "just_evaluate=\n\n", good + "\nx", good + "x=\x7F\n\n", good + std::string("x=\0\n\n", 5), std::string("source=work\nintended_target=vault\n\n"),
        "source=" + std::string(kMaxQuestionLine, 'a') + "\n" + good.substr(12) + "\n"}) {
    EXPECT_FALSE(parse_question(bad).ok()) << bad.substr(0, 100);
  }
  EXPECT_FALSE(parse_question(std::string(kMaxQuestion + 1, 'a')).ok());
}
TEST(PolicyQuestion, EndsWithAnEmptyLine) {
  EXPECT_FALSE(is_whole_question(kGood));
  EXPECT_TRUE(is_whole_question(std::string(kGood) + "\n"));
  EXPECT_TRUE(is_whole_question("\n"));
}
TEST(PolicyQuestion, EvalHasAHeaderAndTwoNames) {
  std::string const good = std::string("policy.EvalSimple+t.S+x gui\0work\0vault", 38);
  auto const question = parse_eval_question(good, "policy.EvalSimple");
  ASSERT_TRUE(question.ok()) << question.error();
  EXPECT_EQ(question->caller, "gui");
  EXPECT_EQ(question->question.source + question->question.intended_target + question->question.service_and_argument, "workvaultt.S+x");
  EXPECT_FALSE(parse_eval_question(good, "policy.EvalGUI").ok());
  for (std::string const& bad : {std::string("policy.EvalSimple gui\0work\0vault", 32), std::string("policy.EvalSimple+t.S\0work\0vault", 32),
                                 std::string("policy.EvalSimple+t.S gui\0work", 30), std::string("policy.EvalSimple+t.S gui\0work\0", 31),
                                 std::string("policy.EvalSimple+t.S gui\0\0vault", 32), std::string("policy.EvalSimple+t.S gui"),
                                 std::string("policy.EvalSimple+t.S gui\0work\0", 31) + std::string(64, 'a'),
                                 std::string("policy.EvalSimple+t.S gui\0", 26) + std::string(32, 'a') + std::string("\0b", 2)}) {
    EXPECT_FALSE(parse_eval_question(bad, "policy.EvalSimple").ok()) << bad;
  }
}

AskMessage message() { return {"work", "t.S", "+x", {"personal", "vault", "2"}, "vault", {{"work", "appvm-red"}}}; }

TEST(PolicyPrompt, MessagesReadBack) {
  auto const ask = parse_prompt_message(encode(PromptMessage(message())));
  ASSERT_TRUE(ask.ok()) << ask.error();
  EXPECT_EQ(std::get<AskMessage>(*ask).targets, message().targets);
  EXPECT_EQ(std::get<AskMessage>(*ask).icons, message().icons);
  auto const told = parse_prompt_message(encode(PromptMessage(NotifyMessage{Resolution::deny, "work", "t.S", "+", "@default"})));
  ASSERT_TRUE(told.ok()) << told.error();
  EXPECT_EQ(std::get<NotifyMessage>(*told).target, "@default");
}
TEST(PolicyPrompt, WhatMayNotBeShownIsRefused) {
  auto const with = [](auto change) {
    AskMessage odd = message();
    change(odd);
    return parse_prompt_message(encode(PromptMessage(odd))).ok();
  };
  EXPECT_FALSE(with([](AskMessage& m) { m.source = "work\x1b[2J"; }));
  EXPECT_FALSE(with([](AskMessage& m) { m.source = ""; }));
  EXPECT_FALSE(with([](AskMessage& m) { m.service = "t S"; }));
  EXPECT_FALSE(with([](AskMessage& m) { m.argument = "x"; }));
  EXPECT_FALSE(with([](AskMessage& m) { m.targets.clear(); }));
  EXPECT_FALSE(with([](AskMessage& m) { m.targets = {"a\nb"}; }));
  EXPECT_FALSE(with([](AskMessage& m) { m.targets.assign(kMaxPromptTargets + 1, "a"); }));
  EXPECT_FALSE(with([](AskMessage& m) { m.default_target = "a b"; }));
  for (std::string const& bad : {std::string(), std::string("policy.Ask x"), std::string("policy.Ask x\0[]", 15), std::string("policy.Run x\0{}", 15),
                                 std::string("policy.Ask x\0{}", 15), std::string("policy.Notify x\0{}", 18)}) {
    EXPECT_FALSE(parse_prompt_message(bad).ok()) << bad;
  }
}
TEST(PolicyPrompt, OnlyAClearAnswerIsOne) {
  EXPECT_EQ(*parse_prompt_answer("deny"), std::nullopt);
  EXPECT_EQ(*parse_prompt_answer("allow:vault"), "vault");
  EXPECT_EQ(*parse_prompt_answer("allow:@dispvm:dvm\n"), "@dispvm:dvm");
  for (char const* bad : {"", "allow", "allow:", "allow:a b", "Allow:vault", "yes", "deny\n\n", "allow:a\nb"}) {
    EXPECT_FALSE(parse_prompt_answer(bad).ok()) << bad;
  }
}
TEST(PolicyPrompt, ALineChoosesByNameOrNumberAndAllElseIsNo) {
  EXPECT_EQ(chosen_target(message(), "vault"), "vault");
  EXPECT_EQ(chosen_target(message(), "1 \n"), "personal");
  EXPECT_EQ(chosen_target(message(), "2"), "2");
  for (char const* no : {"", "n", "y", "yes", "0", "4", "-1", "vaul", "VAULT", "1x", "99999999999999999999"}) {
    EXPECT_EQ(chosen_target(message(), no), std::nullopt) << no;
  }
}
TEST(PolicyPrompt, SaysWhoWantsWhatAndWhatIsSuggested) {
  std::string const text = prompt_text(message());
  for (char const* part : {"work", "t.S", "argument x", "1  personal\n", "2  vault   (suggested)"}) EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(PolicyRecord, OneLineOneWordAValue) {
  MemoryFiles files;
  files.files["/p/30 a.policy"] = "";
  Decision decision = refusal(DenyReason::request, "x");
  decision.request = *Request::parse("work", "vault", "t.S+x");
  decision.rule = Location{"/p q", "30-a.policy", 3, 0};
  EXPECT_EQ(decision_record(decision, "rule"),
            "source=work service=t.S+x requested_target=vault outcome=deny reason=request by=rule rule=/p_q/30-a.policy:3");
}

}  // namespace
}  // namespace bh::policy::test
