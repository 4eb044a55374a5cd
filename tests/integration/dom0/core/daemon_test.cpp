// The whole of bulkheadd (App) on a real socket with machines that are fake and helpers that are real processes: starting, stopping,
// what dies, what hangs, and taking over after kill -9.
#include "tests/integration/dom0/core/daemon_fixture.h"

namespace bh::dom0 {
namespace {

TEST_F(Daemon, StartBringsUpMachineAndHelpersAndShutdownLeavesNothing) {
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  EXPECT_EQ(state(), "Running");
  auto const running = records();
  for (char const* role : {"qemu", "hub", "qrexec-daemon", "gui-daemon"}) EXPECT_TRUE(running.contains(role)) << role;
  on_daemon([&] {
    ASSERT_EQ(vmm.started().size(), 1U);
    EXPECT_EQ(vmm.started()[0].memory, machine::Mebibytes(400));
    EXPECT_EQ(vmm.started()[0].private_volume, paths.volumes("work") / "private.img");
  });
  ASSERT_TRUE(eventually([&] { return fs::exists(behaviour / "gui-seals"); }));
  EXPECT_TRUE(eventually([&] { return read_file(behaviour / "gui-seals", 10).value_or("") == "7\n"; })) << "SEAL | SHRINK | GROW";
  auto const environment = read_file(paths.qube_run("work") / "guest.env", 65536);
  ASSERT_TRUE(environment);
  EXPECT_NE(environment->find("QUBE_NAME=work\n"), std::string::npos);

  // Without an agent that ends the guest the power button does; the fake guest obeys it.
  behave("agent-deaf");
  ASSERT_TRUE(ok("admin.vm.Shutdown", "wait", "work"));
  EXPECT_EQ(state(), "Halted");
  EXPECT_EQ(*read_file(behaviour / "poweroff-asked", 1000), "root:nogui:systemctl poweroff\n");
  EXPECT_FALSE(fs::exists(paths.qube_run("work")));
  EXPECT_FALSE(fs::exists(paths.qrexec_sockets() / "qrexec.work"));
  EXPECT_TRUE(fs::exists(paths.volumes("work") / "private.img"));
  for (auto const& [role, record] : running) {
    if (role == "qemu") continue;  // a fake machine's process is this one
    EXPECT_FALSE(alive(record.pid)) << role;
  }
}

TEST_F(Daemon, StartingTwiceIsSuccessAndTwoCallersWaitForOneStart) {
  auto first = std::async(std::launch::async, [&] { return call("admin.vm.Start", "", "work"); });
  auto second = std::async(std::launch::async, [&] { return call("admin.vm.Start", "", "work"); });
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(second.get());
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  on_daemon([&] { EXPECT_EQ(vmm.started().size(), 1U); });
}

TEST_F(Daemon, AQubeThatNeverAnswersIsNamedAndEnded) {
  behave("no-agent");
  ASSERT_TRUE(ok("admin.vm.property.Set", "qrexec_timeout", "work", "1"));
  auto const reply = call("admin.vm.Start", "", "work");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().type, "QubesVMError");
  EXPECT_NE(reply.error().message.find("work"), std::string::npos);
  EXPECT_NE(reply.error().message.find("qrexec_timeout"), std::string::npos);
  EXPECT_EQ(state(), "Halted");
  EXPECT_FALSE(fs::exists(paths.qube_run("work")));
  on_daemon([&] { EXPECT_FALSE(vmm.runs("work")); });
  for (int const pid : starts("bulkhead-hub")) EXPECT_FALSE(alive(pid));
}

TEST_F(Daemon, AMachineThatDoesNotStartIsReportedInItsWords) {
  on_daemon([&] { vmm.refuse_next_start("no such accelerator"); });
  auto const reply = call("admin.vm.Start", "", "work");
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().message.find("no such accelerator"), std::string::npos);
  EXPECT_EQ(state(), "Halted");
  EXPECT_TRUE(ok("admin.vm.Start", "", "work"));
}

TEST_F(Daemon, AMissingTemplateOrVolumeIsNamed) {
  fs::rename(paths.templates() / "debian", folder.path() / "away");
  auto reply = call("admin.vm.Start", "", "work");
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().message.find("template debian of work is missing"), std::string::npos) << reply.error().message;
  fs::rename(folder.path() / "away", paths.templates() / "debian");
  fs::remove(paths.volumes("work") / "private.img");
  reply = call("admin.vm.Start", "", "work");
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().message.find("private volume of work is missing"), std::string::npos);
  EXPECT_EQ(state(), "Halted");
}

