// bulkheadd on a host whose processor leaks: a red qube is refused before anything of it exists, a blue one starts.
#include "tests/integration/dom0/core/daemon_fixture.h"
#include "tests/unit/hypervisor/host/host_fixture.h"

namespace bh::dom0 {
namespace {

class LeakyHost : public Daemon {
 protected:
  LeakyHost() { host.vulnerability("l1tf", "Mitigation: PTE Inversion; VMX: vulnerable"); }
  void SetUp() override {
    Daemon::SetUp();
    stop_daemon(true);
    AppOptions options{paths, helpers, true};
    options.host_files = host.root();
    auto opened = App::open(std::move(options), vmm, [](volumes::TemplateImage const&) -> Result<qemu::AccelAnswer> {
      return qemu::AccelAnswer{machine::Accel::kvm, "this is a test"};
    });
    ASSERT_TRUE(opened) << opened.error().message;
    app = std::move(*opened);
    thread = std::thread([this] { app->run(); });
    ASSERT_TRUE(ok("admin.vm.Create.AppVM", "", "dom0", "name=web label=red"));
  }
  host::HostFixture host = host::HostFixture::intel();
};

TEST_F(LeakyHost, RefusesRedUntilItsOwnerInsists) {
  auto const refused = call("admin.vm.Start", "", "web");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("l1tf"), std::string::npos) << refused.error().message;
  EXPECT_EQ(state("web"), "Halted");
  EXPECT_FALSE(fs::exists(paths.qube_run("web")));
  EXPECT_NE(call("admin.vm.feature.Get", "bulkhead.host-warning").value_or("").find("l1tf"), std::string::npos);
  EXPECT_TRUE(ok("admin.vm.Start", "", "work"));
  EXPECT_TRUE(ok("admin.vm.feature.Set", "start-on-leaky-host", "web", "1"));
  EXPECT_TRUE(ok("admin.vm.Start", "", "web"));
  EXPECT_EQ(state("web"), "Running");
}

}  // namespace
}  // namespace bh::dom0
