// What a qube lives through: disposables, netvms that come up first, suspending, ends that nobody asked for, several starts at once.
#include "tests/integration/dom0/core/daemon_fixture.h"

namespace bh::dom0 {
namespace {

using Life = Daemon;

std::string text_of(fs::path const& file) { return read_file(file, 1U << 20U).value_or("(none)"); }

// Events of one qube while they are wanted, as "name" or "name=VALUE of the first key".
class Listener {
 public:
  Listener(admin::Client const& client, std::string qube) {
    thread_ = std::thread([this, client, qube] {
      (void)client.follow_events(qube, Clock::now() + 120s, [this](admin::Event const& event) {
        std::lock_guard const lock(mutex_);
        seen_.push_back(event);
        return event.name == "domain-feature-set:stop" || event.name == "domain-delete" ? admin::Client::Next::stop : admin::Client::Next::more;
      });
    });
    EXPECT_TRUE(eventually([this] { return !events().empty(); }));
  }
  ~Listener() { thread_.join(); }
  std::vector<admin::Event> events() {
    std::lock_guard const lock(mutex_);
    return seen_;
  }
  std::optional<admin::Event> find(std::string const& name) {
    for (auto const& event : events()) if (event.name == name) return event;
    return std::nullopt;
  }
  static std::string value(admin::Event const& event, std::string const& key) {
    for (auto const& [name, text] : event.values) if (name == key) return text;
    return "(none)";
  }