TEST_F(Daemon, WhenTheMachineDiesTheQubeIsHaltedAndItsHelpersEnd) {
  std::atomic<bool> told = false;
  auto listener = std::async(std::launch::async, [&] {
    return client->follow_events("work", Clock::now() + 60s, [&](admin::Event const& event) {
      if (event.name == "domain-shutdown") told = true;
      return told ? admin::Client::Next::stop : admin::Client::Next::more;
    });
  });
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  auto const running = records();
  on_daemon([&] { vmm.happen("work", machine::MachineStopped{machine::StopReason::failed, "assertion"}); });
  EXPECT_TRUE(eventually([&] { return state() == "Halted"; }));
  EXPECT_TRUE(listener.get());
  EXPECT_TRUE(told);
  EXPECT_FALSE(alive(running.at("hub").pid));
  EXPECT_FALSE(fs::exists(paths.qube_run("work")));
  EXPECT_TRUE(ok("admin.vm.Start", "", "work"));
}

TEST_F(Daemon, AHelperThatDiesIsStartedAgain) {
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  int const old = records().at("hub").pid;
  ASSERT_EQ(::kill(old, SIGKILL), 0);
  EXPECT_TRUE(eventually([&] { auto const now = records(); return now.contains("hub") && now.at("hub").pid != old; }));
  EXPECT_EQ(state(), "Running");
}

TEST_F(Daemon, KillIsQuickEvenWithAHelperThatDoesNotListen) {
  behave("stubborn-bulkhead-hub");
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  auto const running = records();
  ASSERT_TRUE(ok("admin.vm.Kill", "", "work"));
  EXPECT_EQ(state(), "Halted");
  EXPECT_FALSE(alive(running.at("hub").pid));
  EXPECT_EQ(call("admin.vm.Kill", "", "work").error().type, "QubesVMNotStartedError");
}

TEST_F(Daemon, KillEndsAStartUnderWay) {
  behave("no-agent");
  auto start = std::async(std::launch::async, [&] { return call("admin.vm.Start", "", "work"); });
  ASSERT_TRUE(eventually([&] { return state() == "Transient" && fs::exists(paths.qube_run("work") / "processes.json"); }));
  EXPECT_TRUE(ok("admin.vm.Kill", "", "work"));
  auto const reply = start.get();
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().message.find("killed"), std::string::npos);
  EXPECT_EQ(state(), "Halted");
}

TEST_F(Daemon, AGuestThatIgnoresShutdownIsReportedAndStillRuns) {
  behave("agent-deaf");
  on_daemon([&] { vmm.make_guests_deaf(true); });
  ASSERT_TRUE(ok("admin.vm.property.Set", "shutdown_timeout", "work", "1"));
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  auto const reply = call("admin.vm.Shutdown", "wait", "work");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().type, "QubesVMShutdownTimeoutError");
  EXPECT_EQ(state(), "Running");
}

TEST_F(Daemon, AGuestThatIsNotYetListeningHearsThePowerButtonLater) {
  behave("agent-deaf");
  on_daemon([&] { vmm.make_guests_deaf(true); });
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  auto shutdown = std::async(std::launch::async, [&] { return call("admin.vm.Shutdown", "wait", "work"); });
  ASSERT_TRUE(eventually([&] {
    int presses = 0;
    on_daemon([&] { presses = vmm.power_presses("work"); });
    return presses > 0;
  }));
  on_daemon([&] { vmm.make_guests_deaf(false); });
  EXPECT_TRUE(shutdown.get().ok());
  EXPECT_EQ(state(), "Halted");
}

TEST_F(Daemon, AGuestThatGivesUpIsQuotedWithoutItsControlCharacters) {
  behave("no-agent");
  auto start = std::async(std::launch::async, [&] { return call("admin.vm.Start", "", "work"); });
  ASSERT_TRUE(eventually([&] { return fs::exists(paths.qube_run("work") / "processes.json"); }));
  std::ofstream(paths.qube_run("work") / "console.log") << "booting\r\nBULKHEAD-ERROR: initrd: no \x1b[2Jroot disk\r\nPower down\r\n";
  on_daemon([&] { vmm.happen("work", machine::MachineStopped{machine::StopReason::guest_powered_off, ""}); });
  auto const reply = start.get();
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().message.find("the guest powered off; it said: \"initrd: no _[2Jroot disk\""), std::string::npos) << reply.error().message;
}

