// The methods of the Admin API on a real store and a life cycle that only remembers: answers, errors by name, events.
#include <gtest/gtest.h>

#include <map>

#include "base/temp_dir.h"
#include "dom0/core/admin/api.h"
#include "hypervisor/volumes/private_volume.h"

namespace bh::dom0 {
namespace {

using namespace std::string_literals;

class RememberedLife final : public LifeCycle {
 public:
  std::map<std::string, PowerState> states;
  std::vector<std::string> calls;
  RunInfo info(std::string_view qube) const override {
    auto const found = states.find(std::string(qube));
    RunInfo run;
    if (found != states.end()) run.state = found->second;
    if (run.state != PowerState::halted) run.domain = DomainId(7);
    return run;
  }
  void start(std::string const& qube, Done done) override { record("start " + qube, done); }
  void shutdown(std::string const& qube, ShutdownRequest request, Done done) override {
    record("shutdown " + qube + (request.force ? " force" : "") + (request.wait ? " wait" : ""), done);
  }
  void kill(std::string const& qube, Done done) override { record("kill " + qube, done); }
  void pause(std::string const& qube, Done done) override { record("pause " + qube, done); }
  void volume_grown(std::string const& qube, std::string const& volume, ByteCount size, Done done) override {
    record("grown " + qube + " " + volume + " " + std::to_string(size.value()), done);
  }
  void unpause(std::string const& qube, Done done) override { record("unpause " + qube, done); }
  void list_snapshots(std::function<void(Result<std::vector<KeptSnapshot>, admin::Exception>)> done) override {
    done(std::vector<KeptSnapshot>{{std::string(64, 'a'), 1700000000, "debian, 400 MiB\n", ByteCount(4096)}});
  }
  void build_snapshot(std::string const& qube, Done done) override { record("snapshot of " + qube, done); }
  void remove_snapshot(std::string const& key, Done done) override { record("forget " + key, done); }
  void suspend(std::string const& qube, Done done) override { record("suspend " + qube, done); }
  void resume(std::string const& qube, Done done) override { record("resume " + qube, done); }

 private:
  void record(std::string call, Done const& done) {
    calls.push_back(std::move(call));
    done({});
  }
};

class Api : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(paths.create());
    Qube base{*DomainName::parse("debian"), 1, random_uuid(), QubeClass::template_qube, *LabelName::parse("black")};
    base.features.emplace(*FeatureName::parse("os"), *FeatureValue::parse("Linux"));
    ASSERT_TRUE(registry.put(base));
    ok("admin.vm.Create.AppVM", "", "dom0", "name=work label=blue");
    subscription = registry.subscribe([this](admin::Event const& event) { events.push_back(event.subject + "|" + event.name); });
  }
  admin::Reply call(std::string method, std::string argument = "", std::string destination = "dom0", std::string payload = "", std::string source = "dom0") {
    std::optional<admin::Reply> reply;
    api.handle({std::move(method), Untrusted(std::move(argument)), Untrusted(std::move(source)), Untrusted(std::move(destination)), Untrusted(std::move(payload))},
               [&](admin::Reply answer) { EXPECT_FALSE(reply) << "answered twice"; reply = std::move(answer); });
    if (!reply) return refuse("NoAnswer", "");
    return std::move(*reply);
  }
  std::string ok(std::string method, std::string argument = "", std::string destination = "dom0", std::string payload = "") {
    auto reply = call(method, argument, destination, payload);
    EXPECT_TRUE(reply) << method << ": " << (reply ? "" : reply.error().message);
    return std::move(reply).value_or("(error)");
  }
  std::string error(std::string method, std::string argument = "", std::string destination = "dom0", std::string payload = "") {
    auto const reply = call(method, argument, destination, payload);
    return reply ? "(no error: " + *reply + ")" : reply.error().type;
  }
  TempDir folder = *TempDir::create("bh-api-");
  Paths paths = Paths::below(folder.path());
  Registry registry = [this] { EXPECT_TRUE(paths.create()); return *Registry::open(paths.database()); }();
  RememberedLife life;
  Storage storage{registry, paths};
  AdminApi api{registry, life, storage, paths,
               {[] {}, [this](std::function<void()> callback) { accel_waiters.push_back(std::move(callback)); },
                [](std::function<void()> const& work, std::function<void()> const& then) { work(); then(); }}};
  std::vector<std::function<void()>> accel_waiters;
  std::vector<std::string> events;
  Registry::Subscription subscription;
};

