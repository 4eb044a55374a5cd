// Starting from snapshots, with a real store, fake machines and fake helpers: the good way, every failure on it, and what is left.
#include "tests/integration/dom0/core/daemon_fixture.h"

#include "dom0/core/app/store_snapshots.h"

namespace bh::dom0 {
namespace {

class Warm : public Daemon {
 protected:
  void SetUp() override {
    auto store = StoreSnapshots::open(paths.lib() / "snapshots");
    ASSERT_TRUE(store) << store.error().message;
    snapshots = std::move(*store);
    Daemon::SetUp();
  }
  std::string events_of(std::string const& qube, std::function<void()> const& doing) {
    std::mutex mutex;
    std::string seen;
    std::atomic<bool> listening = false;
    std::thread listener([&] {
      (void)client->follow_events(qube, Clock::now() + 120s, [&](admin::Event const& event) {
        listening = true;
        std::lock_guard const lock(mutex);
        seen += event.name;
        for (auto const& [key, value] : event.values) if (key == "reason") seen += "(" + value + ")";
        seen += "\n";
        return event.name == "domain-feature-set:stop" ? admin::Client::Next::stop : admin::Client::Next::more;
      });
    });
    EXPECT_TRUE(eventually([&] { return listening.load(); }));
    doing();
    EXPECT_TRUE(ok("admin.vm.feature.Set", "stop", qube, "1"));
    listener.join();
    return seen;
  }
  std::string timing() { return call("admin.vm.property.Get", "start_timing", "work").value_or("(error)"); }
  std::string environment() { return read_file(paths.qube_run("work") / "guest.env", 65536).value_or("(none)"); }
  machine::MachineSpec last_spec() {
    machine::MachineSpec spec;
    on_daemon([&] { spec = vmm.started().back(); });
    return spec;
  }
  std::size_t machines() {
    std::size_t count = 0;
    on_daemon([&] { count = vmm.started().size(); });
    return count;
  }
  fs::path snapshot_file(char const* name) {
    for (auto const& entry : fs::directory_iterator(paths.lib() / "snapshots")) if (fs::exists(entry.path() / name)) return entry.path() / name;
    return {};
  }
  // The start works, but cold, and says why.
  void expect_cold(std::string const& reason) {
    std::string const seen = events_of("work", [&] { EXPECT_TRUE(ok("admin.vm.Start", "", "work")); });
    EXPECT_NE(seen.find("bulkhead:cold-start("), std::string::npos) << seen;
    EXPECT_NE(seen.find(reason), std::string::npos) << seen;
    EXPECT_NE(timing().find("kind=cold"), std::string::npos) << timing();
    EXPECT_NE(timing().find(reason), std::string::npos) << timing();
    EXPECT_FALSE(last_spec().restore_from);
    EXPECT_NE(environment().find("VCHAN_DOMAIN="), std::string::npos);
    EXPECT_EQ(environment().find("QUBE_DOMAIN="), std::string::npos) << environment();
    EXPECT_EQ(state(), "Running");
  }
};

TEST_F(Warm, ASnapshotIsMadeInAMachineThatNobodySeesAndQubesStartFromIt) {
  std::string const before = call("admin.vm.List").value_or("");
  ASSERT_TRUE(ok("bulkhead.snapshot.Build", "", "work"));
  auto const prepared = last_spec();
  EXPECT_TRUE(prepared.name.starts_with("snapshot-"));
  EXPECT_NE(prepared.uuid, before.substr(0, 36));
  EXPECT_FALSE(prepared.restore_from);
  EXPECT_EQ(prepared.private_volume->parent_path(), prepared.run_folder) << "a placeholder, not the qube's volume";
  EXPECT_EQ(call("admin.vm.List").value_or(""), before);
  EXPECT_FALSE(fs::exists(prepared.run_folder));
  on_daemon([&] { EXPECT_FALSE(vmm.runs(prepared.name)); });
  auto const list = call("bulkhead.snapshot.List").value_or("");
  EXPECT_NE(list.find("note=debian, 400 MiB"), std::string::npos) << list;
  for (auto const& entry : fs::directory_iterator(paths.vchan_sockets())) ADD_FAILURE() << "left: " << entry.path();

  std::string const seen = events_of("work", [&] { ASSERT_TRUE(ok("admin.vm.Start", "", "work")); });
  EXPECT_EQ(seen.find("cold-start"), std::string::npos) << seen;
  EXPECT_NE(seen.find("bulkhead:start-timing"), std::string::npos);
  EXPECT_TRUE(last_spec().restore_from);
  for (char const* phase : {"kind=warm", "spawn=", "restore=", "reseed=", "personalise=", "session="}) EXPECT_NE(timing().find(phase), std::string::npos) << timing();
  EXPECT_NE(environment().find("QUBE_DOMAIN="), std::string::npos);
  EXPECT_NE(environment().find("VCHAN_DOMAIN=32751\n"), std::string::npos);
  EXPECT_EQ(environment().find("WARM"), std::string::npos);
  EXPECT_EQ(starts("bulkhead-personalise").size(), 1U);
  for (char const* role : {"qemu", "hub", "qrexec-daemon", "gui-daemon"}) EXPECT_TRUE(records().contains(role)) << role;
}

TEST_F(Warm, ANewDaemonKnowsACloneForOne) {
  ASSERT_TRUE(ok("bulkhead.snapshot.Build", "", "work"));
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  auto const before = records();
  stop_daemon(false);
  run_daemon();
  EXPECT_EQ(records(), before);
  ASSERT_EQ(::kill(before.at("hub").pid, SIGKILL), 0);
  ASSERT_TRUE(eventually([&] { auto const now = records(); return now.contains("hub") && now.at("hub").pid != before.at("hub").pid; }));
  EXPECT_NE(environment().find("VCHAN_DOMAIN=32751\n"), std::string::npos) << "its programs still know it by that number";
}

TEST_F(Warm, WithoutASnapshotItIsSaidOnce) { expect_cold("there is no snapshot for it yet"); }

TEST_F(Warm, ADamagedSnapshotIsNotRestored) {
  ASSERT_TRUE(ok("bulkhead.snapshot.Build", "", "work"));
  stop_daemon(false);
  {
    std::fstream memory(snapshot_file("memory.img"), std::ios::in | std::ios::out | std::ios::binary);
    memory.seekp(3);
    memory << "X";
  }
  run_daemon();
  std::size_t const before = machines();
  expect_cold("memory.img");
  EXPECT_EQ(machines(), before + 1) << "nothing was started from it";
}

TEST_F(Warm, ARestoreThatFailsBecomesABoot) {
  ASSERT_TRUE(ok("bulkhead.snapshot.Build", "", "work"));
  on_daemon([&] { vmm.fail_next_restore("a device is missing"); });
  expect_cold("a device is missing");
  EXPECT_NE(timing().find("failed-warm-start="), std::string::npos) << timing();
}

TEST_F(Warm, AMachineThatDoesNotStartFromItBecomesABoot) {
  ASSERT_TRUE(ok("bulkhead.snapshot.Build", "", "work"));
  on_daemon([&] { vmm.refuse_next_start("no such file"); });
  expect_cold("no such file");
}

TEST_F(Warm, ACloneThatCannotBePersonalisedBecomesABoot) {
  ASSERT_TRUE(ok("bulkhead.snapshot.Build", "", "work"));
  struct Case { char const* behaviour; char const* reason; };
  for (auto const& [behaviour_name, reason] : {Case{"personalise-fails", "the clone says: no _[2J disk"}, Case{"personalise-garbage", "something unexpected"},
                                               Case{"personalise-dies", "ended without an answer"}}) {
    behave(behaviour_name);
    std::size_t const before = machines();
    expect_cold(reason);
    EXPECT_EQ(machines(), before + 2);
    fs::remove(behaviour / behaviour_name);
    ASSERT_TRUE(ok("admin.vm.Kill", "", "work"));
    ASSERT_TRUE(ok("admin.vm.feature.Remove", "stop", "work"));
  }
  // And the snapshot itself is still good.
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  EXPECT_NE(timing().find("kind=warm"), std::string::npos);
}

TEST_F(Warm, KillingAWarmStartLeavesNothing) {
  ASSERT_TRUE(ok("bulkhead.snapshot.Build", "", "work"));
  behave("personalise-silent");
  auto start = std::async(std::launch::async, [&] { return call("admin.vm.Start", "", "work"); });
  ASSERT_TRUE(eventually([&] { return starts("bulkhead-personalise").size() == 1; }));
  ASSERT_TRUE(ok("admin.vm.Kill", "", "work"));
  auto const reply = start.get();
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().message.find("killed"), std::string::npos);
  EXPECT_EQ(state(), "Halted");
  EXPECT_FALSE(fs::exists(paths.qube_run("work")));
  EXPECT_TRUE(eventually([&] { return !alive(starts("bulkhead-personalise").back()); }));
  EXPECT_EQ(machines(), 2U) << "no cold start after a kill";
}

TEST_F(Warm, PropertyAndFeaturesDecide) {
  ASSERT_TRUE(ok("bulkhead.snapshot.Build", "", "work"));
  ASSERT_TRUE(ok("admin.vm.property.Set", "warm_start", "work", "False"));
  std::string const seen = events_of("work", [&] { ASSERT_TRUE(ok("admin.vm.Start", "", "work")); });
  EXPECT_EQ(seen.find("cold-start"), std::string::npos) << "it is what was asked for";
  EXPECT_FALSE(last_spec().restore_from);
  ASSERT_TRUE(ok("admin.vm.Kill", "", "work"));
  ASSERT_TRUE(ok("admin.vm.property.Reset", "warm_start", "work"));
  ASSERT_TRUE(ok("admin.vm.feature.Set", "vault", "work", "1"));
  EXPECT_EQ(*call("admin.vm.property.Get", "warm_start", "work"), "default=True type=bool False");
  ASSERT_TRUE(ok("admin.vm.feature.Remove", "vault", "work"));
  // Kept apart by label, or with a program in it, it is another snapshot.
  for (auto const& [feature, value] : {std::pair{"warm-per-label", "1"}, {"warm-programs", "foot"}}) {
    ASSERT_TRUE(ok("admin.vm.feature.Set", feature, "debian", value));
    ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
    EXPECT_NE(timing().find("there is no snapshot for it yet"), std::string::npos) << feature;
    ASSERT_TRUE(ok("admin.vm.Kill", "", "work"));
    ASSERT_TRUE(ok("admin.vm.feature.Remove", feature, "debian"));
  }
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  EXPECT_NE(timing().find("kind=warm"), std::string::npos);
}

TEST_F(Warm, APreparationThatFailsIsReportedAndLeavesNothing) {
  behave("no-sign");
  auto build = std::async(std::launch::async, [&] { return call("bulkhead.snapshot.Build", "", "work"); });
  ASSERT_TRUE(eventually([&] { return machines() == 1 && starts("bulkhead-hub").size() == 1; }));
  auto const prepared = last_spec();
  std::ofstream(prepared.run_folder / "console.log") << "BULKHEAD-ERROR: no such unit\n";
  on_daemon([&] { vmm.happen(prepared.name, machine::MachineStopped{machine::StopReason::guest_powered_off, ""}); });
  auto const reply = build.get();
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().message.find("it said: \"no such unit\""), std::string::npos) << reply.error().message;
  EXPECT_FALSE(fs::exists(prepared.run_folder));
  EXPECT_EQ(call("bulkhead.snapshot.List").value_or("?"), "");
  for (int const pid : starts("bulkhead-hub")) EXPECT_TRUE(eventually([pid] { return !alive(pid); }));
  EXPECT_TRUE(ok("admin.vm.Start", "", "work"));
}

