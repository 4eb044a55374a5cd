// `qrexec-policy eval --batch` against protocols/conformance.md 2, a test a sentence.
#include <nlohmann/json.hpp>

#include "policy_world.h"

namespace bh::policy::test {
namespace {

using Json = nlohmann::json;

// The example system of policy.md 10, in the Admin API's form.
Json example_domains() {
  Json domains = Json::object();
  auto const add = [&](char const* name, char const* type, Json tags, char const* state, int id) -> Json& {
    std::string const digits = std::to_string(id);
    return domains[name] = Json{{"type", type},
                                {"tags", std::move(tags)},
                                {"uuid", "00000000-0000-0000-0000-" + std::string(12 - digits.size(), '0') + digits},
                                {"power_state", state},
                                {"default_dispvm", "dvm"},
                                {"template_for_dispvms", false},
                                {"internal", nullptr},
                                {"guivm", "dom0"},
                                {"icon", "appvm-red"},
                                {"label", "0xcc0000"},
                                {"relayvm", nullptr},
                                {"transport_rpc", nullptr},
                                {"a_key_of_tomorrow", Json::array({1, 2})}};
  };
  add("dom0", "AdminVM", Json::array(), "Running", 0);
  add("work", "AppVM", {"w", "office"}, "Running", 1);
  add("personal", "AppVM", {"p"}, "Running", 2);
  add("vault", "AppVM", Json::array(), "Halted", 3)["default_dispvm"] = nullptr;
  add("dvm", "AppVM", {"d"}, "Halted", 4)["template_for_dispvms"] = true;
  add("resting", "AppVM", Json::array(), "Paused", 5);
  add("sa", "StandaloneVM", {"w"}, "Running", 7);
  add("hidden", "AppVM", Json::array(), "Halted", 9)["internal"] = "1";
  add("relay", "AppVM", Json::array(), "Running", 10);
  Json& remote = add("rem", "RemoteVM", Json::array(), "Running", 11);
  remote["relayvm"] = "relay";
  remote["transport_rpc"] = "qubesair.SSHProxy";
  add("rem2", "RemoteVM", Json::array(), "Running", 12)["relayvm"] = "relay";
  return domains;
}

class BulkContract : public PolicyWorld {
 protected:
  void SetUp() override {
    PolicyWorld::SetUp();
    write("system.json", Json{{"domains", example_domains()}}.dump());
  }
  [[nodiscard]] std::vector<std::string> words(std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"eval",           "--policy-dir", path("run/policy.d"), "--policy-dir", path("etc/policy.d"),
                                 "--system-info", path("system.json")};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  // The answer to one request under `text`.
  Json decide(std::string const& text, Json request, std::vector<std::string> more = {}) {
    policy(text);
    return decide(std::move(request), std::move(more));
  }
  Json decide(Json request, std::vector<std::string> more = {}) {
    request["id"] = "r1";
    write("batch", request.dump() + "\n");
    more.insert(more.end(), {"--batch", path("batch")});
    Ran const ran = run("qrexec-policy", words(std::move(more)));
    EXPECT_EQ(ran.status, 0) << ran.errors;
    Json answer = Json::parse(ran.output, nullptr, false);
    EXPECT_TRUE(answer.is_object()) << ran.output;
    if (!answer.is_object()) return Json::object();
    EXPECT_EQ(answer["id"], "r1");
    return answer;
  }
  static Json request(std::string const& source, std::string const& target, std::string const& argument = "+") {
    return {{"source", source}, {"target", target}, {"service", "t.S"}, {"argument", argument}};
  }
  static Json answering(Json asked, Json answer) {
    asked["answer"] = std::move(answer);
    return asked;
  }
  static Json place(char const* file, Json line) { return {{"file", file}, {"line", std::move(line)}}; }
};

TEST_F(BulkContract, AFileInAnEarlierFolderHidesItsNamesakeAndAllAreReadInTheOrderOfNames) {
  write("run/policy.d/50-b.policy", "t.S * work personal allow user=run\n");
  write("etc/policy.d/50-b.policy", "t.S * work personal deny\n");
  write("etc/policy.d/40-a.policy", "t.S * work sa deny\n");
  EXPECT_EQ(decide(request("work", "personal"))["user"], "run");
  write("etc/policy.d/45-c.policy", "t.S * work personal deny notify=no\n");
  EXPECT_EQ(decide(request("work", "personal"))["rule"], place("45-c.policy", 1));
}

TEST_F(BulkContract, IncludesAreRelativeToTheFolderGivenAlsoFromAnIncludedFile) {
  write("etc/policy.d/include/f", "!include include/g\n");
  write("etc/policy.d/include/g", "\nt.S * work personal allow\n");
  Json const answer = decide("!include include/f\n", request("work", "personal"));
  EXPECT_EQ(answer["decision"], "allow");
  EXPECT_EQ(answer["rule"], place("include/g", 2));
}

TEST_F(BulkContract, TheLegacyFolderDoesNotExistWithoutItsOption) {
  write("legacy/t.S", "work personal allow,user=root\n");
  Json const without = decide("!compat-4.0\n", request("work", "personal"));
  EXPECT_EQ(without["decision"], "deny");
  EXPECT_EQ(without["reason"], "io");
  EXPECT_EQ(without["notify"], true);
  EXPECT_EQ(decide(request("work", "personal"), {"--legacy-dir", path("legacy")})["user"], "root");
}

TEST_F(BulkContract, ALegacyFileForOneArgumentIsFollowedByImplicitDeniesWithoutALine) {
  write("legacy/t.S+a", "work personal allow\n");
  Json const answer = decide("!compat-4.0\nt.S * work sa allow\n", request("work", "sa", "+a"), {"--legacy-dir", path("legacy")});
  EXPECT_EQ(answer["reason"], "rule");
  EXPECT_EQ(answer["rule"], place("t.S+a", nullptr));
  EXPECT_EQ(decide(request("work", "sa"), {"--legacy-dir", path("legacy")})["decision"], "allow");
}

TEST_F(BulkContract, AllowHasItsKeysAndTheResponseOfThePolicyProgram) {
  Json const answer = decide("t.S * work personal allow user=root notify=yes autostart=yes\n", request("work", "personal"));
  EXPECT_EQ(answer["decision"], "allow");
  EXPECT_EQ(answer["target"], "personal");
  EXPECT_EQ(answer["user"], "root");
  EXPECT_EQ(answer["autostart"], true);
  EXPECT_EQ(answer["notify"], true);
  EXPECT_EQ(answer["rule"], place("30-test.policy", 1));
  EXPECT_EQ(answer["response"],
            (Json{{"user", "root"},
                  {"result", "allow"},
                  {"target", "personal"},
                  {"target_uuid", "uuid:00000000-0000-0000-0000-000000000002"},
                  {"autostart", "True"},
                  {"requested_target", "personal"}}));
}

TEST_F(BulkContract, AllowOfDefaultsSaysNullAndDefault) {
  Json const answer = decide("t.S * work @adminvm allow autostart=no\n", request("work", "@adminvm"));
  EXPECT_EQ(answer["target"], "dom0");
  EXPECT_EQ(answer["user"], nullptr);
  EXPECT_EQ(answer["notify"], false);
  EXPECT_EQ(answer["response"], (Json{{"user", "DEFAULT"},
                                      {"result", "allow"},
                                      {"target", "dom0"},
                                      {"autostart", "False"},
                                      {"requested_target", "@adminvm"}}));
}

TEST_F(BulkContract, TargetsStayAsWrittenButDisposablesNameTheirTemplate) {
  std::string const uuid = "uuid:00000000-0000-0000-0000-000000000002";
  EXPECT_EQ(decide("t.S * work * allow\n", request("work", uuid))["target"], uuid);
  Json const disposable = decide(request("work", "@dispvm"));
  EXPECT_EQ(disposable["target"], "@dispvm:dvm");
  EXPECT_EQ(disposable["response"]["target_uuid"], "@dispvm:uuid:00000000-0000-0000-0000-000000000004");
  EXPECT_EQ(disposable["response"]["requested_target"], "@dispvm");
}

TEST_F(BulkContract, AnUnknownTargetIsTheDefaultOne) {
  Json const answer = decide("t.S * work @default allow target=sa\n", request("work", "nosuchqube"));
  EXPECT_EQ(answer["target"], "sa");
  EXPECT_EQ(answer["response"]["requested_target"], "@default");
  EXPECT_EQ(decide(request("work", ""))["target"], "sa");
}

TEST_F(BulkContract, ARelayIsCalledForARemoteQubeAndSpeaksForIt) {
  Json const to = decide("t.S * work rem allow\nt.S * rem personal allow\n", request("work", "rem", "+a"));
  EXPECT_EQ(to["target"], "relay");
  EXPECT_EQ(to["response"]["service"], "qubesair.SSHProxy+rem+t.S+a");
  Json from = request("relay", "personal");
  from["requested_source"] = "rem";
  EXPECT_EQ(decide(from)["response"]["policy_source"], "rem");
}

TEST_F(BulkContract, AskHasItsKeys) {
  Json const answer = decide("t.S * work vault deny\nt.S * work @anyvm ask default_target=@dispvm user=u notify=yes\n",
                             request("work", "personal"));
  EXPECT_EQ(answer["decision"], "ask");
  EXPECT_EQ(Json(answer["targets"]),
            Json::array({"@dispvm:dvm", "dvm", "personal", "relay", "rem", "rem2", "resting", "sa"}));
  EXPECT_EQ(answer["default_target"], "@dispvm:dvm");
  EXPECT_EQ(answer["user"], "u");
  EXPECT_EQ(answer["autostart"], true);
  EXPECT_EQ(answer["notify"], true);
  EXPECT_EQ(answer["rule"], place("30-test.policy", 2));
}

TEST_F(BulkContract, AskTargetsAreNamesOnlyARulesTargetStaysAsWritten) {
  std::string const uuid = "uuid:00000000-0000-0000-0000-000000000002";
  EXPECT_EQ(decide("t.S * work " + uuid + " ask\nt.S * work @adminvm ask\n", request("work", "personal"))["targets"],
            Json::array({"dom0", "personal"}));
  EXPECT_EQ(decide("t.S * work personal ask target=" + uuid + "\n", request("work", "personal"))["targets"], Json::array({uuid}));
  EXPECT_EQ(decide("t.S * work personal ask target=@dispvm\n", request("work", "personal"))["targets"],
            Json::array({"@dispvm:dvm"}));
  Json const lost = decide("t.S * work personal ask default_target=vault\n", request("work", "personal"));
  EXPECT_EQ(lost["targets"], Json::array({"personal"}));
  EXPECT_EQ(lost["default_target"], nullptr);
}

TEST_F(BulkContract, AutostartNoLeavesOnlyWhatRunsAndPausedDoesNot) {
  Json const answer = decide("t.S * work @anyvm ask autostart=no\n", request("work", "personal"));
  EXPECT_EQ(answer["targets"], Json::array({"personal", "relay", "rem", "rem2", "sa"}));
  Json const denied = decide("t.S * work @anyvm allow autostart=no\n", request("work", "resting"));
  EXPECT_EQ(denied["reason"], "autostart");
  EXPECT_EQ(denied["notify"], false);
  EXPECT_EQ(decide("t.S * work @anyvm allow autostart=no notify=yes\n", request("work", "@dispvm"))["notify"], true);
}

struct Refusal {
  char const* policy;
  Json request;
  char const* reason;
  bool notify;
};

TEST_F(BulkContract, EveryDenyHasItsReasonAndItsNotify) {
  auto const with = [](Json asked, char const* key, Json value) {
    asked[key] = std::move(value);
    return asked;
  };
  Refusal const refusals[] = {
      {"t.S * work personal deny\n", request("work", "personal"), "rule", true},
      {"t.S * work personal deny notify=no\n", request("work", "personal"), "rule", false},
      {"t.S * sa personal allow\n", request("work", "personal"), "no-match", true},
      {"t.S * work * allow\n", request("work", ""), "no-target", true},
      {"t.S * work * allow target=nosuchqube\n", request("work", "personal"), "no-target", true},
      {"t.S * vault * allow\n", request("vault", "@dispvm"), "no-dispvm", true},
      {"t.S * work * allow\n", request("work", "@dispvm:personal"), "not-dispvm-template", true},
      {"t.S * work * allow target=@dispvm:personal\n", request("work", "sa"), "not-dispvm-template", true},
      {"t.S * work * allow autostart=no\n", request("work", "vault"), "autostart", false},
      {"t.S * work @default ask\n", request("work", ""), "no-choice", true},
      {"t.S * work * ask target=nosuchqube\n", request("work", "sa"), "no-choice", true},
      {"t.S * * * allow\n", request("work", "work"), "loopback", true},
      {"t.S * * * allow\n", request("work", "uuid:00000000-0000-0000-0000-000000000001"), "loopback", true},
      {"t.S * work rem2 allow\n", request("work", "rem2"), "relay", true},
      {"t.S * work * ask\n", answering(request("work", "sa"), {{"allow", false}}), "user", false},
      {"t.S * work * ask notify=yes\n", answering(request("work", "sa"), {{"allow", false}}), "user", true},
      {"t.S * work sa ask\n", answering(request("work", "sa"), {{"allow", true}, {"target", "personal"}}), "bad-answer", true},
      {"t.S * work sa ask\n", answering(request("work", "sa"), {{"allow", true}}), "bad-answer", true},
      {"t.S * * * allow\n", request("nosuchqube", "sa"), "request", true},
      {"t.S * * * allow\n", request("work", "@anyvm"), "request", true},
      {"t.S * * * allow\n", request("work", "sa", "no-plus"), "request", true},
      {"t.S * * * allow\n", with(request("work", "sa"), "service", "t/S"), "request", true},
      {"t.S * * * allow\n", with(request("work", "sa"), "requested_source", "rem"), "request", true},
      {"t.S * * * allow\n", with(request("relay", "sa"), "requested_source", "vault"), "request", true},
      {"t.S * * * allow\nbroken\n", request("work", "sa"), "syntax", true},
      {"t.S * * * allow\n!include nowhere\n", request("work", "sa"), "syntax", true},
      {"!compat-4.0\n", request("work", "sa"), "io", true},
  };
  for (Refusal const& refusal : refusals) {
    Json const answer = decide(refusal.policy, refusal.request);
    EXPECT_EQ(answer["decision"], "deny") << refusal.policy << refusal.request;
    EXPECT_EQ(answer["reason"], refusal.reason) << refusal.policy << refusal.request;
    EXPECT_EQ(answer["notify"], refusal.notify) << refusal.policy << refusal.request;
  }
}

TEST_F(BulkContract, TheAnswerCountsForAskOnlyAndPassesTheLastChecks) {
  Json const yes = {{"allow", true}, {"target", "sa"}};
  Json const allowed = decide("t.S * work * ask user=root\n", answering(request("work", "personal"), yes));
  EXPECT_EQ(allowed["decision"], "allow");
  EXPECT_EQ(allowed["target"], "sa");
  EXPECT_EQ(allowed["response"]["user"], "root");
  EXPECT_EQ(decide("t.S * work * deny\n", answering(request("work", "personal"), yes))["reason"], "rule");
  EXPECT_EQ(decide("t.S * work * allow\n", answering(request("work", "personal"), yes))["target"], "personal");
  Json const self = decide("t.S * sa * ask target=sa\n", answering(request("sa", "personal"), yes));
  EXPECT_EQ(self["reason"], "loopback");
}

TEST_F(BulkContract, OneBadLineAnywhereDeniesEveryRequestAndSaysWhere) {
  write("etc/policy.d/20-a.policy", "t.S * work personal allow\n");
  write("etc/policy.d/90-z.policy", "# fine\nt.S * broken\n");
  Json const answer = decide(request("work", "personal"));
  EXPECT_EQ(answer["reason"], "syntax");
  EXPECT_EQ(answer["at"], place("90-z.policy", 2));
  EXPECT_EQ(answer["rule"], nullptr);
}

TEST_F(BulkContract, AForbiddenFileNameDeniesEveryRequest) {
  write("etc/policy.d/30-A.policy", "t.S * work personal allow\n");
  Json const answer = decide(request("work", "personal"));
  EXPECT_EQ(answer["reason"], "filename");
  EXPECT_EQ(answer["at"], place("30-A.policy", nullptr));
}

TEST_F(BulkContract, AMissingFolderDeniesEveryRequest) {
  std::filesystem::remove_all(root() / "run/policy.d");
  EXPECT_EQ(decide("t.S * work personal allow\n", request("work", "personal"))["reason"], "io");
}

TEST_F(BulkContract, AnswersComeInOrderWithTheirIdsFromStandardInputToo) {
  policy("t.S * work personal allow\n");
  std::string batch;
  for (int i = 0; i < 200; ++i) {
    Json line = request("work", i % 2 == 0 ? "personal" : "sa");
    line["id"] = i % 3 == 0 ? Json(i) : Json("n" + std::to_string(i));
    batch += line.dump() + "\n";
  }
  Ran const ran = run("qrexec-policy", words({"--batch", "-"}), batch);
  EXPECT_EQ(ran.status, 0) << ran.errors;
  std::istringstream lines(ran.output);
  std::string line;
  int count = 0;
  for (; std::getline(lines, line); ++count) {
    Json const answer = Json::parse(line);
    EXPECT_EQ(answer["id"], count % 3 == 0 ? Json(count) : Json("n" + std::to_string(count)));
    EXPECT_EQ(answer["decision"], count % 2 == 0 ? "allow" : "deny");
  }
  EXPECT_EQ(count, 200);
}

TEST_F(BulkContract, NoRequestsAreNoAnswersAndThatIsFine) {
  Ran const ran = run("qrexec-policy", words({"--batch", "-"}));
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.output, "");
}

TEST_F(BulkContract, WrongOptionsAndUnreadableInputAre2) {
  policy("t.S * work personal allow\n");
  write("batch", "");
  EXPECT_EQ(run("qrexec-policy", words({"--batch", path("nosuch")})).status, 2);
  EXPECT_EQ(run("qrexec-policy", words({"--batch", path("batch"), "--nosuch"})).status, 2);
  EXPECT_EQ(run("qrexec-policy", words({"--batch"})).status, 2);
  EXPECT_EQ(run("qrexec-policy", {"eval", "--policy-dir", path("etc/policy.d"), "--system-info", path("nosuch"), "--batch", "-"}).status, 2);
  write("system.json", "{");
  EXPECT_EQ(run("qrexec-policy", words({"--batch", path("batch")})).status, 2);
  write("system.json", kSystem);
  Ran const bad = run("qrexec-policy", words({"--batch", "-"}), "{\"id\":1,\"source\":\"work\",\"service\":\"t.S\"}\nnot json\n");
  EXPECT_EQ(bad.status, 2);
  EXPECT_NE(bad.errors.find("line 2"), std::string::npos) << bad.errors;
}

TEST_F(BulkContract, InternalMayBeAbsentAndTagsNull) {
  write("system.json", R"({"domains": {"dom0": {"type": "AdminVM"}, "work": {"type": "AppVM", "tags": null},
                                       "sa": {"type": "AppVM", "internal": false}}})");
  EXPECT_EQ(decide("t.S * work @anyvm ask\n", request("work", "sa"))["targets"], Json::array({"sa"}));
}

}  // namespace
}  // namespace bh::policy::test
