#include "hypervisor/network/wire_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace bh::network {
namespace {

Station station(std::string name, std::uint16_t domain, std::string netvm = "", bool provides = false, std::uint16_t wires = 1) {
  return {std::move(name), DomainId(domain), std::move(netvm), provides, machine::WireCount(wires)};
}
PlannedWire wire(std::uint16_t client, std::uint16_t netvm, std::uint16_t slot) { return {DomainId(client), DomainId(netvm), WireSlot(slot)}; }

TEST(WirePlan, AQubeIsWiredToItsNetvm) {
  auto const plan = plan_wires({station("net", 1, "", true, 4), station("work", 2, "net")}, {});
  EXPECT_EQ(plan.add, std::vector{wire(2, 1, 1)});
  EXPECT_TRUE(plan.remove.empty());
  EXPECT_TRUE(plan.problems.empty());
}

TEST(WirePlan, WhatIsThereStays) {
  auto const plan = plan_wires({station("net", 1, "", true, 4), station("work", 2, "net")}, {wire(2, 1, 3)});
  EXPECT_TRUE(plan.add.empty());
  EXPECT_TRUE(plan.remove.empty());
}

TEST(WirePlan, AChangedNetvmMovesTheWire) {
  auto const plan = plan_wires({station("net", 1, "", true, 4), station("other", 3, "", true, 4), station("work", 2, "other")}, {wire(2, 1, 1)});
  EXPECT_EQ(plan.remove, std::vector{wire(2, 1, 1)});
  EXPECT_EQ(plan.add, std::vector{wire(2, 3, 1)});
}

TEST(WirePlan, NoNetvmMeansNoWire) {
  auto const plan = plan_wires({station("net", 1, "", true, 4), station("work", 2)}, {wire(2, 1, 1)});
  EXPECT_EQ(plan.remove, std::vector{wire(2, 1, 1)});
  EXPECT_TRUE(plan.add.empty());
}

TEST(WirePlan, ANetvmThatIsGoneOrStartedAnewLosesItsOldWires) {
  EXPECT_EQ(plan_wires({station("work", 2, "net")}, {wire(2, 1, 1)}).remove, std::vector{wire(2, 1, 1)});
  auto const anew = plan_wires({station("net", 9, "", true, 4), station("work", 2, "net")}, {wire(2, 1, 1)});
  EXPECT_EQ(anew.remove, std::vector{wire(2, 1, 1)});
  EXPECT_EQ(anew.add, std::vector{wire(2, 9, 1)});
}

TEST(WirePlan, OnlyAQubeThatProvidesNetworkIsWiredTo) {
  EXPECT_TRUE(plan_wires({station("net", 1, "", false, 4), station("work", 2, "net")}, {}).add.empty());
  EXPECT_EQ(plan_wires({station("net", 1, "", false, 4), station("work", 2, "net")}, {wire(2, 1, 1)}).remove.size(), 1U);
}

TEST(WirePlan, ANetvmWithoutFreeSlotsIsAProblemInWords) {
  auto const plan = plan_wires({station("net", 1, "", true, 2), station("a", 2, "net"), station("b", 3, "net")}, {});
  EXPECT_EQ(plan.add, std::vector{wire(2, 1, 1)});
  ASSERT_EQ(plan.problems.size(), 1U);
  EXPECT_NE(plan.problems[0].find("b gets no network"), std::string::npos) << plan.problems[0];
  EXPECT_NE(plan.problems[0].find("net"), std::string::npos);
}

TEST(WirePlan, ASlotThatBecomesFreeIsUsedAgain) {
  auto const plan = plan_wires({station("net", 1, "", true, 2), station("a", 2), station("b", 3, "net")}, {wire(2, 1, 1)});
  EXPECT_EQ(plan.remove, std::vector{wire(2, 1, 1)});
  EXPECT_EQ(plan.add, std::vector{wire(3, 1, 1)});
}

TEST(WirePlan, WaitsForCardsThatAGuestHasNotLetGoOf) {
  auto net = station("net", 1, "", true, 3);
  auto work = station("work", 2, "net");
  net.busy = {WireSlot(1)};
  EXPECT_EQ(plan_wires({net, work}, {}).add, std::vector{wire(2, 1, 2)});
  net.busy = {WireSlot(1), WireSlot(2)};
  EXPECT_EQ(plan_wires({net, work}, {}).problems.size(), 1U);
  net.busy.clear();
  work.busy = {kUplinkSlot};
  auto const later = plan_wires({net, work}, {});
  EXPECT_TRUE(later.add.empty());
  EXPECT_TRUE(later.problems.empty());
}

TEST(WirePlan, AQubeIsNeverWiredToItself) { EXPECT_TRUE(plan_wires({station("net", 1, "net", true, 4)}, {}).add.empty()); }

// Whatever the facts: after the plan each client has at most one wire, no slot is used twice, none beyond what there is, and a second plan is empty.
TEST(WirePlan, AnyFactsLeadToASoundState) {
  std::mt19937 random(1);
  auto const pick = [&](unsigned below) { return static_cast<std::uint16_t>(random() % below); };
  for (int round = 0; round < 2000; ++round) {
    std::vector<Station> stations;
    for (std::uint16_t i = 0; i < pick(8); ++i) {
      stations.push_back(station("q" + std::to_string(i), static_cast<std::uint16_t>(1 + i + 10 * pick(2)), pick(3) == 0 ? "" : "q" + std::to_string(pick(8)), pick(2) == 0, pick(5)));
    }
    std::vector<PlannedWire> present;
    std::set<std::uint16_t> clients;
    std::set<std::pair<std::uint16_t, std::uint16_t>> places;
    for (std::uint16_t i = 0; i < pick(8); ++i) {
      auto const one = wire(static_cast<std::uint16_t>(1 + pick(18)), static_cast<std::uint16_t>(1 + pick(18)), static_cast<std::uint16_t>(1 + pick(3)));
      if (clients.insert(one.client.value()).second && places.insert({one.netvm.value(), one.netvm_slot.value()}).second) present.push_back(one);
    }
    auto const plan = plan_wires(stations, present);
    auto after = present;
    for (auto const& gone : plan.remove) after.erase(std::find(after.begin(), after.end(), gone));
    after.insert(after.end(), plan.add.begin(), plan.add.end());
    std::set<DomainId> one_each;
    std::set<std::pair<DomainId, WireSlot>> used;
    for (auto const& one : after) {
      EXPECT_TRUE(one_each.insert(one.client).second);
      EXPECT_TRUE(used.insert({one.netvm, one.netvm_slot}).second);
      EXPECT_NE(one.netvm_slot, kUplinkSlot);
    }
    auto const again = plan_wires(stations, after);
    EXPECT_TRUE(again.remove.empty() && again.add.empty());
    EXPECT_EQ(again.problems.size(), plan.problems.size());
  }
}

}  // namespace
}  // namespace bh::network
