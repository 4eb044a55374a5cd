// The subcommands of qrexec-policy and dom0's policy.* services as programs.
#include <nlohmann/json.hpp>

#include "policy_world.h"

namespace bh::policy::test {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

class PolicyTool : public PolicyWorld {
 protected:
  Ran tool(std::vector<std::string> arguments, std::string const& input = {}) {
    return run("qrexec-policy", std::move(arguments), input);
  }
  Ran with_qubes(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--system-info", path("system.json")});
    return tool(std::move(arguments));
  }
  [[nodiscard]] std::string file(std::string const& name) const { return read_file(root() / name, 1 << 20).value_or("(none)"); }
};

TEST_F(PolicyTool, ExplainTellsTheRuleAndWhatFollows) {
  policy("t.S * work vault deny\nt.S * work @anyvm allow\n");
  Ran const text = with_qubes({"explain", "work", "vault", "t.S"});
  EXPECT_EQ(text.status, 1);
  EXPECT_NE(text.output.find("30-test.policy:1: t.S * work vault deny"), std::string::npos) << text.output;
  EXPECT_NE(text.output.find("without the deciding rule\n  t.S+: work -> vault: allowed to vault"), std::string::npos) << text.output;
  Json const json = Json::parse(with_qubes({"explain", "work", "vault", "t.S", "--json"}).output);
  EXPECT_EQ(json["decision"]["reason"], "rule");
  EXPECT_EQ(json["without_the_rule"]["decision"], "allow");
  EXPECT_EQ(with_qubes({"explain", "work", "untrusted", "t.S"}).status, 0);
  EXPECT_EQ(with_qubes({"explain", "work", "vault"}).status, 2);
}

TEST_F(PolicyTool, WhoAnswersBothQuestions) {
  policy("t.S * work vault ask\nt.T * untrusted vault allow\nt.T * untrusted work allow\n");
  Ran const to = with_qubes({"who", "--to", "vault"});
  EXPECT_EQ(to.status, 0);
  EXPECT_NE(to.output.find("work       t.S  ask   -> vault"), std::string::npos) << to.output;
  EXPECT_NE(to.output.find("untrusted  t.T  allow -> vault"), std::string::npos) << to.output;
  Json const from = Json::parse(with_qubes({"who", "--from", "untrusted", "--json"}).output);
  ASSERT_EQ(from.size(), 2U);
  EXPECT_EQ(from[0]["target"], "vault");
  EXPECT_EQ(from[0]["rule"]["line"], 2);
  EXPECT_EQ(with_qubes({"who", "--to", "vault", "--from", "work", "--without-ask"}).status, 1);
  EXPECT_EQ(with_qubes({"who", "--to", "nosuch"}).status, 2);
  EXPECT_EQ(with_qubes({"who"}).status, 2);
}

TEST_F(PolicyTool, GraphIsDotOrSvg) {
  policy("t.S * work vault ask\nt.T * untrusted vault allow\n");
  Ran const dot = with_qubes({"graph"});
  EXPECT_EQ(dot.status, 0);
  EXPECT_NE(dot.output.find("\"untrusted\" -> \"vault\" [style=solid, label=\"t.T\"];"), std::string::npos) << dot.output;
  EXPECT_EQ(dot.output.find("work"), std::string::npos);
  EXPECT_NE(with_qubes({"graph", "--include-ask"}).output.find("\"work\" -> \"vault\" [style=dashed"), std::string::npos);
  EXPECT_EQ(with_qubes({"graph", "--service", "t.S"}).output.find("->"), std::string::npos);
  EXPECT_EQ(with_qubes({"graph", "--format", "svg", "-o", path("p.svg")}).status, 0);
  EXPECT_EQ(file("p.svg").find("<svg "), 0U);
  EXPECT_EQ(with_qubes({"graph", "--format", "png"}).status, 2);
}

TEST_F(PolicyTool, TestHoldsThePolicyToAFile) {
  policy("t.S * work vault ask\n");
  write("good.expect", "# fine\nwork -> vault t.S ask vault\nuntrusted -> vault t.S deny\n");
  write("bad.expect", "work -> vault t.S allow\n");
  EXPECT_EQ(with_qubes({"test", path("good.expect")}).status, 0);
  Ran const bad = with_qubes({"test", path("good.expect"), path("bad.expect")});
  EXPECT_EQ(bad.status, 1);
  EXPECT_NE(bad.output.find("bad.expect:1: not as expected: t.S+: work -> vault: needs a question"), std::string::npos) << bad.output;
  EXPECT_EQ(Json::parse(with_qubes({"test", path("bad.expect"), "--json"}).output)[0]["met"], false);
  write("empty.expect", "# nothing\n");
  EXPECT_EQ(with_qubes({"test", path("empty.expect")}).status, 2);
  write("junk.expect", "work vault\n");
  EXPECT_EQ(with_qubes({"test", path("junk.expect")}).status, 2);
  policy("broken\n");
  EXPECT_EQ(with_qubes({"test", path("good.expect")}).status, 1);
}

TEST_F(PolicyTool, DiffTellsWhatChanges) {
  policy("t.S * work vault deny\n");
  write("new/30-test.policy", "t.S * work vault allow\n");
  std::vector<std::string> const words{"diff", "--policy-dir", path("etc/policy.d"), "--with", path("new")};
  Ran const changed = with_qubes(words);
  EXPECT_EQ(changed.status, 1);
  EXPECT_NE(changed.output.find("work t.S -> vault\n  - deny"), std::string::npos) << changed.output;
  EXPECT_NE(changed.output.find("+ allow %"), std::string::npos) << changed.output;
  write("new/30-test.policy", "t.S * work vault deny\n");
  EXPECT_EQ(with_qubes(words).status, 0);
  write("new/30-test.policy", "broken\n");
  EXPECT_EQ(with_qubes(words).status, 2);
}

TEST_F(PolicyTool, FilesAreReadAndChangedOnlyIfAllLoads) {
  policy("t.S * work vault deny\n");
  EXPECT_EQ(tool({"list"}).output, "30-test\n");
  EXPECT_EQ(tool({"get", "30-test"}).output, "t.S * work vault deny\n");
  EXPECT_EQ(tool({"get", "nosuch"}).status, 1);
  Ran const refused = tool({"replace", "30-test"}, "broken\nt.S * work vault alow\n");
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.errors.find("30-test.policy:2:18: error: invalid action"), std::string::npos) << refused.errors;
  EXPECT_EQ(file("etc/policy.d/30-test.policy"), "t.S * work vault deny\n");
  Json const before = Json::parse(tool({"get", "30-test", "--json"}).output);
  EXPECT_EQ(tool({"replace", "30-test", "--token", before["token"]}, "t.S * work vault allow\n").status, 0);
  EXPECT_EQ(tool({"replace", "30-test", "--token", before["token"]}, "t.S * work vault ask\n").status, 1);
  EXPECT_EQ(file("etc/policy.d/30-test.policy"), "t.S * work vault allow\n");
  EXPECT_EQ(tool({"remove", "30-test"}).status, 0);
  EXPECT_EQ(tool({"list"}).output, "");
}

