// Wires between machines that only remember what was asked of them.
#include "dom0/core/network/wiring.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>

#include "base/temp_dir.h"

namespace bh::dom0 {
namespace {

using machine::MacAddress;
using network::PlannedWire;
using network::WireSlot;

class CardMachine final : public machine::Machine {
 public:
  int pid() const override { return 1; }
  std::uint64_t start_time() const override { return 1; }
  UniqueFd const& pollable() const override { return none_; }
  std::vector<machine::MachineEvent> handle() override { return {}; }
  Result<void> pause() override { return {}; }
  Result<void> resume() override { return {}; }
  Result<void> press_power_button() override { return {}; }
  Result<void> save(machine::SnapshotTarget const&) override { return {}; }
  Result<void> resize_volume(machine::Volume, ByteCount) override { return {}; }
  Result<void> attach_wire(WireSlot slot, UniqueFd socket, MacAddress const& address) override {
    if (refuse) return Failure{Error{"no card today", 0}};
    EXPECT_FALSE(cards.contains(slot)) << "slot " << slot.value() << " is taken";
    cards[slot] = {std::move(socket), address};
    return {};
  }
  Result<void> detach_wire(WireSlot slot) override {
    detached.push_back(slot);
    return {};
  }
  Result<void> set_balloon(machine::Mebibytes) override { return {}; }
  Result<ByteCount> memory_in_use() const override { return ByteCount(0); }
  Result<void> kill() override { return {}; }
  UniqueFd const& window_memory() const override { return none_; }

  struct Card {
    UniqueFd socket;
    MacAddress address;
  };
  std::map<WireSlot, Card> cards;
  std::vector<WireSlot> detached;
  bool refuse = false;

 private:
  UniqueFd none_;
};

class WiringTest : public testing::Test {
 protected:
  struct Qube {
    network::Station station;
    std::unique_ptr<CardMachine> machine = std::make_unique<CardMachine>();
  };
  Qube& add(std::string const& name, std::uint16_t domain, std::string const& netvm, bool provides = false) {
    auto& qube = qubes_[name];
    qube.station = {name, DomainId(domain), netvm, provides, machine::WireCount(static_cast<std::uint16_t>(provides ? 4 : 1))};
    return qube;
  }
  CardMachine& machine(std::string const& name) { return *qubes_[name].machine; }
  // What a guest that obeys does with all it was asked.
  void obey(std::string const& name) {
    auto& one = qubes_[name];
    for (auto const& slot : std::exchange(one.machine->detached, {})) {
      one.machine->cards.erase(slot);
      wiring_.on_event(one.station.domain, machine::WireDetached{slot});
    }
  }
  void confirm(std::string const& name) {
    for (auto const& [slot, card] : machine(name).cards) wiring_.on_event(qubes_[name].station.domain, machine::WireAttached{slot});
  }
  Wiring fresh() {
    return Wiring(temp_->path() / "wires.json", {[this] {
                                                   std::vector<WiredMachine> list;
                                                   for (auto& [name, qube] : qubes_) {
                                                     list.push_back({qube.station, network::address_of(network::QubeNumber(qube.station.domain.value())), network::default_mac(), *qube.machine});
                                                   }
                                                   return list;
                                                 },
                                                 [this](std::chrono::milliseconds, std::function<void()> callback) { later_.push_back(std::move(callback)); },
                                                 [this](std::string const& qube, std::string const& text) { problems_.push_back(qube + ": " + text); }});
  }
  static bool connected(UniqueFd const& one, UniqueFd const& other) {
    char byte = 0;
    return ::send(one.borrow(), "x", 1, MSG_DONTWAIT) == 1 && ::recv(other.borrow(), &byte, 1, MSG_DONTWAIT) == 1 && byte == 'x';
  }

