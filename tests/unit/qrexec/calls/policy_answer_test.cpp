// The policy's answer (qrexec.md 12): anything odd is not an allow.
#include "qrexec/daemon/policy_answer.h"

#include <gtest/gtest.h>

namespace bh::qrexec {
namespace {

constexpr char kAllow[] = "user=DEFAULT\nresult=allow\ntarget=b\nautostart=True\nrequested_target=@default";

TEST(PolicyAnswer, Allow) {
  auto const answer = parse_policy_answer(std::string(kAllow) + "\ntarget_uuid=uuid:1\nfuture=1\npolicy_source=x\nservice=s+a\n");
  ASSERT_TRUE(answer.ok());
  auto const& allow = std::get<PolicyAllow>(*answer);
  EXPECT_EQ(allow.user, "DEFAULT");
  EXPECT_EQ(allow.target, "b");
  EXPECT_TRUE(allow.autostart);
  EXPECT_EQ(allow.requested_target, "@default");
  EXPECT_EQ(allow.target_uuid, "uuid:1");
  EXPECT_EQ(allow.service, "s+a");
  EXPECT_EQ(allow.policy_source, "x");
}

TEST(PolicyAnswer, Deny) {
  EXPECT_TRUE(std::holds_alternative<PolicyDeny>(*parse_policy_answer("result=deny")));
  EXPECT_TRUE(std::holds_alternative<PolicyDeny>(*parse_policy_answer("result=deny\n")));
}

TEST(PolicyAnswer, MalformedIsNeither) {
  std::string const allow(kAllow);
  for (std::string const& text : std::initializer_list<std::string>{
           "", "\n", "result", "result=maybe", "result=allow", "result=deny\nuser=x", "result=deny\nresult=deny", allow + "\nuser=y",
           allow + '\0', allow + "\n\n", allow + "\ntarget_uuid=a b", "user=a:b\nresult=allow\ntarget=b\nautostart=True\nrequested_target=c",
           "user=a\nresult=allow\ntarget=b c\nautostart=True\nrequested_target=c",
           "user=a\nresult=allow\ntarget=../b\nautostart=True\nrequested_target=c",
           "user=a\nresult=allow\ntarget=b\nautostart=yes\nrequested_target=c", "result=allow\ntarget=b\nautostart=True\nrequested_target=c",
           "user=a\nresult=allow\ntarget=b\nrequested_target=c", "user=a\nresult=allow\ntarget=b\nautostart=True"}) {
    EXPECT_FALSE(parse_policy_answer(text).ok()) << text;
  }
}

TEST(PolicyAnswer, HasASizeLimit) {
  std::string const fill(kMaxPolicyAnswer - std::string(kAllow).size() - 3, 'x');
  EXPECT_TRUE(parse_policy_answer(std::string(kAllow) + "\nk=" + fill).ok());
  EXPECT_FALSE(parse_policy_answer(std::string(kAllow) + "\nk=" + fill + "x").ok());
}

}  // namespace
}  // namespace bh::qrexec