TEST_F(PolicyTool, EditSavesOnlyWhatLoadsAndKeepsTheLastGood) {
  write("etc/policy.d/30-user.policy", "t.S * work vault deny\n");
  auto const edit = [&](std::string const& expression, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"edit"};
    words.insert(words.end(), more.begin(), more.end());
    return run("qrexec-policy", words, {}, {{"EDITOR", "sed -i " + expression}, {"VISUAL", std::nullopt}});
  };
  EXPECT_EQ(edit("s/deny/broken/").status, 1);
  EXPECT_EQ(file("etc/policy.d/30-user.policy"), "t.S * work vault deny\n");
  EXPECT_EQ(edit("s/deny/allow/").status, 0);
  EXPECT_EQ(file("etc/policy.d/30-user.policy"), "t.S * work vault allow\n");
  EXPECT_EQ(edit("s/nothing/else/").errors, "nothing was changed\n");
  EXPECT_EQ(edit("", {"--restore"}).status, 0);
  EXPECT_EQ(file("etc/policy.d/30-user.policy"), "t.S * work vault deny\n");
  EXPECT_EQ(run("qrexec-policy", {"edit"}, {}, {{"EDITOR", "/nonexistent/editor"}, {"VISUAL", std::nullopt}}).status, 2);
  EXPECT_EQ(run("qrexec-policy", {"edit"}, {}, {{"EDITOR", "false"}, {"VISUAL", std::nullopt}}).status, 2);
}

