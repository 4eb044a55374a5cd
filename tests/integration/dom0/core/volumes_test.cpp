// Volumes in the whole of bulkheadd: working copies and commits of real files around machines that are fake, and the command line on top.
#include "tests/integration/dom0/core/daemon_fixture.h"
#include "tests/unit/hypervisor/volumes/pool/pattern.h"

namespace bh::dom0 {
namespace {

using volumes::read_pattern;
using volumes::write_pattern;

class DaemonVolumes : public Daemon {
 protected:
  void SetUp() override {
    Daemon::SetUp();
    ASSERT_TRUE(ok("admin.vm.volume.Set.revisions_to_keep", "private", "work", "2"));
    // A small volume of a known content in place of the formatted one.
    fs::remove(committed);
    std::ofstream(committed) << "";
    fs::resize_file(committed, mebibytes(16).value());
    ASSERT_TRUE(write_pattern(committed, 1));
  }
  int cli(std::vector<std::string> arguments) {
    return cli::run_command_line("bulkhead", std::move(arguments), {paths, helpers, admin::Client(paths.admin_socket()), false, true});
  }
  fs::path opened_by_machine() {
    fs::path path;
    on_daemon([&] { path = vmm.started().back().private_volume.value_or(""); });
    return path;
  }
  // A run that leaves this state.
  void run_qube(std::uint8_t state) {
    ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
    ASSERT_TRUE(write_pattern(opened_by_machine(), state));
    ASSERT_TRUE(ok("admin.vm.Shutdown", "wait", "work"));
  }
  std::vector<std::string> revisions() { return admin::parse_lines(call("admin.vm.volume.ListSnapshots", "private", "work").value_or("(error)")); }
  std::map<std::string, std::string> info(std::string const& qube = "work") {
    return admin::parse_pairs(call("admin.vm.volume.Info", "private", qube).value_or(""), '\n');
  }
  std::string error(std::string method, std::string argument, std::string destination = "dom0", std::string payload = "") {
    auto const reply = call(std::move(method), std::move(argument), std::move(destination), std::move(payload));
    return reply ? "(no error)" : reply.error().type;
  }
  fs::path committed = paths.volumes("work") / "private.img";
};

TEST_F(DaemonVolumes, AQubeWorksOnACopyThatIsCommittedWhenItStops) {
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  auto const path = opened_by_machine();
  EXPECT_NE(path, committed);
  ASSERT_TRUE(write_pattern(path, 2));
  EXPECT_EQ(read_pattern(committed), 1);
  EXPECT_TRUE(revisions().empty());
  ASSERT_TRUE(ok("admin.vm.Shutdown", "wait", "work"));
  EXPECT_EQ(read_pattern(committed), 2);
  EXPECT_EQ(revisions().size(), 1U);
  run_qube(3);
  run_qube(4);
  EXPECT_EQ(revisions().size(), 2U);
  EXPECT_EQ(cli({"volume", "revert", "work:private"}), 0);
  EXPECT_EQ(read_pattern(committed), 3);
  EXPECT_EQ(cli({"volume", "revert", "work:private", revisions().front()}), 0);
  EXPECT_EQ(read_pattern(committed), 2);
  EXPECT_EQ(cli({"volume", "revert", "work:private", "99-20261122T165800Z"}), 1);
  EXPECT_EQ(cli({"volume", "config", "work:private", "revisions_to_keep", "0"}), 0);
  EXPECT_TRUE(revisions().empty());
}

TEST_F(DaemonVolumes, AKilledQubesWorkIsCommittedToo) {
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  ASSERT_TRUE(write_pattern(opened_by_machine(), 2));
  ASSERT_TRUE(ok("admin.vm.Kill", "", "work"));
  EXPECT_EQ(read_pattern(committed), 2);
  EXPECT_EQ(revisions().size(), 1U);
}

TEST_F(DaemonVolumes, InPlaceMeansTheVolumeItself) {
  ASSERT_TRUE(ok("admin.vm.volume.Set.revisions_to_keep", "private", "work", "-1"));
  run_qube(5);
  EXPECT_EQ(opened_by_machine(), committed);
  EXPECT_EQ(read_pattern(committed), 5);
  EXPECT_EQ(info()["revisions_to_keep"], "-1");
}

TEST_F(DaemonVolumes, AStartThatFailsMakesNoRevision) {
  on_daemon([&] { vmm.refuse_next_start("no machine today"); });
  EXPECT_FALSE(call("admin.vm.Start", "", "work"));
  EXPECT_EQ(read_pattern(committed), 1);
  EXPECT_TRUE(revisions().empty());
  run_qube(2);
  EXPECT_EQ(read_pattern(committed), 2);
  EXPECT_EQ(revisions().size(), 1U);
}

TEST_F(DaemonVolumes, ARunThatWasTakenOverIsCommittedByTheNextDaemon) {
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  auto const path = opened_by_machine();
  stop_daemon(false);
  ASSERT_TRUE(write_pattern(path, 2));
  run_daemon();
  ASSERT_EQ(state(), "Running");
  ASSERT_TRUE(ok("admin.vm.Shutdown", "wait", "work"));
  EXPECT_EQ(read_pattern(committed), 2);
  EXPECT_EQ(revisions().size(), 1U);
}

TEST_F(DaemonVolumes, WhatAPowerCutLeftIsUsedAgainOrReverted) {
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  auto const path = opened_by_machine();
  ASSERT_TRUE(write_pattern(path, 2));
  stop_daemon(false);
  // The machine goes with the power; nobody was there to commit.
  fs::copy_file(path, folder.path() / "left");
  fs::remove_all(paths.qube_run("work"));
  run_daemon();
  ASSERT_EQ(state(), "Halted");
  EXPECT_EQ(read_pattern(committed), 1);
  EXPECT_EQ(read_pattern(path), 2);
  ASSERT_TRUE(ok("admin.vm.volume.Revert", "private", "work"));
  EXPECT_EQ(read_pattern(committed), 1) << "back to the last commit";
  ASSERT_TRUE(ok("admin.vm.volume.Revert", "private", "work"));
  EXPECT_EQ(read_pattern(committed), 2) << "and the work that was cut off is not lost either";
}

TEST_F(DaemonVolumes, GrowsWhileItRunsAndTheGuestIsAsked) {
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  EXPECT_EQ(cli({"volume", "resize", "work:private", "32M"}), 0);
  EXPECT_EQ(fs::file_size(opened_by_machine()), mebibytes(32).value());
  EXPECT_EQ(info()["size"], std::to_string(mebibytes(32).value()));
  EXPECT_NE(read_file(behaviour / "poweroff-asked", 1000).value_or("").find("qubes.ResizeDisk+private"), std::string::npos);
  EXPECT_EQ(cli({"volume", "resize", "work:private", "16M"}), 1) << "it would lose data";
  EXPECT_EQ(cli({"volume", "resize", "work:private", "much"}), 2);
  EXPECT_EQ(error("admin.vm.volume.Resize", "private", "work", "-1"), "QubesValueError");
  EXPECT_EQ(error("admin.vm.volume.Resize", "private", "work", std::string(20, '9')), "QubesValueError");
}

TEST_F(DaemonVolumes, AFullDiskPausesTheQubeSaysWhyAndItGoesOnAfterwards) {
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  std::mutex mutex;
  std::vector<admin::Event> seen;
  std::atomic<bool> stop = false;
  std::atomic<bool> connected = false;
  std::thread follower([&] {
    (void)client->follow_events("work", Clock::now() + 60s, [&](admin::Event const& event) {
      std::lock_guard const lock(mutex);
      seen.push_back(event);
      connected = true;
      return stop ? admin::Client::Next::stop : admin::Client::Next::more;
    });
  });
  ASSERT_TRUE(eventually([&] { return connected.load(); }));
  on_daemon([&] {
    vmm.happen("work", machine::VolumeFull{machine::Volume::private_volume});
    vmm.happen("work", machine::MachinePaused{});
  });
  EXPECT_TRUE(eventually([&] { return state() == "Paused"; }));
  stop = true;
  ASSERT_TRUE(ok("admin.vm.Unpause", "", "work"));
  EXPECT_TRUE(eventually([&] { return state() == "Running"; }));
  follower.join();
  bool told = false;
  for (auto const& event : seen) {
    if (event.name != "bulkhead:volume-full") continue;
    told = true;
    EXPECT_EQ(event.value("volume"), "private");
    EXPECT_EQ(event.value("pool"), "default");
    EXPECT_TRUE(event.value("free_mib"));
  }
  EXPECT_TRUE(told);
}

TEST_F(DaemonVolumes, ChangesOfContentNeedAHaltedQube) {
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  for (auto const& [method, payload] : {std::pair{"admin.vm.volume.Revert", ""}, {"admin.vm.volume.Clear", ""}, {"internal.vm.volume.ImportBegin", ""}, {"internal.vm.volume.ImportEnd", "ok"}}) {
    EXPECT_EQ(error(method, "private", "work", payload), "QubesVMNotHaltedError") << method;
  }
  EXPECT_EQ(read_pattern(committed), 1);
}

TEST_F(DaemonVolumes, ImportsAndExportsAreStreams) {
  auto const file = folder.path() / "image";
  std::ofstream(file) << "";
  fs::resize_file(file, mebibytes(24).value());
  ASSERT_TRUE(write_pattern(file, 7));
  ASSERT_EQ(cli({"volume", "import", "work:private", file}), 0);
  EXPECT_EQ(read_pattern(committed), 7);
  EXPECT_EQ(fs::file_size(committed), mebibytes(24).value());
  EXPECT_EQ(revisions().size(), 1U);
  EXPECT_LT(std::stoull(info()["usage"]), mebibytes(2).value()) << "zeros take no space";
  auto const out = folder.path() / "out";
  ASSERT_EQ(cli({"volume", "export", "work:private", out}), 0);
  EXPECT_EQ(read_pattern(out), 7);
  EXPECT_EQ(cli({"volume", "export", "work:private", out}), 1) << "nothing is overwritten";
  fs::resize_file(file, mebibytes(32).value());
  EXPECT_EQ(cli({"volume", "import", "--no-resize", "work:private", file}), 1) << "it does not fit";
  EXPECT_EQ(read_pattern(committed), 7);
  EXPECT_EQ(fs::file_size(committed), mebibytes(24).value());
  EXPECT_EQ(cli({"volume", "import", "work:private", folder.path() / "nothing"}), 1);
  ASSERT_EQ(cli({"volume", "clear", "work:private"}), 0);
  EXPECT_NE(read_pattern(committed), 7);
}

TEST_F(DaemonVolumes, ClonesTakeATokenThatIsGoodOnce) {
  ASSERT_TRUE(ok("admin.vm.Create.AppVM", "", "dom0", "name=copy label=red"));
  auto const token = call("admin.vm.volume.CloneFrom", "private", "work").value_or("");
  ASSERT_EQ(token.size(), 32U);
  ASSERT_TRUE(ok("admin.vm.volume.CloneTo", "private", "copy", token));
  EXPECT_EQ(read_pattern(paths.volumes("copy") / "private.img"), 1);
  EXPECT_EQ(error("admin.vm.volume.CloneTo", "private", "copy", token), "PermissionDenied");
  ASSERT_TRUE(write_pattern(committed, 6));
  EXPECT_EQ(cli({"volume", "clone", "copy:private", "work:private"}), 0);
  EXPECT_EQ(read_pattern(paths.volumes("copy") / "private.img"), 6);
}

TEST_F(DaemonVolumes, QubesCanLieInPoolsOfTheirOwn) {
  auto const place = folder.path() / "big";
  EXPECT_EQ(error("admin.pool.Add", "file", "dom0", "name=big\ndir_path=relative\n"), "ProtocolError");
  EXPECT_EQ(error("admin.pool.Add", "file", "dom0", "name=big\ndir_path=/x/../y\n"), "ProtocolError");
  EXPECT_EQ(error("admin.pool.Add", "file", "dom0", "name=big\nodd=1\ndir_path=/x\n"), "ProtocolError");
  EXPECT_EQ(error("admin.pool.Add", "file", "dom0", "name=../big\ndir_path=/x\n"), "QubesValueError");
  EXPECT_EQ(error("admin.pool.Add", "file", "dom0", "name=big\nname=bag\n"), "ProtocolError");
  EXPECT_EQ(error("admin.pool.Add", "cloud", "dom0", "name=big\n"), "ProtocolError");
  ASSERT_EQ(cli({"pool", "add", "big", "file", "-o", "dir_path=" + place.string(), "-o", "revisions_to_keep=1"}), 0);
  EXPECT_EQ(error("admin.pool.Add", "file", "dom0", "name=big\ndir_path=/x\n"), "QubesPoolInUseError");
  ASSERT_TRUE(ok("admin.vm.CreateInPool.AppVM", "", "dom0", "name=far label=red pool:private=big"));
  EXPECT_TRUE(fs::exists(place / "far/private.img"));
  EXPECT_EQ(info("far")["pool"], "big");
  EXPECT_EQ(info("far")["revisions_to_keep"], "1");
  EXPECT_EQ(call("admin.pool.volume.List", "big").value_or(""), "far/private\n");
  ASSERT_TRUE(ok("admin.vm.Start", "", "far"));
  EXPECT_TRUE(opened_by_machine().string().starts_with(place.string()));
  ASSERT_TRUE(ok("admin.vm.Kill", "", "far"));
  EXPECT_EQ(error("admin.pool.Remove", "big"), "QubesPoolInUseError");
  stop_daemon(false);
  run_daemon();
  EXPECT_EQ(call("admin.pool.List").value_or(""), "big\ndefault\n");
  ASSERT_TRUE(ok("admin.vm.Remove", "", "far"));
  EXPECT_FALSE(fs::exists(place / "far"));
  EXPECT_EQ(cli({"pool", "set", "big", "-o", "revisions_to_keep=3"}), 0);
  EXPECT_EQ(admin::parse_pairs(call("admin.pool.Info", "big").value_or(""), '\n')["revisions_to_keep"], "3");
  EXPECT_EQ(cli({"pool", "remove", "big"}), 0);
  EXPECT_EQ(call("admin.pool.List").value_or(""), "default\n");
  EXPECT_EQ(error("admin.pool.Remove", "default"), "QubesPoolInUseError");
}

TEST_F(DaemonVolumes, NewVolumesHoldAFileSystemAlready) {
  ASSERT_TRUE(ok("admin.vm.Create.AppVM", "", "dom0", "name=fresh label=red"));
  if (!fs::exists("/usr/sbin/mke2fs")) GTEST_SKIP() << "no mke2fs here, so the guest would format it";
  auto const fd = open_file(paths.volumes("fresh") / "private.img", O_RDONLY);
  ASSERT_TRUE(fd.ok());
  unsigned char magic[2] = {};
  ASSERT_EQ(::pread(fd->borrow(), magic, 2, 1024 + 56), 2);
  EXPECT_EQ(magic[0], 0x53);
  EXPECT_EQ(magic[1], 0xEF);
}

TEST_F(DaemonVolumes, WordsOfTheCommandLineAreChecked) {
  EXPECT_EQ(cli({"volume"}), 0);
  EXPECT_EQ(cli({"volume", "list", "--json"}), 0);
  EXPECT_EQ(cli({"volume", "info", "work:private"}), 0);
  EXPECT_EQ(cli({"volume", "info", "work"}), 2);
  EXPECT_EQ(cli({"volume", "info", "work:nothing"}), 1);
  EXPECT_EQ(cli({"volume", "config", "work:private", "size", "1"}), 2);
  EXPECT_EQ(cli({"pool"}), 0);
  EXPECT_EQ(cli({"pool", "info", "default", "--json"}), 0);
  EXPECT_EQ(cli({"pool", "info", "nothing"}), 1);
  EXPECT_EQ(cli({"pool", "drivers"}), 0);
  EXPECT_EQ(cli({"pool", "set", "default"}), 2);
  EXPECT_EQ(error("admin.vm.volume.Info", "../private", "work"), "PermissionDenied");
  EXPECT_EQ(error("admin.vm.volume.Set.rw", "private", "work", "False"), "QubesException");
  EXPECT_EQ(error("admin.vm.volume.Set.revisions_to_keep", "private", "work", "-2"), "QubesValueError");
  EXPECT_EQ(error("admin.vm.volume.Set.revisions_to_keep", "root", "work", "1"), "QubesException");
}

}  // namespace
}  // namespace bh::dom0
