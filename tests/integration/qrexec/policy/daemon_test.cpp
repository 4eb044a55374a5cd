// qrexec-policy-daemon and qrexec-policy-agent as programs: the peer's socket protocol, prompts, and what happens when the world changes
// while a question is open.
#include <fcntl.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <thread>

#include "base/child_process.h"
#include "base/unix_socket.h"
#include "policy_world.h"

namespace bh::policy::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string read_to_end(UniqueFd const& fd) {
  std::string text;
  std::byte chunk[4096];
  Deadline const deadline = Clock::now() + 60s;
  for (;;) {
    auto const ready = wait_for(fd, POLLIN, deadline);
    auto const count = ready && *ready ? read_some(fd, chunk) : Result<std::size_t>(std::size_t{0});
    if (!count || *count == 0) return text;
    text += as_text(ByteSpan(chunk, *count));
  }
}

bool eventually(std::function<bool()> const& condition) {
  Deadline const deadline = Clock::now() + 30s;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

// A prompt that is played by the test: `answer` is called with what was asked.
class FakePrompt {
 public:
  FakePrompt(fs::path const& socket, std::function<std::string(std::string const&)> answer) : answer_(std::move(answer)) {
    listener_ = *listen_unix(socket);
    thread_ = std::thread([this] {
      for (;;) {
        auto peer = accept_unix(listener_);
        if (!peer) return;
        std::string const question = read_to_end(*peer);
        if (question.starts_with("policy.Notify")) {
          ++notified_;
          continue;
        }
        (void)write_all(*peer, as_bytes(answer_(question)));
      }
    });
  }
  ~FakePrompt() {
    ::shutdown(listener_.borrow(), SHUT_RDWR);
    thread_.join();
  }
  std::atomic<int> notified_ = 0;

 private:
  std::function<std::string(std::string const&)> answer_;
  UniqueFd listener_;
  std::thread thread_;
};

class PolicyDaemon : public PolicyWorld {
 protected:
  static std::string system(std::string const& guivm = "\"dom0\"") {
    std::string text = kSystem;
    std::string const before = "\"power_state\": ";
    for (std::size_t at = text.find(before); at != std::string::npos; at = text.find(before, at)) {
      std::string const more = "\"guivm\": " + guivm + ", ";
      text.insert(at, more);
      at += more.size() + before.size();
    }
    return std::string("0\0", 2) + text;
  }
  void start(std::vector<std::string> more = {}) {
    SpawnOptions options;
    options.argv = {program("qrexec-policy-daemon").string()};
    options.argv.insert(options.argv.end(), more.begin(), more.end());
    options.environment = {{"BULKHEAD_ROOT", root().string()}};
    log_ = *open_file(root() / "log", O_RDWR | O_CREAT | O_APPEND);
    options.fds = {{&log_, 2}};
    daemon_ = *ChildProcess::spawn(options);
    ASSERT_TRUE(eventually([&] { return connect_unix(root() / "run/policy.sock").ok(); }));
  }
  void TearDown() override {
    if (!daemon_) return;
    auto const ended = daemon_->terminate(10s);
    ASSERT_TRUE(ended.ok());
    EXPECT_EQ(ended->code, 0);
    EXPECT_FALSE(fs::exists(root() / "run/policy.sock"));
  }
  [[nodiscard]] std::string log() const { return read_file(root() / "log", 1 << 20).value_or(""); }
  std::string ask_raw(std::string const& text, std::string const& socket = "run/policy.sock") {
    auto const peer = connect_unix(root() / socket);
    if (!peer) return "(nobody)";
    (void)write_all(*peer, as_bytes(text));
    if (socket != "run/policy.sock") ::shutdown(peer->borrow(), SHUT_WR);
    return read_to_end(*peer);
  }
  std::string ask(std::string const& source, std::string const& target, std::string const& service, std::string const& more = {}) {
    return ask_raw("source=" + source + "\nintended_target=" + target + "\nservice_and_arg=" + service + "\n" + more + "\n");
  }

  std::optional<ChildProcess> daemon_;
  UniqueFd log_;
};

constexpr char kDeny[] = "result=deny";

TEST_F(PolicyDaemon, AnswersInThePeersForm) {
  policy("t.S * work untrusted allow user=root\nt.S * work @default allow target=vault autostart=no\n");
  FakeAdmin admin(root() / "run/qubesd.sock", system());
  start();
  EXPECT_EQ(ask("work", "untrusted", "t.S+x"),
            "user=root\nresult=allow\ntarget=untrusted\ntarget_uuid=uuid:00000000-0000-0000-0000-000000000002\nautostart=True\n"
            "requested_target=untrusted");
  EXPECT_EQ(ask("work", "", "t.S"), kDeny) << "vault does not run";
  EXPECT_EQ(ask("untrusted", "vault", "t.S"), kDeny);
  EXPECT_EQ(ask("work", "untrusted", "t/S"), kDeny);
  EXPECT_NE(log().find("source=work service=t.S+x requested_target=untrusted outcome=allow target=untrusted user=root by=rule rule="),
            std::string::npos)
      << log();
  EXPECT_EQ(log().find("outcome=allow target=vault"), std::string::npos);
}

TEST_F(PolicyDaemon, AQuestionThatIsNoneGetsNoAnswer) {
  policy("* * * * allow\n");
  FakeAdmin admin(root() / "run/qubesd.sock", system());
  start();
  for (char const* bad : {"\n", "source=work\n\n", "source=work\nintended_target=untrusted\nservice_and_arg=t.S\nx=y\n\n",
                          "source=work\nsource=work\nintended_target=untrusted\nservice_and_arg=t.S\n\n",
                          "source=work\nintended_target=untrusted\nservice_and_arg=t.S\nassume_yes_for_ask=1\n\n"}) {
    EXPECT_EQ(ask_raw(bad), "") << bad;
  }
  EXPECT_EQ(ask_raw(std::string(300'000, 'a')), "");
  EXPECT_NE(ask("work", "untrusted", "t.S").find("result=allow"), std::string::npos);
}

TEST_F(PolicyDaemon, EveryChangeCountsAtOnceAndAMistakeRefusesAll) {
  policy("t.S * work untrusted allow\n");
  FakeAdmin admin(root() / "run/qubesd.sock", system());
  start();
  EXPECT_NE(ask("work", "untrusted", "t.S"), kDeny);
  policy("t.S * work untrusted deny\n");
  EXPECT_EQ(ask("work", "untrusted", "t.S"), kDeny);
  policy("t.S * work untrusted allow\nbroken\n");
  EXPECT_EQ(ask("work", "untrusted", "t.S"), kDeny);
  EXPECT_NE(log().find("30-test.policy:2"), std::string::npos) << log();
  fs::rename(root() / "etc/policy.d/30-test.policy", root() / "aside");
  EXPECT_EQ(ask("work", "untrusted", "t.S"), kDeny);
  policy("t.S * work untrusted allow\n");
  EXPECT_NE(ask("work", "untrusted", "t.S"), kDeny);
}

TEST_F(PolicyDaemon, WaitsForWhoeverIsWritingAPolicyFile) {
  policy("t.S * work untrusted deny\n");
  FakeAdmin admin(root() / "run/qubesd.sock", system());
  start();
  EXPECT_EQ(ask("work", "untrusted", "t.S"), kDeny);
  auto writer = open_file(root() / "etc/policy.d/30-test.policy", O_WRONLY | O_TRUNC);
  ASSERT_TRUE(writer.ok());
  std::string answer;
  std::thread asking([&] { answer = ask("work", "untrusted", "t.S"); });
  ASSERT_TRUE(write_all(*writer, as_bytes("t.S * work untrusted allow\n")).ok());
  writer->reset();
  asking.join();
  EXPECT_NE(answer.find("result=allow"), std::string::npos);
  writer = open_file(root() / "etc/policy.d/30-test.policy", O_WRONLY | O_APPEND);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(write_all(*writer, as_bytes("t.T * work untrusted allow\n")).ok());
  EXPECT_EQ(ask("work", "untrusted", "t.S"), kDeny) << "a writer that does not end must not be waited for without end";
}

TEST_F(PolicyDaemon, AFailingAdminDaemonMeansDeny) {
  policy("* * * * allow\n");
  start();
  EXPECT_EQ(ask("work", "untrusted", "t.S"), kDeny);
  for (std::string const& reply : {std::string(), std::string("0\0{}", 4), std::string("2\0QubesException\0", 17)}) {
    FakeAdmin admin(root() / "run/qubesd.sock", reply);
    EXPECT_EQ(ask("work", "untrusted", "t.S"), kDeny);
  }
}

TEST_F(PolicyDaemon, AsksThePersonAndBindsTheAnswer) {
  policy("t.S * work @anyvm ask default_target=vault\n");
  FakeAdmin admin(root() / "run/qubesd.sock", system());
  std::string shown, answer = "allow:vault";
  FakePrompt prompt(root() / "run/policy-agent.sock", [&](std::string const& question) {
    shown = question;
    return answer;
  });
  start();
  EXPECT_NE(ask("work", "untrusted", "t.S+x").find("target=vault\n"), std::string::npos);
  EXPECT_EQ(shown.find(std::string("policy.Ask dom0 name dom0\0{", 27)), 0U);
  for (char const* part : {"\"source\":\"work\"", "\"service\":\"t.S\"", "\"argument\":\"+x\"", "\"default_target\":\"vault\"",
                           "\"targets\":[\"untrusted\",\"vault\"]"}) {
    EXPECT_NE(shown.find(part), std::string::npos) << shown;
  }
  for (char const* no : {"deny", "", "allow:work", "allow:dom0", "allow:", "yes", "allow:vault vault"}) {
    answer = no;
    EXPECT_EQ(ask("work", "untrusted", "t.S"), kDeny) << no;
  }
}

TEST_F(PolicyDaemon, AYesToWhatChangedMeanwhileIsNone) {
  policy("t.S * work @anyvm ask\n");
  FakeAdmin admin(root() / "run/qubesd.sock", system());
  std::string meanwhile;
  FakePrompt prompt(root() / "run/policy-agent.sock", [&](std::string const&) {
    policy(meanwhile);
    return "allow:vault";
  });
  start();
  for (char const* change : {"t.S * work @anyvm deny\n", "t.S * work vault deny\nt.S * work @anyvm ask\n", "broken\n", "t.S * work @anyvm ask user=root\n"}) {
    policy("t.S * work @anyvm ask\n");
    meanwhile = change;
    EXPECT_EQ(ask("work", "untrusted", "t.S"), kDeny) << change;
  }
  policy("t.S * work @anyvm ask\n");
  meanwhile = "# a comment changes nothing\nt.S * work @anyvm ask\n";
  EXPECT_NE(ask("work", "untrusted", "t.S").find("target=vault\n"), std::string::npos);
}

TEST_F(PolicyDaemon, NobodyToAskMeansDeny) {
  policy("t.S * work @anyvm ask\n");
  start();
  {
    FakeAdmin admin(root() / "run/qubesd.sock", system());
    EXPECT_EQ(ask("work", "untrusted", "t.S"), kDeny);
    EXPECT_NE(log().find("start qrexec-policy-agent"), std::string::npos) << log();
  }
  FakePrompt prompt(root() / "run/policy-agent.sock", [](std::string const&) { return "allow:vault"; });
  FakeAdmin admin(root() / "run/qubesd.sock", system("null"));
  EXPECT_EQ(ask("work", "untrusted", "t.S"), kDeny) << "no GUI domain";
}

TEST_F(PolicyDaemon, AssumedAndEvaluatedQuestionsAskNobody) {
  policy("t.S * work @anyvm ask\n");
  FakeAdmin admin(root() / "run/qubesd.sock", system());
  std::atomic<int> asked = 0;
  FakePrompt prompt(root() / "run/policy-agent.sock", [&](std::string const&) { return ++asked, "allow:vault"; });
  start();
  EXPECT_NE(ask("work", "vault", "t.S", "assume_yes_for_ask=yes\n").find("result=allow"), std::string::npos);
  EXPECT_EQ(ask("work", "vault", "t.S", "just_evaluate=yes\n"), kDeny);
  EXPECT_EQ(ask("untrusted", "vault", "t.S", "just_evaluate=yes\n"), kDeny);
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(prompt.notified_, 0);
  EXPECT_EQ(ask("untrusted", "vault", "t.S"), kDeny);
  EXPECT_TRUE(eventually([&] { return prompt.notified_ == 1; })) << "a deny is told";
}

TEST_F(PolicyDaemon, OthersAreAnsweredWhileAPersonThinks) {
  policy("t.S * work @anyvm ask\nt.T * work untrusted allow\n");
  FakeAdmin admin(root() / "run/qubesd.sock", system());
  std::atomic<bool> think = true;
  FakePrompt prompt(root() / "run/policy-agent.sock", [&](std::string const&) {
    while (think) std::this_thread::sleep_for(10ms);
    return "allow:vault";
  });
  start();
  std::string answer;
  std::thread asking([&] { answer = ask("work", "untrusted", "t.S"); });
  for (int i = 0; i < 50; ++i) EXPECT_NE(ask("work", "untrusted", "t.T").find("result=allow"), std::string::npos);
  think = false;
  asking.join();
  EXPECT_NE(answer.find("target=vault"), std::string::npos);
}

TEST_F(PolicyDaemon, EvalSocketsSayOnlyYesOrNo) {
  policy("t.S * work vault ask\nt.S * work untrusted allow\n");
  std::string tagged = system();
  FakeAdmin admin(root() / "run/qubesd.sock", tagged);
  start({"--eval-socket-path", path("eval"), "--gui-socket-path", path("gui")});
  auto const eval = [&](std::string const& service, std::string const& target, char const* socket) {
    return ask_raw(service + "+t.S caller" + std::string(1, '\0') + "work" + std::string(1, '\0') + target, socket);
  };
  EXPECT_EQ(eval("policy.EvalSimple", "untrusted", "eval"), "result=allow\n");
  EXPECT_EQ(eval("policy.EvalSimple", "vault", "eval"), "result=allow\n") << "ask is taken for yes";
  EXPECT_EQ(eval("policy.EvalSimple", "dom0", "eval"), "result=deny\n");
  EXPECT_EQ(eval("policy.EvalGUI", "untrusted", "gui"), "result=deny\n") << "not tagged as that caller's";
  EXPECT_EQ(eval("policy.EvalSimple", "untrusted", "gui"), "");
}

TEST_F(PolicyDaemon, TheTerminalAgentAsksAndDefaultsToNo) {
  policy("t.S * work @anyvm ask\n");
  FakeAdmin admin(root() / "run/qubesd.sock", system());
  auto to_agent = *make_pipe(), from_agent = *make_pipe();
  SpawnOptions options;
  options.argv = {program("qrexec-policy-agent").string(), "--stdio"};
  options.environment = {{"BULKHEAD_ROOT", root().string()}};
  options.fds = {{&to_agent.first, 0}, {&from_agent.second, 1}};
  auto agent = *ChildProcess::spawn(options);
  ASSERT_TRUE(eventually([&] { return fs::exists(root() / "run/policy-agent.sock"); }));
  start();
  std::string shown;
  auto const answer_with = [&](std::string const& line) {
    std::string answer;
    // Typed before the question: must not count.
    (void)write_all(to_agent.second, as_bytes("vault\n"));
    std::thread asking([&] { answer = ask("work", "untrusted", "t.S"); });
    shown.clear();
    while (shown.find("means no: ") == std::string::npos) {
      std::byte chunk[1024];
      auto const count = read_some(from_agent.first, chunk);
      if (!count || *count == 0) break;
      shown += as_text(ByteSpan(chunk, *count));
    }
    std::this_thread::sleep_for(3s);
    (void)write_all(to_agent.second, as_bytes(line));
    asking.join();
    return answer;
  };
  EXPECT_NE(answer_with("2\n").find("target=vault\n"), std::string::npos);
  EXPECT_NE(shown.find("The qube work wants to call t.S"), std::string::npos) << shown;
  EXPECT_EQ(answer_with("\n"), kDeny);
  EXPECT_EQ(answer_with("y\n"), kDeny);
  to_agent.second.reset();
  auto const ended = agent.wait(Clock::now() + 30s);
  EXPECT_TRUE(ended.ok() && ended->has_value());
  EXPECT_EQ(ask("work", "untrusted", "t.S"), kDeny);
}

}  // namespace
}  // namespace bh::policy::test