TEST_F(PolicyTool, LintFindsTheTypoAndTheWideRule) {
  policy("qubes.FileCopy * work vault allow\n* * @anyvm @anyvm allow\n");
  Json const found = Json::parse(with_qubes({"lint", "--json"}).output);
  ASSERT_EQ(found["warnings"].size(), 2U) << found;
  EXPECT_EQ(found["warnings"][0]["hint"], "is qubes.Filecopy meant?");
  EXPECT_EQ(found["warnings"][1]["line"], 2);
}

TEST_F(PolicyTool, EverySubcommandHelpsWithAnExample) {
  for (char const* name : {"lint", "eval", "explain", "who", "graph", "test", "diff", "list", "get", "replace", "remove", "edit"}) {
    Ran const help = tool({name, "--help"});
    EXPECT_EQ(help.status, 0) << name;
    EXPECT_NE(help.output.find("example: qrexec-policy "), std::string::npos) << name;
    EXPECT_EQ(tool({name, "--nosuch"}).status, 2) << name;
  }
}

class PolicyServices : public PolicyWorld {
 protected:
  Ran serve(std::vector<std::string> words, std::string const& input = {}) { return run("qrexec-policy-admin", std::move(words), input); }
};

TEST_F(PolicyServices, GetReplaceRemoveByTokens) {
  policy("t.S * work vault deny\n");
  EXPECT_EQ(serve({"policy.List"}).output, "30-test\n");
  Ran const got = serve({"policy.Get", "30-test"});
  std::string const token = got.output.substr(0, got.output.find('\n'));
  EXPECT_EQ(token.size(), 71U);
  EXPECT_EQ(got.output, token + "\nt.S * work vault deny\n");
  EXPECT_EQ(serve({"policy.Replace", "30-test"}, token + "\nt.S * work vault allow\n").output, "");
  Ran const late = serve({"policy.Replace", "30-test"}, token + "\n");
  EXPECT_EQ(late.status, 1);
  EXPECT_EQ(late.errors.find("PolicyAdminTokenException "), 0U) << late.errors;
  EXPECT_EQ(serve({"policy.Replace", "30-test"}, "any\nbroken\n").errors.find("PolicyAdminSyntaxException "), 0U);
  EXPECT_EQ(serve({"policy.Get", "nosuch"}).errors.find("PolicyAdminFileNotFoundException "), 0U);
  EXPECT_EQ(serve({"policy.Get", "../x"}).errors.find("PolicyAdminInvalidFileNameException "), 0U);
  EXPECT_EQ(serve({"policy.Get", "30-test"}, "payload").errors.find("PolicyAdminProtocolException "), 0U);
  EXPECT_EQ(serve({"policy.GetFiles", "t.S"}).output, "30-test\n");
  EXPECT_EQ(serve({"policy.include.Replace", "f"}, "new\nt.S * work vault ask\n").status, 0);
  EXPECT_EQ(serve({"policy.include.List"}).output, "f\n");
  EXPECT_EQ(serve({"policy.include.Remove", "f"}, "any").status, 0);
  EXPECT_EQ(serve({"policy.Remove", "30-test"}, "any").status, 0);
  EXPECT_EQ(serve({"policy.List"}).output, "");
  EXPECT_EQ(serve({"policy.Nosuch"}).status, 2);
}

TEST_F(PolicyServices, AreCalledByTheirLinks) {
  policy("t.S * work vault deny\n");
  EXPECT_EQ(serve({"--make-links", path("etc/qubes-rpc")}).status, 0);
  Ran const got = run(path("etc/qubes-rpc/policy.List"), {});
  EXPECT_EQ(got.output, "30-test\n");
}

TEST_F(PolicyServices, RegistrationTakesItsQubesFromQrexec) {
  policy("t.S * work vault deny\n");
  Ran const done = run("qrexec-policy-admin", {"policy.RegisterArgument", "t.U"}, "abc",
                       {{"QREXEC_REMOTE_DOMAIN", "vault"}, {"QREXEC_REQUESTED_TARGET", "work"}});
  EXPECT_EQ(done.status, 0) << done.errors;
  EXPECT_EQ(read_file(root() / "etc/policy.d/60-registered-arguments.policy", 4096).value_or(""), "t.U +abc work vault allow\n");
  EXPECT_EQ(serve({"policy.RegisterArgument", "t.U"}, "abc").status, 1);
}

}  // namespace
}  // namespace bh::policy::test