  Result<TempDir> temp_ = TempDir::create("bh-wiring");
  std::map<std::string, Qube> qubes_;
  std::vector<std::function<void()>> later_;
  std::vector<std::string> problems_;
  Wiring wiring_ = fresh();
};

TEST_F(WiringTest, BothEndsOfOnePairGoToTheTwoMachines) {
  add("net", 1, "", true);
  add("work", 2, "net");
  wiring_.update();
  ASSERT_EQ(machine("net").cards.size(), 1U);
  ASSERT_EQ(machine("work").cards.size(), 1U);
  auto const& far = machine("net").cards.at(WireSlot(1));
  auto const& near = machine("work").cards.at(WireSlot(0));
  EXPECT_TRUE(connected(near.socket, far.socket));
  EXPECT_TRUE(connected(far.socket, near.socket));
  EXPECT_EQ(to_string(near.address), "00:16:3e:5e:6c:00");
  EXPECT_EQ(to_string(far.address), "fe:ff:0a:89:00:02") << "names the client";
  wiring_.update();
  EXPECT_TRUE(machine("net").detached.empty()) << "nothing to do";
  EXPECT_TRUE(problems_.empty());
}

TEST_F(WiringTest, AChangeOfNetvmWaitsUntilTheGuestHasLetGo) {
  add("net", 1, "", true);
  add("other", 3, "", true);
  add("work", 2, "net");
  wiring_.update();
  confirm("work");
  confirm("net");
  qubes_["work"].station.netvm = "other";
  wiring_.update();
  EXPECT_EQ(machine("work").detached, std::vector{WireSlot(0)});
  EXPECT_EQ(machine("net").detached, std::vector{WireSlot(1)});
  EXPECT_TRUE(machine("other").cards.empty());
  obey("net");
  EXPECT_TRUE(machine("other").cards.empty());
  obey("work");
  ASSERT_EQ(machine("other").cards.size(), 1U);
  EXPECT_TRUE(connected(machine("work").cards.at(WireSlot(0)).socket, machine("other").cards.at(WireSlot(1)).socket));
}

TEST_F(WiringTest, AGuestThatKeepsItsCardIsNamedAndGetsNoOther) {
  add("net", 1, "", true);
  add("other", 3, "", true);
  add("work", 2, "net");
  wiring_.update();
  qubes_["work"].station.netvm = "other";
  wiring_.update();
  wiring_.update();
  for (auto const& callback : later_) callback();
  EXPECT_TRUE(machine("other").cards.empty());
  ASSERT_EQ(problems_.size(), 2U) << "nobody has let go of anything yet";
  EXPECT_NE(problems_[0].find("work does not let go"), std::string::npos) << problems_[0];
}

TEST_F(WiringTest, ANetvmThatEndsAndComesBackIsWiredAnew) {
  add("net", 1, "", true);
  add("work", 2, "net");
  wiring_.update();
  qubes_.erase("net");
  wiring_.update();
  obey("work");
  EXPECT_TRUE(machine("work").cards.empty());
  add("net", 9, "", true);
  wiring_.update();
  EXPECT_EQ(wiring_.wires(), (std::vector<PlannedWire>{{DomainId(2), DomainId(9), WireSlot(1)}}));
}

TEST_F(WiringTest, ARefusedCardLeavesNoHalfWireAndIsSaid) {
  add("net", 1, "", true);
  add("work", 2, "net").machine->refuse = true;
  wiring_.update();
  EXPECT_TRUE(wiring_.wires().empty());
  EXPECT_EQ(machine("net").detached, std::vector{WireSlot(1)});
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_NE(problems_[0].find("no card today"), std::string::npos);
}

TEST_F(WiringTest, ACardThatQemuRefusesIsNotTriedForEver) {
  add("net", 1, "", true);
  add("work", 2, "net");
  wiring_.update();
  wiring_.on_event(DomainId(2), machine::RequestFailed{"attach_wire: no", machine::Request::attach_wire});
  EXPECT_EQ(problems_.size(), 1U);
  obey("work");
  obey("net");
  EXPECT_TRUE(machine("work").cards.empty());
  wiring_.update();
  EXPECT_TRUE(machine("work").cards.empty()) << "not by itself";
  qubes_["work"].station.netvm = "";
  wiring_.update();
  qubes_["work"].station.netvm = "net";
  wiring_.update();
  EXPECT_EQ(machine("work").cards.size(), 1U) << "but when it is asked for again";
}

TEST_F(WiringTest, AGuestThatThrowsItsCardOutCannotKeepDom0Busy) {
  add("net", 1, "", true);
  add("work", 2, "net");
  wiring_.update();
  confirm("work");
  confirm("net");
  for (int i = 0; i < 100; ++i) {
    machine("work").cards.erase(WireSlot(0));
    wiring_.on_event(DomainId(2), machine::WireDetached{WireSlot(0)});
    obey("net");
  }
  EXPECT_TRUE(machine("work").cards.empty());
  EXPECT_TRUE(machine("net").cards.empty());
  EXPECT_EQ(problems_.size(), 1U);
  wiring_.on_event(DomainId(77), machine::WireDetached{WireSlot(9)});
  wiring_.on_event(DomainId(2), machine::WireAttached{WireSlot(9)});
}

TEST_F(WiringTest, ALaterDaemonKnowsWhatIsThereAndMakesHalfMadeWiresAnew) {
  add("net", 1, "", true);
  add("work", 2, "net");
  wiring_.update();
  confirm("net");
  confirm("work");
  add("mail", 4, "net");
  wiring_.update();  // its cards are never confirmed
  Wiring successor = fresh();
  successor.adopt();
  EXPECT_EQ(successor.wires(), (std::vector<PlannedWire>{{DomainId(2), DomainId(1), WireSlot(1)}}));
  EXPECT_EQ(machine("mail").detached, std::vector{WireSlot(0)});
  EXPECT_EQ(machine("net").detached, std::vector{WireSlot(2)});
  EXPECT_TRUE(machine("work").detached.empty()) << "undisturbed";
}

TEST_F(WiringTest, ADamagedRecordIsRefusedWhole) {
  for (auto const* bad : {"", "[]", "{}", R"({"wires":1,"cards":[]})", R"({"wires":[{"client":1,"netvm":2}],"cards":[]})", R"({"wires":[{"client":-1,"netvm":2,"slot":1}],"cards":[]})",
                          R"({"wires":[],"cards":[{"machine":1,"slot":16,"state":"there"}]})", R"({"wires":[],"cards":[{"machine":1,"slot":1,"state":"maybe"}]})", R"({"wires":[7],"cards":[]})"}) {
    EXPECT_FALSE(parse_wires(bad).ok()) << bad;
  }
  WireRecord const record{{{DomainId(1), DomainId(2), WireSlot(3)}}, {{DomainId(1), WireSlot(0), CardState::going}, {DomainId(2), WireSlot(15), CardState::coming}}};
  auto const back = parse_wires(format_wires(record));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, record);
}

}  // namespace
}  // namespace bh::dom0
