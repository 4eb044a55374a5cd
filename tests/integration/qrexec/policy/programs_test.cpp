// qrexec-policy and qrexec-policy-exec as programs: real files, a real socket, exit statuses.
#include <algorithm>

#include "policy_world.h"

namespace bh::policy::test {
namespace {

namespace fs = std::filesystem;
using PolicyPrograms = PolicyWorld;

TEST_F(PolicyPrograms, ExecAllowsAndAnswers) {
  policy("qubes.Filecopy * work untrusted allow\n");
  FakeAdmin admin(root() / "run/qubesd.sock", answer());
  Ran const ran = decide("work", "untrusted", "qubes.Filecopy");
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_EQ(ran.output,
            "user=DEFAULT\nresult=allow\ntarget=untrusted\ntarget_uuid=uuid:00000000-0000-0000-0000-000000000002\n"
            "autostart=True\nrequested_target=untrusted\n");
  EXPECT_EQ(admin.request_, std::string("internal.GetSystemInfo+ dom0 name dom0\0", 39));
}
TEST_F(PolicyPrograms, ExecDeniesWithoutARule) {
  policy("qubes.Filecopy * work untrusted allow\n");
  FakeAdmin admin(root() / "run/qubesd.sock", answer());
  Ran const ran = decide("untrusted", "vault", "qubes.Filecopy");
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.output, "result=deny\n");
}
TEST_F(PolicyPrograms, ExecCannotAskAndSaysSo) {
  policy("qubes.Filecopy * work untrusted ask\n");
  {
    FakeAdmin admin(root() / "run/qubesd.sock", answer());
    Ran const ran = decide("work", "untrusted", "qubes.Filecopy");
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.output, "result=deny\n");
    EXPECT_NE(ran.errors.find("nobody to ask"), std::string::npos) << ran.errors;
  }
  FakeAdmin admin(root() / "run/qubesd.sock", answer());
  EXPECT_EQ(decide("work", "untrusted", "qubes.Filecopy", {"--assume-yes-for-ask"}).status, 0);
}
TEST_F(PolicyPrograms, EveryFailureDenies) {
  policy("* * * * allow\n");
  Ran const nobody = decide("work", "untrusted", "t.S");
  EXPECT_EQ(nobody.status, 1);
  EXPECT_EQ(nobody.output, "result=deny\n");
  EXPECT_NE(nobody.errors.find("qubesd.sock"), std::string::npos) << nobody.errors;
  for (std::string const& reply :
       {std::string(), std::string("2\0QubesException\0\0no\0", 21), std::string("0\0{}", 4)}) {
    FakeAdmin admin(root() / "run/qubesd.sock", reply);
    EXPECT_EQ(decide("work", "untrusted", "t.S").status, 1);
  }
  EXPECT_EQ(decide("work", "untrusted", "t.S\nresult=allow").status, 1);
  EXPECT_EQ(run("qrexec-policy-exec", {"--", "work", "untrusted"}).status, 2);
  policy("* * * * allow\nbroken\n");
  FakeAdmin admin(root() / "run/qubesd.sock", answer());
  Ran const broken = decide("work", "untrusted", "t.S");
  EXPECT_EQ(broken.status, 1);
  EXPECT_NE(broken.errors.find("30-test.policy:2"), std::string::npos) << broken.errors;
}
TEST_F(PolicyPrograms, WordsOfAGuestAreNeverOptions) {
  policy("* * * * ask\n");
  FakeAdmin admin(root() / "run/qubesd.sock", answer());
  Ran const ran = decide("work", "--assume-yes-for-ask", "t.S");
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.output, "result=deny\n");
}