TEST_F(Warm, ADaemonThatEndsWhileItPreparesTakesThePreparationAlong) {
  behave("no-sign");
  auto build = std::async(std::launch::async, [&] { return call("bulkhead.snapshot.Build", "", "work"); });
  ASSERT_TRUE(eventually([&] { return machines() == 1 && starts("bulkhead-hub").size() == 1; }));
  auto const prepared = last_spec();
  stop_daemon(false);
  EXPECT_FALSE(build.get().ok());
  EXPECT_FALSE(vmm.runs(prepared.name));
  EXPECT_FALSE(alive(starts("bulkhead-hub").back()));
  // What kill -9 would have left.
  fs::create_directories(paths.run() / "snapshots" / prepared.uuid);
  run_daemon();
  EXPECT_FALSE(fs::exists(paths.run() / "snapshots" / prepared.uuid));
}

TEST_F(Warm, ATemplateThatChangedGetsANewSnapshotBeforeAnybodyAsks) {
  ASSERT_TRUE(ok("bulkhead.snapshot.Build", "", "work"));
  stop_daemon(false);
  build_snapshots = true;
  run_daemon();
  std::string const old = call("bulkhead.snapshot.List").value_or("");
  auto manifest = *read_file(paths.templates() / "debian" / "manifest.json", 65536);
  manifest.replace(manifest.find("aaaa"), 4, "bbbb");
  fs::rename(paths.templates() / "debian", folder.path() / "debian");
  std::ofstream(folder.path() / "debian" / "manifest.json") << manifest;
  fs::rename(folder.path() / "debian", paths.templates() / "debian");
  EXPECT_TRUE(eventually([&] { return admin::parse_lines(call("bulkhead.snapshot.List").value_or("")).size() == 2; }, 60s));
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  EXPECT_NE(timing().find("kind=warm"), std::string::npos) << timing();
}

TEST_F(Warm, WhatIsMissingIsMadeInTheBackground) {
  stop_daemon(false);
  build_snapshots = true;
  run_daemon();
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  EXPECT_TRUE(eventually([&] { return !call("bulkhead.snapshot.List").value_or("").empty(); }, 60s));
  EXPECT_EQ(state(), "Running");
  ASSERT_TRUE(ok("admin.vm.Kill", "", "work"));
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  EXPECT_NE(timing().find("kind=warm"), std::string::npos) << timing();
  std::string const key = call("bulkhead.snapshot.List")->substr(0, 64);
  EXPECT_EQ(call("bulkhead.snapshot.Remove", "../../etc").error().type, "QubesValueError");
  ASSERT_TRUE(ok("bulkhead.snapshot.Remove", key));
  EXPECT_EQ(call("bulkhead.snapshot.List").value_or("?"), "");
}

}  // namespace
}  // namespace bh::dom0