TEST_F(Daemon, ALinkInPlaceOfThePrivateVolumeIsRefused) {
  auto const volume = paths.volumes("work") / "private.img";
  fs::rename(volume, folder.path() / "elsewhere.img");
  fs::create_symlink(folder.path() / "elsewhere.img", volume);
  auto const reply = call("admin.vm.Start", "", "work");
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().message.find("is not a plain file"), std::string::npos) << reply.error().message;
  on_daemon([&] { EXPECT_TRUE(vmm.started().empty()); });
}

TEST_F(Daemon, PauseAndUnpause) {
  EXPECT_EQ(call("admin.vm.Pause", "", "work").error().type, "QubesVMNotRunningError");
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  EXPECT_EQ(call("admin.vm.Unpause", "", "work").error().type, "QubesVMNotPausedError");
  ASSERT_TRUE(ok("admin.vm.Pause", "", "work"));
  EXPECT_EQ(state(), "Paused");
  EXPECT_EQ(call("admin.vm.Shutdown", "", "work").error().type, "QubesVMNotRunningError");
  ASSERT_TRUE(ok("admin.vm.Unpause", "", "work"));
  EXPECT_EQ(state(), "Running");
}

TEST_F(Daemon, ANewDaemonTakesOverWhatTheOldOneLeftRunning) {
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  auto const before = records();
  stop_daemon(false);
  for (auto const& [role, record] : before) EXPECT_TRUE(alive(record.pid)) << role;
  run_daemon();
  EXPECT_EQ(state(), "Running");
  EXPECT_EQ(records(), before);
  on_daemon([&] { EXPECT_EQ(vmm.last_adopted().log_file, paths.log() / "work-qemu.log"); });
  EXPECT_NE(call("admin.vm.property.Get", "xid", "work").value_or(""), "default=True type=int -1");
  // It watches what it took over.
  ASSERT_EQ(::kill(before.at("qrexec-daemon").pid, SIGKILL), 0);
  EXPECT_TRUE(eventually([&] { auto const now = records(); return now.contains("qrexec-daemon") && now.at("qrexec-daemon").pid != before.at("qrexec-daemon").pid; }));
  ASSERT_TRUE(ok("admin.vm.Kill", "", "work"));
  EXPECT_EQ(state(), "Halted");
  EXPECT_FALSE(fs::exists(paths.qube_run("work")));
}

TEST_F(Daemon, ADaemonWithoutADisplayLeavesNoGuiDaemonBehind) {
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  int const gui = records().at("gui-daemon").pid;
  stop_daemon(false);
  run_daemon(false);
  EXPECT_EQ(state(), "Running");
  EXPECT_FALSE(alive(gui));
  EXPECT_FALSE(records().contains("gui-daemon"));
}

TEST_F(Daemon, AMachineThatPausesByItselfIsShownPausedAndCanGoOn) {
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  on_daemon([&] { vmm.happen("work", machine::MachinePaused{}); });
  EXPECT_TRUE(eventually([&] { return state() == "Paused"; }));
  EXPECT_TRUE(ok("admin.vm.Unpause", "", "work"));
  EXPECT_EQ(state(), "Running");
}

TEST_F(Daemon, AQubeThatEndedUnwatchedIsClearedAway) {
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  auto const before = records();
  on_daemon([&] { vmm.make_guests_deaf(false); });
  stop_daemon(false);
  vmm.happen("work", machine::MachineStopped{machine::StopReason::guest_powered_off, ""});
  run_daemon();
  EXPECT_EQ(state(), "Halted");
  EXPECT_FALSE(fs::exists(paths.qube_run("work")));
  for (auto const& [role, record] : before) {
    if (role == "qemu") continue;
    int const pid = record.pid;
    EXPECT_TRUE(eventually([pid] { return !alive(pid); })) << role;
  }
}