TEST_F(Api, ListIsSortedAndHasOneLineAQube) {
  auto const lines = admin::parse_vm_list(ok("admin.vm.List"));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].name, "debian");
  EXPECT_EQ(lines[1].name, "dom0");
  EXPECT_EQ(lines[1].state, "Running");
  EXPECT_EQ(lines[2].name, "work");
  EXPECT_EQ(lines[2].klass, "AppVM");
  EXPECT_EQ(lines[2].state, "Halted");
  EXPECT_EQ(admin::parse_vm_list(ok("admin.vm.List", "", "work")).size(), 1U);
  EXPECT_EQ(ok("admin.vm.List", "", "uuid:" + lines[2].uuid), ok("admin.vm.List", "", "work"));
}

TEST_F(Api, ChecksBeforeAMethodAreTheSheets) {
  EXPECT_EQ(error("admin.vm.Nonsense"), "ProtocolError");
  EXPECT_EQ(error("admin.vm.List", "x"), "ProtocolError");
  EXPECT_EQ(error("admin.vm.List", "", "dom0", "x"), "ProtocolError");
  EXPECT_EQ(error("admin.vm.property.Get", ""), "ProtocolError");
  EXPECT_EQ(error("admin.label.List", "", "work"), "ProtocolError");
  EXPECT_EQ(error("admin.vm.List", "", "nope"), "QubesVMNotFoundError");
  EXPECT_EQ(error("admin.vm.List", "", "../../etc"), "QubesValueError");
  EXPECT_EQ(error("admin.vm.List", "", "uuid:nonsense"), "QubesVMInvalidUUIDError");
  EXPECT_EQ(error("admin.vm.List", "", "uuid:ffffffff-ffff-ffff-ffff-ffffffffffff"), "QubesVMNotFoundError");
}

TEST_F(Api, NobodyButDom0Administers) {
  for (char const* method : {"admin.vm.List", "admin.vm.Start", "internal.GetSystemInfo"}) {
    auto const reply = call(method, "", "dom0", "", "work");
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().type, "PermissionDenied");
  }
  EXPECT_FALSE(api.open_stream({"admin.Events", Untrusted(""s), Untrusted("work"s), Untrusted("dom0"s), Untrusted(""s)}));
  EXPECT_TRUE(api.open_stream({"admin.Events", Untrusted(""s), Untrusted("dom0"s), Untrusted("dom0"s), Untrusted(""s)}));
}

TEST_F(Api, CreateMakesAQubeItsVolumeATagAndAnEvent) {
  EXPECT_EQ(ok("admin.vm.Create.AppVM", "debian", "dom0", "label=red name=untrusted"), "");
  EXPECT_EQ(events, std::vector<std::string>{"|domain-add"});
  EXPECT_TRUE(std::filesystem::exists(paths.volumes("untrusted") / "private.img"));
  EXPECT_EQ(ok("admin.vm.tag.List", "", "untrusted"), "created-by-dom0\n");
  EXPECT_EQ(ok("admin.vm.property.Get", "template", "untrusted"), "default=False type=vm debian");
  EXPECT_EQ(ok("admin.vm.property.Get", "template", "work"), "default=True type=vm debian");
  EXPECT_EQ(ok("admin.vm.volume.List", "", "untrusted"), "private\nroot\n");
  EXPECT_EQ(admin::parse_pairs(ok("admin.vm.volume.Info", "private", "untrusted"), '\n')["size"], "2147483648");
  EXPECT_EQ(error("admin.vm.volume.Info", "volatile", "untrusted"), "PermissionDenied");
}