TEST_F(PolicyPrograms, EvalSaysWhichLineDecided) {
  policy("# c\nqubes.Filecopy * work untrusted allow\n");
  Ran const ran =
      run("qrexec-policy", {"eval", "work", "untrusted", "qubes.Filecopy", "--system-info", path("system.json")});
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_NE(ran.output.find("etc/policy.d/30-test.policy:2"), std::string::npos) << ran.output;
}
TEST_F(PolicyPrograms, EvalBatchAnswersEveryLine) {
  write("run/policy.d/20-a.policy", "t.S * work untrusted allow\n");
  policy("t.S * work @anyvm deny notify=no\n");
  write("batch", R"({"id":"a","source":"work","target":"untrusted","service":"t.S","argument":"+"})"
                 "\n"
                 R"({"id":"b","source":"work","target":"vault","service":"t.S","argument":"+"})"
                 "\n");
  Ran const ran =
      run("qrexec-policy", {"eval", "--policy-dir", path("run/policy.d"), "--policy-dir", path("etc/policy.d"),
                            "--system-info", path("system.json"), "--batch", path("batch")});
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_EQ(std::count(ran.output.begin(), ran.output.end(), '\n'), 2);
  EXPECT_NE(ran.output.find(R"("decision":"allow")"), std::string::npos);
  EXPECT_NE(ran.output.find(R"("notify":false,"reason":"rule")"), std::string::npos) << ran.output;
}
TEST_F(PolicyPrograms, EvalWithoutInputIsUsage) {
  EXPECT_EQ(run("qrexec-policy", {"eval"}).status, 2);
  EXPECT_EQ(run("qrexec-policy", {"eval", "--batch", path("nosuch"), "--system-info", path("system.json")}).status, 2);
  EXPECT_EQ(run("qrexec-policy", {"eval", "--batch", path("nosuch"), "--system-info", path("nosuch")}).status, 2);
  EXPECT_EQ(run("qrexec-policy", {}).status, 2);
}
TEST_F(PolicyPrograms, LintFindsErrorsAndWarnings) {
  policy("t.S * work @anyvm deny\nt.S * work wrong allow\n");
  Ran ran = run("qrexec-policy", {"lint", "--system-info", path("system.json")});
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_NE(ran.output.find("30-test.policy:2: warning: this rule never decides"), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find("there is no qube wrong"), std::string::npos) << ran.output;
  write("single.policy", "!include nowhere\nt.S * work untrusted alow\n");
  ran = run("qrexec-policy", {"lint", "--system-info", path("system.json"), path("single.policy")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_NE(ran.output.find("single.policy:2:22: error: invalid action: 'alow'"), std::string::npos) << ran.output;
  EXPECT_EQ(run("qrexec-policy", {"lint", path("nosuch.policy")}).status, 1);
}
TEST_F(PolicyPrograms, ShippedPolicyIsCleanAndTheDemoBehaves) {
  fs::path const source(BH_SOURCE_DIR);
  for (fs::path const& folder : {source / "qrexec/policy/default", source / "installer/demo.policy.d"}) {
    for (auto const& file : fs::directory_iterator(folder))
      fs::copy(file, root() / "etc/policy.d" / file.path().filename());
  }
  Ran const lint = run("qrexec-policy", {"lint", "--system-info", path("system.json")});
  EXPECT_EQ(lint.status, 0);
  EXPECT_NE(lint.output.find("no errors, 0 warnings"), std::string::npos) << lint.output;
  auto const status = [&](char const* from, char const* to, char const* service) {
    return run("qrexec-policy", {"eval", from, to, service, "--system-info", path("system.json")}).output;
  };
  EXPECT_NE(status("work", "untrusted", "qubes.Filecopy").find("allowed to untrusted"), std::string::npos);
  EXPECT_NE(status("untrusted", "work", "qubes.Filecopy").find("needs a question"), std::string::npos);
  EXPECT_NE(status("untrusted", "vault", "qubes.Filecopy").find("denied by a rule"), std::string::npos);
  EXPECT_NE(status("vault", "work", "qubes.Filecopy").find("denied by a rule"), std::string::npos);
  EXPECT_NE(status("work", "untrusted", "qubes.VMShell").find("denied by a rule"), std::string::npos);
  EXPECT_NE(status("work", "dom0", "admin.vm.Start").find("denied: no rule"), std::string::npos);
}

}  // namespace
}  // namespace bh::policy::test