 private:
  std::mutex mutex_;
  std::vector<admin::Event> seen_;
  std::thread thread_;
};

struct Disposables : Life {
  void SetUp() override {
    Life::SetUp();
    ASSERT_TRUE(ok("admin.vm.Create.AppVM", "", "dom0", "name=dvm label=red"));
    ASSERT_TRUE(ok("admin.vm.property.Set", "template_for_dispvms", "dvm", "True"));
    ASSERT_TRUE(ok("admin.vm.property.Set", "memory", "dvm", "300"));
    std::fstream volume(paths.volumes("dvm") / "private.img", std::ios::in | std::ios::out | std::ios::binary);
    volume.seekp(8 << 20);
    volume << "bookmarks";
  }
};

TEST_F(Disposables, LiveOnACopyAndLeaveNothing) {
  std::string const name = *call("admin.vm.CreateDisposable", "", "dvm");
  ASSERT_TRUE(name.starts_with("disp")) << name;
  EXPECT_EQ(state(name), "Halted");
  EXPECT_NE(call("admin.vm.List", "", name)->find("class=DispVM"), std::string::npos);
  EXPECT_EQ(*call("admin.vm.property.Get", "memory", name), "default=True type=int 300");
  EXPECT_EQ(*call("admin.vm.property.Get", "label", name), "default=False type=label red");
  ASSERT_TRUE(ok("admin.vm.Start", "", name));
  auto const copy = paths.volumes(name) / "private.img";
  on_daemon([&] {
    EXPECT_EQ(vmm.started().back().private_volume, copy);
    EXPECT_EQ(vmm.started().back().root_image, paths.templates() / "debian" / "root.img");
    EXPECT_EQ(vmm.started().back().memory, machine::Mebibytes(300));
  });
  ASSERT_EQ(fs::file_size(copy), fs::file_size(paths.volumes("dvm") / "private.img"));
  std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(8 << 20);
  std::string word(9, ' ');
  file.read(word.data(), 9);
  EXPECT_EQ(word, "bookmarks");
  file.seekp(8 << 20);
  file << "scribbles" << std::flush;
  EXPECT_NE(text_of(paths.qube_run(name) / "guest.env").find("QUBE_TYPE=DispVM"), std::string::npos);

  EXPECT_EQ(call("admin.vm.property.Set", "template_for_dispvms", "dvm", "False").error().type, "QubesVMInUseError");
  EXPECT_EQ(call("admin.vm.Remove", "", "dvm").error().type, "QubesVMInUseError");
  ASSERT_TRUE(ok("admin.vm.Kill", "", name));
  EXPECT_EQ(state(name), "(gone)");
  EXPECT_FALSE(fs::exists(paths.volumes(name)));
  std::ifstream source(paths.volumes("dvm") / "private.img", std::ios::binary);
  source.seekg(8 << 20);
  source.read(word.data(), 9);
  EXPECT_EQ(word, "bookmarks");
  EXPECT_TRUE(ok("admin.vm.property.Set", "template_for_dispvms", "dvm", "False"));
}

TEST_F(Disposables, OnesThatWereGivenANameStay) {
  ASSERT_TRUE(ok("admin.vm.Create.DispVM", "dvm", "dom0", "name=sys-usb label=red"));
  ASSERT_TRUE(ok("admin.vm.Start", "", "sys-usb"));
  ASSERT_TRUE(ok("admin.vm.Kill", "", "sys-usb"));
  EXPECT_EQ(state("sys-usb"), "Halted");
  EXPECT_FALSE(fs::exists(paths.volumes("sys-usb")));
  ASSERT_TRUE(ok("admin.vm.Start", "", "sys-usb"));
}

TEST_F(Disposables, NeedATemplateThatIsMeantForThem) {
  EXPECT_EQ(call("admin.vm.CreateDisposable", "", "work").error().type, "QubesValueError");
  EXPECT_EQ(call("admin.vm.CreateDisposable", "", "dom0").error().type, "QubesException");
  EXPECT_EQ(call("admin.vm.Create.DispVM", "debian", "dom0", "name=x label=red").error().type, "QubesValueError");
  ASSERT_TRUE(ok("admin.property.Set", "default_dispvm", "dom0", "dvm"));
  EXPECT_TRUE(call("admin.vm.CreateDisposable", "", "dom0", "uuid")->starts_with("uuid:"));
  ASSERT_TRUE(ok("admin.vm.Start", "", "dvm"));
  std::string const name = *call("admin.vm.CreateDisposable", "", "dvm");
  EXPECT_EQ(call("admin.vm.Start", "", name).error().type, "QubesVMNotHaltedError") << "a volume in use cannot be copied";
}

TEST_F(Disposables, WhatADeadDaemonLeftIsSwept) {
  std::string const never_started = *call("admin.vm.CreateDisposable", "", "dvm");
  std::string const running = *call("admin.vm.CreateDisposable", "", "dvm");
  std::string const died = *call("admin.vm.CreateDisposable", "", "dvm");
  ASSERT_TRUE(ok("admin.vm.Start", "", running));
  ASSERT_TRUE(ok("admin.vm.Start", "", died));
  stop_daemon(false);
  vmm.happen(died, machine::MachineStopped{machine::StopReason::guest_powered_off, ""});
  run_daemon();
  EXPECT_EQ(state(running), "Running");
  EXPECT_EQ(state(never_started), "(gone)");
  EXPECT_EQ(state(died), "(gone)");
  EXPECT_FALSE(fs::exists(paths.volumes(died)));
  ASSERT_TRUE(ok("admin.vm.Kill", "", running));
  EXPECT_EQ(state(running), "(gone)");
}

TEST_F(Life, SuspendAndResume) {
  EXPECT_EQ(call("admin.vm.Suspend", "", "work").error().type, "QubesVMNotRunningError");
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  EXPECT_EQ(call("admin.vm.Resume", "", "work").error().type, "QubesVMNotSuspendedError");
  ASSERT_TRUE(ok("admin.vm.Suspend", "", "work"));
  EXPECT_EQ(state(), "Suspended");
  EXPECT_EQ(call("admin.vm.Unpause", "", "work").error().type, "QubesVMNotPausedError");
  ASSERT_TRUE(ok("admin.vm.Resume", "", "work"));
  EXPECT_EQ(state(), "Running");
  ASSERT_TRUE(ok("admin.vm.Suspend", "", "work"));
  ASSERT_TRUE(ok("admin.vm.Kill", "", "work"));
  EXPECT_EQ(state(), "Halted");
}

TEST_F(Life, AnEndThatNobodyAskedForIsToldWithItsReason) {
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  std::string const timing = *call("admin.vm.property.Get", "start_timing", "work");
  EXPECT_NE(timing.find("kind=cold total="), std::string::npos) << timing;
  {
    Listener listener(*client, "work");
    on_daemon([&] { vmm.happen("work", machine::MachineStopped{machine::StopReason::guest_panicked, "init died"}); });
    EXPECT_TRUE(eventually([&] { return listener.find("domain-shutdown").has_value(); }));
    auto const ended = listener.find("bulkhead:qube-ended");
    ASSERT_TRUE(ended);
    EXPECT_EQ(Listener::value(*ended, "reason"), "the guest's kernel panicked: init died");
    ASSERT_TRUE(ok("admin.vm.feature.Set", "stop", "work", "1"));
  }
  EXPECT_EQ(*call("admin.vm.property.Get", "last_end", "work"), "default=True type=str the guest's kernel panicked: init died");
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  EXPECT_EQ(*call("admin.vm.property.Get", "last_end", "work"), "default=True type=str ");
  ASSERT_TRUE(ok("admin.vm.Kill", "", "work"));
  EXPECT_EQ(*call("admin.vm.property.Get", "last_end", "work"), "default=True type=str ");
  EXPECT_EQ(*call("admin.vm.property.Get", "start_timing", "work"), "default=True type=str ");
}

TEST_F(Life, ManyStartAtOnce) {
  for (char const* name : {"a", "b", "c"}) ASSERT_TRUE(ok("admin.vm.Create.AppVM", "", "dom0", std::string("name=") + name + " label=blue"));
  std::vector<std::future<admin::Reply>> replies;
  for (char const* name : {"work", "a", "b", "c"}) replies.push_back(std::async(std::launch::async, [this, name] { return call("admin.vm.Start", "", name); }));
  for (auto& reply : replies) EXPECT_TRUE(reply.get());
  for (char const* name : {"work", "a", "b", "c"}) EXPECT_EQ(state(name), "Running");
}

}  // namespace
}  // namespace bh::dom0