TEST_F(Api, AVolumeThatIsAlreadyThereIsNeverTakenOver) {
  ASSERT_TRUE(volumes::create_private_volume(paths.volumes("old")).ok());
  EXPECT_EQ(error("admin.vm.Create.AppVM", "debian", "dom0", "label=red name=old"), "QubesException");
  EXPECT_TRUE(std::filesystem::exists(paths.volumes("old") / "private.img"));
  EXPECT_TRUE(events.empty());
}

TEST_F(Api, CreateRefusesByName) {
  EXPECT_EQ(error("admin.vm.Create.AppVM", "", "dom0", "name=work label=red"), "QubesVMAlreadyExistsError");
  EXPECT_EQ(error("admin.vm.Create.AppVM", "", "dom0", "name=x label=pink"), "QubesLabelNotFoundError");
  EXPECT_EQ(error("admin.vm.Create.AppVM", "nope", "dom0", "name=x label=red"), "QubesVMNotFoundError");
  EXPECT_EQ(error("admin.vm.Create.AppVM", "work", "dom0", "name=x label=red"), "QubesValueError");
  for (char const* name : {"", "1x", "a/b", "../x", "Domain-0", "x-dm", "abcdefghijabcdefghijabcdefghij12"}) {
    EXPECT_EQ(error("admin.vm.Create.AppVM", "", "dom0", "name="s + name + " label=red"), "QubesValueError") << name;
  }
  EXPECT_EQ(error("admin.vm.Create.AppVM", "", "dom0", "name=x label=red pool=y"), "ProtocolError");
  EXPECT_EQ(error("admin.vm.Create.StandaloneVM", "", "dom0", "name=x label=red"), "QubesException");
  EXPECT_EQ(admin::parse_vm_list(ok("admin.vm.List")).size(), 3U);
  EXPECT_TRUE(events.empty());
}

TEST_F(Api, RemoveIsRefusedWhileRunningOrNeeded) {
  life.states["work"] = PowerState::running;
  EXPECT_EQ(error("admin.vm.Remove", "", "work"), "QubesVMNotHaltedError");
  life.states.clear();
  EXPECT_EQ(error("admin.vm.Remove", "", "debian"), "QubesVMInUseError");
  EXPECT_EQ(error("admin.vm.Remove", "", "dom0"), "QubesVMError");
  EXPECT_EQ(ok("admin.vm.Remove", "", "work"), "");
  EXPECT_EQ(events, (std::vector<std::string>{"|domain-pre-delete", "|domain-delete"}));
  EXPECT_FALSE(std::filesystem::exists(paths.volumes("work")));
  EXPECT_EQ(error("admin.vm.Remove", "", "work"), "QubesVMNotFoundError");
}

TEST_F(Api, PropertiesAreSetReadAndReset) {
  EXPECT_EQ(ok("admin.vm.property.Get", "memory", "work"), "default=True type=int 400");
  EXPECT_EQ(ok("admin.vm.property.Set", "memory", "work", "800"), "");
  EXPECT_EQ(ok("admin.vm.property.Get", "memory", "work"), "default=False type=int 800");
  EXPECT_EQ(ok("admin.vm.property.GetDefault", "memory", "work"), "type=int 400");
  EXPECT_EQ(ok("admin.vm.property.GetDefault", "uuid", "work"), "");
  EXPECT_EQ(events, (std::vector<std::string>{"work|property-pre-set:memory", "work|property-set:memory"}));
  events.clear();
  EXPECT_EQ(ok("admin.vm.property.Reset", "memory", "work"), "");
  EXPECT_EQ(events, (std::vector<std::string>{"work|property-pre-reset:memory", "work|property-pre-del:memory", "work|property-reset:memory", "work|property-del:memory"}));
  EXPECT_EQ(ok("admin.vm.property.Get", "memory", "work"), "default=True type=int 400");
  EXPECT_EQ(error("admin.vm.property.Get", "nonsense", "work"), "QubesNoSuchPropertyError");
  EXPECT_EQ(error("admin.vm.property.Get", "memory", "dom0"), "QubesNoSuchPropertyError");
  EXPECT_FALSE(ok("admin.vm.property.Help", "memory", "work").empty());
}

