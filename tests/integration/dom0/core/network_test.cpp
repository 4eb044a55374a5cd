// Netvms and wires as bulkheadd carries them out, on machines that are fake.
#include "dom0/core/network/wire_record.h"
#include "tests/integration/dom0/core/daemon_fixture.h"

namespace bh::dom0 {
namespace {

struct Networks : Daemon {
  void SetUp() override {
    Daemon::SetUp();
    for (char const* name : {"net", "other"}) {
      ASSERT_TRUE(ok("admin.vm.Create.AppVM", "", "dom0", std::string("name=") + name + " label=red"));
      ASSERT_TRUE(ok("admin.vm.property.Set", "provides_network", name, "True"));
    }
  }
  WireRecord recorded() {
    auto const text = read_file(paths.run() / "wires.json", 65536);
    auto record = text ? parse_wires(*text) : Result<WireRecord>(WireRecord{});
    EXPECT_TRUE(record.ok());
    return record ? *record : WireRecord{};
  }
  DomainId domain(std::string const& qube) {
    std::string const xid = *call("admin.vm.property.Get", "xid", qube);
    return DomainId(static_cast<std::uint16_t>(std::stoi(xid.substr(xid.rfind(' ') + 1))));
  }
  // Wired, and both machines said that their cards are there.
  bool wired(std::string const& qube, std::string const& netvm) {
    return eventually([&] {
      auto const record = recorded();
      bool const there = std::all_of(record.cards.begin(), record.cards.end(), [](auto const& card) { return card.state == CardState::there; });
      return there && std::any_of(record.wires.begin(), record.wires.end(), [&](auto const& wire) { return wire.client == domain(qube) && wire.netvm == domain(netvm); });
    });
  }
};

TEST_F(Networks, AStartBringsTheNetvmUpAndWiresTheTwo) {
  ASSERT_TRUE(ok("admin.vm.property.Set", "netvm", "work", "net"));
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  EXPECT_EQ(state("net"), "Running");
  EXPECT_TRUE(wired("work", "net"));
  on_daemon([&] {
    for (auto const& spec : vmm.started()) EXPECT_EQ(spec.wires, spec.name == "net" ? machine::kMaxWires : machine::WireCount(1)) << spec.name;
  });
  auto const environment = read_file(paths.qube_run("work") / "guest.env", 65536).value_or("");
  EXPECT_NE(environment.find("\nNETWORK_ADDRESS=10.137.0."), std::string::npos) << environment;
  EXPECT_NE(environment.find("\nNETWORK_GATEWAY=" + call("admin.vm.property.Get", "ip", "net")->substr(22)), std::string::npos) << environment;
}

TEST_F(Networks, AChangeWhileItRunsMovesTheWireAndNoneTakesItAway) {
  ASSERT_TRUE(ok("admin.vm.property.Set", "netvm", "work", "net"));
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  ASSERT_TRUE(ok("admin.vm.Start", "", "other"));
  ASSERT_TRUE(wired("work", "net"));
  ASSERT_TRUE(ok("admin.vm.property.Set", "netvm", "work", "other"));
  EXPECT_TRUE(wired("work", "other"));
  EXPECT_EQ(recorded().wires.size(), 1U);
  ASSERT_TRUE(ok("admin.vm.property.Set", "netvm", "work", ""));
  EXPECT_TRUE(eventually([&] { return recorded() == WireRecord{}; }));
}

TEST_F(Networks, AreFoundAgainByTheNextDaemon) {
  ASSERT_TRUE(ok("admin.vm.property.Set", "netvm", "work", "net"));
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  ASSERT_TRUE(wired("work", "net"));
  auto const before = recorded();
  stop_daemon(false);
  run_daemon();
  ASSERT_TRUE(eventually([&] { return state("work") == "Running"; }));
  EXPECT_EQ(recorded(), before);
  ASSERT_TRUE(ok("admin.vm.property.Set", "netvm", "work", ""));
  EXPECT_TRUE(eventually([&] { return recorded() == WireRecord{}; })) << "the new daemon can take away what the old one made";
}

TEST_F(Networks, ANetvmThatDiesTakesItsWiresAlongAndGivesThemBackWhenItIsStarted) {
  ASSERT_TRUE(ok("admin.vm.property.Set", "netvm", "work", "net"));
  ASSERT_TRUE(ok("admin.vm.Start", "", "work"));
  ASSERT_TRUE(wired("work", "net"));
  on_daemon([&] { vmm.happen("net", machine::MachineStopped{machine::StopReason::killed, ""}); });
  EXPECT_TRUE(eventually([&] { return recorded() == WireRecord{}; }));
  EXPECT_EQ(state("work"), "Running");
  ASSERT_TRUE(eventually([&] { return state("net") == "Halted"; }));
  ASSERT_TRUE(ok("admin.vm.Start", "", "net"));
  EXPECT_TRUE(wired("work", "net"));
}

TEST_F(Networks, LoopsAreRefusedInWords) {
  ASSERT_TRUE(ok("admin.vm.property.Set", "netvm", "net", "other"));
  auto const refused = call("admin.vm.property.Set", "netvm", "other", "net");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("loop"), std::string::npos) << refused.error().message;
  EXPECT_NE(call("admin.vm.property.Set", "netvm", "net", "work").error().message.find("provides_network"), std::string::npos);
}

}  // namespace
}  // namespace bh::dom0