TEST_F(Daemon, HelpersOfAStartCutShortBeforeTheyWereRecordedAreEnded) {
  behave("no-agent");
  auto start = std::async(std::launch::async, [&] { return call("admin.vm.Start", "", "work"); });
  ASSERT_TRUE(eventually([&] { return records().contains("gui-daemon"); }));
  auto const before = records();
  stop_daemon(false);
  EXPECT_FALSE(start.get().ok());
  fs::remove(paths.qube_run("work") / "processes.json");
  run_daemon();
  EXPECT_EQ(state(), "Halted");
  EXPECT_FALSE(fs::exists(paths.qube_run("work")));
  for (char const* role : {"hub", "qrexec-daemon"}) EXPECT_TRUE(eventually([&] { return !alive(before.at(role).pid); })) << role;
  (void)::kill(before.at("gui-daemon").pid, SIGKILL);  // carries no mark of its own
  fs::remove(behaviour / "no-agent");
  on_daemon([&] { vmm.happen("work", machine::MachineStopped{machine::StopReason::killed, ""}); });
  EXPECT_TRUE(ok("admin.vm.Start", "", "work"));
}

// Runs in a child process: connects as another user, sends the frame, tells by its exit code what came back.
int call_as_nobody(fs::path const& socket, Bytes const& frame) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
  pid_t const child = ::fork();
  if (child == 0) {
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(10);
    int const fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (::connect(fd, reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) ::_exit(11);
    (void)::send(fd, frame.data(), frame.size(), MSG_NOSIGNAL);
    ::shutdown(fd, SHUT_WR);
    char answer = 0;
    ::_exit(::recv(fd, &answer, 1, 0) > 0 ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

TEST_F(Daemon, AnotherUserGetsNoAnswerEvenWhereModesAreLoose) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  for (auto const& place : {folder.path(), folder.path() / "root", paths.run()}) fs::permissions(place, fs::perms::all);
  fs::permissions(paths.admin_socket(), fs::perms::all);
  auto const frame = admin::encode_call({.method = "admin.vm.List"});
  ASSERT_TRUE(frame);
  EXPECT_EQ(call_as_nobody(paths.admin_socket(), *frame), 0);
  EXPECT_TRUE(ok("admin.vm.List"));
}

TEST_F(Daemon, ManyIdleClientsAreHeldToACapAndLaterCallsSucceed) {
  std::vector<UniqueFd> idle;
  for (int i = 0; i < 500; ++i) {
    auto fd = connect_unix(paths.admin_socket());
    if (fd) idle.push_back(std::move(*fd));
  }
  // Beyond the cap connections are cut at once: an end of stream, and no wait for it.
  ASSERT_GT(idle.size(), 300U);
  std::byte one[1];
  ASSERT_TRUE(wait_for(idle.back(), POLLIN, Clock::now() + 20s).value_or(false));
  EXPECT_EQ(read_some(idle.back(), one).value_or(99), 0U);
  idle.clear();
  EXPECT_TRUE(eventually([&] { return client->call({.method = "admin.vm.List"}, 60s).ok(); }));
}

TEST_F(Daemon, ASecondDaemonOnTheSameRootIsRefused) {
  machine::FakeVmm other;
  auto const second = App::open({paths, helpers, false}, other, [](volumes::TemplateImage const&) -> Result<qemu::AccelAnswer> { return qemu::AccelAnswer{}; });
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("another bulkheadd"), std::string::npos);
}

TEST_F(Daemon, SilentAndBrokenClientsDelayNobody) {
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(*connect_unix(paths.admin_socket()));
  EXPECT_TRUE(ok("admin.vm.List"));
  auto broken = connect_unix(paths.admin_socket());
  ASSERT_TRUE(broken);
  ASSERT_TRUE(write_all(*broken, as_bytes("nonsense")));
  ::shutdown(broken->borrow(), SHUT_WR);
  std::byte one[1];
  EXPECT_EQ(read_some(*broken, one).value_or(99), 0U) << "a broken call gets no answer";
  auto big = connect_unix(paths.admin_socket());
  ASSERT_TRUE(big);
  // Cut while it still sends: the rest may fail to be written.
  (void)::send(big->borrow(), std::string(70000, 'x').data(), 70000, MSG_NOSIGNAL);
  EXPECT_TRUE(wait_for(*big, POLLIN, Clock::now() + 20s).value_or(false));
  EXPECT_TRUE(ok("admin.vm.List"));
}

TEST_F(Daemon, EventsReachAListenerWholeWhileAnotherDoesNotRead) {
  auto deaf = admin::send_call(paths.admin_socket(), {.method = "admin.Events"}, Clock::now() + 10s);
  ASSERT_TRUE(deaf);
  std::atomic<int> seen = 0;
  auto listener = std::async(std::launch::async, [&] {
    return client->follow_events("dom0", Clock::now() + 60s, [&](admin::Event const& event) {
      if (event.name == "domain-feature-set:last") return admin::Client::Next::stop;
      // dom0 tells of its accelerator in its own time.
      if (event.subject != "dom0") ++seen;
      return admin::Client::Next::more;
    });
  });
  ASSERT_TRUE(eventually([&] { return seen > 0; }));
  std::string const value(8000, 'v');
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(ok("admin.vm.feature.Set", "f" + std::to_string(i % 3), "work", value));
  ASSERT_TRUE(ok("admin.vm.feature.Set", "last", "work", "1"));
  EXPECT_TRUE(listener.get());
  EXPECT_EQ(seen, 1 + 40 * 2 + 1);
}

TEST_F(Daemon, TheAcceleratorIsTold) {
  EXPECT_EQ(call("admin.vm.feature.Get", "bulkhead.accel").value_or(""), "tcg");
  EXPECT_EQ(call("admin.vm.feature.Get", "bulkhead.accel-reason").value_or(""), "this is a test");
}

TEST_F(Daemon, ATemplatePutThereLaterIsFoundByTheNextCall) {
  make_template("fedora");
  auto const list = call("admin.vm.List").value_or("");
  EXPECT_NE(list.find("fedora class=TemplateVM"), std::string::npos);
  fs::remove_all(paths.templates() / "fedora");
  EXPECT_EQ(call("admin.vm.List").value_or("").find("fedora"), std::string::npos);
}

TEST_F(Daemon, QubesMarkedForItStartWithTheDaemon) {
  ASSERT_TRUE(ok("admin.vm.property.Set", "autostart", "work", "True"));
  stop_daemon(false);
  run_daemon();
  EXPECT_TRUE(eventually([&] { return state() == "Running"; }));
}

TEST_F(Daemon, TheCommandLineListsAndNamesWhatItDoesNotKnow) {
  auto const run = [&](std::vector<std::string> arguments, int wanted) {
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(cli::run_command_line("bulkhead", arguments, cli::Session{paths, helpers, admin::Client(paths.admin_socket())}), wanted) << arguments.back();
    return ::testing::internal::GetCapturedStdout();
  };
  EXPECT_EQ(run({"ls", "--raw-data"}, cli::kOk), "debian|Halted|TemplateVM|black|-|-\ndom0|Running|AdminVM|black|-|-\nwork|Halted|AppVM|blue|debian|-\n");
  // Alone it has none of the fields the others have.
  EXPECT_EQ(run({"ls", "--raw-data", "debian"}, cli::kOk), "debian|Halted|TemplateVM|black|-|-\n");
  EXPECT_EQ(run({"ls", "--raw-data", "-O", "name,qrexec_timeout"}, cli::kOk), "debian|60\ndom0|-\nwork|60\n");
  EXPECT_EQ(run({"ls", "-O", "name,bogus"}, cli::kUsage), "");
  EXPECT_EQ(run({"check", "work", "--running"}, cli::kFailed), "work is Halted, AppVM\n");
  EXPECT_EQ(run({"prefs", "work", "memory", "500"}, cli::kOk), "");
  EXPECT_EQ(run({"prefs", "work", "memory"}, cli::kOk), "500\n");
  EXPECT_EQ(run({"features", "work", "answer", "--", "-42"}, cli::kOk), "");
  EXPECT_EQ(run({"features", "work", "answer"}, cli::kOk), "-42\n");
  EXPECT_EQ(run({"kill", "--", "work"}, cli::kFailed), "") << "what stands after the dashes is not forgotten";
  std::ofstream(paths.log() / "work-console.log") << "a\r\nb\x1b[2J\n";
  EXPECT_EQ(run({"log", "work"}, cli::kOk), "a\nb_[2J\n");
}

}  // namespace
}  // namespace bh::dom0