TEST_F(Api, GetAllAgreesWithGet) {
  auto const all = admin::parse_property_lines(ok("admin.vm.property.GetAll", "", "work"));
  auto const names = admin::parse_lines(ok("admin.vm.property.List", "", "work"));
  EXPECT_EQ(all.size(), names.size());
  for (auto const& name : names) EXPECT_EQ(admin::format_property(all.at(name)), ok("admin.vm.property.Get", name, "work")) << name;
}

TEST_F(Api, LabelAndTemplateNeedAHaltedQube) {
  life.states["work"] = PowerState::paused;
  EXPECT_EQ(error("admin.vm.property.Set", "label", "work", "red"), "QubesVMNotHaltedError");
  EXPECT_EQ(error("admin.vm.property.Set", "template", "work", "debian"), "QubesVMNotHaltedError");
  EXPECT_EQ(ok("admin.vm.property.Get", "xid", "work"), "default=True type=int 7");
  life.states.clear();
  EXPECT_EQ(ok("admin.vm.property.Set", "label", "work", "red"), "");
  EXPECT_EQ(ok("admin.vm.property.Get", "label", "work"), "default=False type=label red");
  EXPECT_EQ(ok("admin.vm.property.Get", "icon", "work"), "default=True type=str appvm-red");
  EXPECT_EQ(ok("admin.vm.property.Get", "xid", "work"), "default=True type=int -1");
}

TEST_F(Api, SettingsOfTheSystem) {
  EXPECT_EQ(ok("admin.property.Get", "default_template"), "default=True type=vm debian");
  EXPECT_EQ(ok("admin.property.Set", "default_qrexec_timeout", "dom0", "120"), "");
  EXPECT_EQ(events, (std::vector<std::string>{"|property-pre-set:default_qrexec_timeout", "|property-set:default_qrexec_timeout"}));
  EXPECT_EQ(ok("admin.vm.property.Get", "qrexec_timeout", "work"), "default=True type=int 120");
  EXPECT_EQ(ok("admin.property.Reset", "default_qrexec_timeout"), "");
  EXPECT_EQ(ok("admin.property.Get", "default_qrexec_timeout"), "default=True type=int 60");
  EXPECT_EQ(error("admin.property.Set", "default_netvm", "dom0", "work"), "QubesPropertyValueError");
  EXPECT_EQ(error("admin.property.Get", "nonsense"), "QubesNoSuchPropertyError");
}

TEST_F(Api, TagsAndFeatures) {
  EXPECT_EQ(ok("admin.vm.tag.Set", "office", "work"), "");
  EXPECT_EQ(ok("admin.vm.tag.Get", "office", "work"), "1");
  EXPECT_EQ(ok("admin.vm.tag.Remove", "office", "work"), "");
  EXPECT_EQ(error("admin.vm.tag.Remove", "office", "work"), "QubesTagNotFoundError");
  EXPECT_EQ(error("admin.vm.tag.Set", "a b", "work"), "QubesValueError");
  EXPECT_EQ(ok("admin.vm.feature.Set", "internal", "work", ""), "");
  EXPECT_EQ(ok("admin.vm.feature.Get", "internal", "work"), "");
  EXPECT_EQ(ok("admin.vm.feature.List", "", "work"), "internal\n");
  EXPECT_EQ(error("admin.vm.feature.Get", "os", "work"), "QubesFeatureNotFoundError");
  EXPECT_EQ(ok("admin.vm.feature.CheckWithTemplate", "os", "work"), "Linux");
  EXPECT_EQ(error("admin.vm.feature.CheckWithAdminVM", "os", "work"), "QubesFeatureNotFoundError");
  EXPECT_EQ(error("admin.vm.feature.Set", "preload-dispvm", "work", "x"), "PermissionDenied");
  EXPECT_EQ(error("admin.vm.feature.Set", "bulkhead.accel", "dom0", "kvm"), "PermissionDenied");
  EXPECT_EQ(error("admin.vm.feature.Set", "a", "work", "b\nc"), "QubesValueError");
  EXPECT_EQ(ok("admin.vm.feature.Remove", "internal", "work"), "");
  EXPECT_EQ(events.back(), "work|domain-feature-delete:internal");
}

