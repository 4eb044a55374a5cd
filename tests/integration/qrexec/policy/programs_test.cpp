// qrexec-policy and qrexec-policy-exec as programs: real files, a real socket, exit statuses.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <thread>

#include "base/child_process.h"
#include "base/temp_dir.h"
#include "base/unix_socket.h"

namespace bh::policy::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr char kSystem[] = R"({"domains": {
  "dom0": {"type": "AdminVM", "power_state": "Running"},
  "work": {"type": "AppVM", "power_state": "Running", "uuid": "00000000-0000-0000-0000-000000000001"},
  "untrusted": {"type": "AppVM", "power_state": "Running", "uuid": "00000000-0000-0000-0000-000000000002"},
  "vault": {"type": "AppVM", "power_state": "Halted", "uuid": "00000000-0000-0000-0000-000000000003"}}})";

struct Ran {
  int status = -1;
  std::string output;
  std::string errors;
};

// An admin daemon that answers one call with `reply`; an empty one just closes.
class FakeAdmin {
 public:
  FakeAdmin(fs::path const& socket, std::string reply) : reply_(std::move(reply)) {
    auto listener = listen_unix(socket);
    if (!listener)
      ADD_FAILURE() << listener.error().message;
    else
      listener_ = *std::move(listener);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeAdmin() {
    ::shutdown(listener_.borrow(), SHUT_RDWR);
    thread_.join();
  }
  std::string request_;

 private:
  void serve() {
    auto peer = accept_unix(listener_);
    if (!peer) return;
    std::array<std::byte, 4096> chunk;
    for (;;) {
      auto const count = read_some(*peer, chunk);
      if (!count || *count == 0) break;
      request_ += as_text(std::span(chunk).first(*count));
    }
    (void)write_all(*peer, as_bytes(reply_));
  }
  std::string reply_;
  UniqueFd listener_;
  std::thread thread_;
};

class PolicyPrograms : public testing::Test {
 protected:
  void SetUp() override {
    auto made = TempDir::create("bh-policy-test");
    ASSERT_TRUE(made.ok());
    folder_.emplace(*std::move(made));
    for (char const* name : {"run/policy.d", "etc/policy.d"}) fs::create_directories(root() / name);
    write("system.json", kSystem);
  }
  [[nodiscard]] fs::path root() const { return folder_->path(); }
  [[nodiscard]] std::string path(std::string const& name) const { return (root() / name).string(); }
  void write(std::string const& name, std::string const& text) {
    ASSERT_TRUE(write_file_atomically(root() / name, text).ok());
  }
  void policy(std::string const& text) { write("etc/policy.d/30-test.policy", text); }

  Ran run(std::string const& program, std::vector<std::string> arguments) {
    auto out = open_file(root() / "out", O_RDWR | O_CREAT | O_TRUNC);
    auto err = open_file(root() / "err", O_RDWR | O_CREAT | O_TRUNC);
    if (!out || !err) return {};
    SpawnOptions options;
    options.argv = {(fs::path(std::getenv("BH_BIN")) / program).string()};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.fds = {{&*out, 1}, {&*err, 2}};
    options.environment = {{"BULKHEAD_ROOT", root().string()}};
    auto child = ChildProcess::spawn(options);
    if (!child) return {};
    auto const ended = child->wait(Clock::now() + 60s);
    if (!ended || !*ended) {
      (void)child->signal(SIGKILL);
      return {};
    }
    return {(*ended)->code, read_file(root() / "out", 1 << 20).value_or(""),
            read_file(root() / "err", 1 << 20).value_or("")};
  }
  Ran decide(std::string const& source, std::string const& target, std::string const& service,
             std::vector<std::string> options = {}) {
    options.insert(options.end(), {"--", source, target, service});
    return run("qrexec-policy-exec", options);
  }
  std::string answer() { return std::string("0\0", 2) + kSystem; }

 private:
  std::optional<TempDir> folder_;
};

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