TEST_F(Api, TheAcceleratorIsToldOnceItIsKnown) {
  EXPECT_EQ(error("admin.vm.feature.Get", "bulkhead.accel"), "NoAnswer");
  std::optional<admin::Reply> reply;
  api.handle({"admin.vm.feature.Get", Untrusted("bulkhead.accel"s), Untrusted("dom0"s), Untrusted("dom0"s), Untrusted(""s)},
             [&](admin::Reply answer) { reply = std::move(answer); });
  EXPECT_FALSE(reply);
  Qube dom0 = registry.inventory().dom0();
  dom0.features.emplace(*FeatureName::parse("bulkhead.accel"), *FeatureValue::parse("tcg"));
  ASSERT_TRUE(registry.put(dom0));
  accel_waiters.back()();
  ASSERT_TRUE(reply && *reply);
  EXPECT_EQ(**reply, "tcg");
}

TEST_F(Api, LabelsClassesPools) {
  EXPECT_EQ(ok("admin.label.List"), "red\norange\nyellow\ngreen\ngray\nblue\npurple\nblack\n");
  EXPECT_EQ(ok("admin.label.Get", "blue"), "0x3465a4");
  EXPECT_EQ(ok("admin.label.Index", "black"), "8");
  EXPECT_EQ(error("admin.label.Get", "pink"), "QubesLabelNotFoundError");
  EXPECT_EQ(ok("admin.vmclass.List"), "AdminVM\nAppVM\nDispVM\nTemplateVM\n");
  EXPECT_EQ(ok("admin.deviceclass.List"), "");
  EXPECT_EQ(ok("admin.pool.List"), "default\n");
  EXPECT_EQ(admin::parse_pairs(ok("admin.pool.Info", "default"), '\n')["driver"], "file");
}

TEST_F(Api, PowerCallsReachTheLifeCycle) {
  ok("admin.vm.Start", "", "work");
  ok("admin.vm.Shutdown", "", "work");
  ok("admin.vm.Shutdown", "wait+force", "work");
  ok("admin.vm.Pause", "", "work");
  ok("admin.vm.Unpause", "", "work");
  ok("admin.vm.Kill", "", "work");
  EXPECT_EQ(life.calls, (std::vector<std::string>{"start work", "shutdown work", "shutdown work force wait", "pause work", "unpause work", "kill work"}));
  EXPECT_EQ(error("admin.vm.Shutdown", "now", "work"), "ProtocolError");
  EXPECT_EQ(ok("admin.vm.Start", "", "dom0"), "");
  EXPECT_EQ(error("admin.vm.Kill", "", "dom0"), "QubesVMError");
}

TEST_F(Api, CurrentStateAndSystemInfo) {
  auto state = admin::parse_pairs(ok("admin.vm.CurrentState", "", "work"), ' ');
  EXPECT_EQ(state["power_state"], "Halted");
  EXPECT_EQ(state["mem"], "0");
  EXPECT_EQ(state["mem_static_max"], "409600");
  EXPECT_EQ(state.size(), 4U);
  std::string const info = ok("internal.GetSystemInfo");
  for (char const* part : {"\"work\":{", "\"tags\":[\"created-by-dom0\"]", "\"label\":\"0x3465a4\"", "\"power_state\":\"Halted\"", "\"guivm\":\"dom0\""}) {
    EXPECT_NE(info.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace bh::dom0
