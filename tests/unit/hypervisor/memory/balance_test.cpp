#include "hypervisor/memory/balance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace bh::memory {
namespace {

Mebibytes mib(std::uint32_t value) { return Mebibytes(value); }
QubeMemory qube(std::string name, std::uint32_t promised, std::uint32_t maximum, std::uint32_t allowed, std::uint32_t held) {
  return {std::move(name), mib(promised), mib(maximum), mib(allowed), mib(held)};
}

TEST(Balance, WhereThereIsEnoughNobodyIsHeldBack) {
  EXPECT_TRUE(balance({mib(16384), mib(12000)}, Pressure::none, {qube("a", 400, 2000, 2000, 300), qube("b", 400, 2000, 2000, 1500)}).empty());
  EXPECT_EQ(balance({mib(16384), mib(12000)}, Pressure::none, {qube("a", 400, 2000, 700, 300)}), (std::vector<BalloonTarget>{{"a", mib(2000)}}));
}

TEST(Balance, AQubeWithoutAMaximumOfItsOwnIsLeftAlone) {
  EXPECT_TRUE(balance({mib(4096), mib(0)}, Pressure::some, {qube("fixed", 400, 400, 400, 400)}).empty());
}

TEST(Balance, AShortageTakesWhatWasLentAndNoMore) {
  auto const targets = balance({mib(8192), mib(200)}, Pressure::none, {qube("a", 400, 4000, 4000, 3000), qube("b", 400, 400, 400, 400)});
  ASSERT_EQ(targets.size(), 1U);
  EXPECT_EQ(targets[0].name, "a");
  EXPECT_EQ(targets[0].target, mib(3000 + 200 - 1024)) << "so that the reserve is free again";
  auto const all = balance({mib(8192), mib(0)}, Pressure::none, {qube("a", 400, 4000, 4000, 600)});
  EXPECT_EQ(all, (std::vector<BalloonTarget>{{"a", mib(400)}})) << "never below what was promised";
}

TEST(Balance, WhoUsesItsMemoryComesFirst) {
  auto const targets = balance({mib(8192), mib(1324)}, Pressure::none, {qube("busy", 400, 4000, 4000, 2000), qube("idle", 400, 4000, 4000, 400)});
  std::map<std::string, std::uint32_t> by_name;
  for (auto const& one : targets) by_name[one.name] = one.target.value();
  ASSERT_EQ(by_name.size(), 2U);
  EXPECT_GT(by_name["busy"], by_name["idle"] + 500);
  EXPECT_EQ(by_name["busy"] + by_name["idle"], 2400U + 300U);
}

TEST(Balance, PressureTakesSomethingBackAlthoughTheFiguresLookGood) {
  auto const targets = balance({mib(16384), mib(9000)}, Pressure::some, {qube("a", 400, 4000, 4000, 2400)});
  ASSERT_EQ(targets.size(), 1U);
  EXPECT_EQ(targets[0].target, mib(2200)) << "a tenth of what was lent";
}

TEST(Balance, RoomIsMadeForAQubeThatIsToStart) {
  auto const targets = balance({mib(8192), mib(1124)}, Pressure::none, {qube("a", 400, 4000, 4000, 3000)}, mib(528));
  ASSERT_EQ(targets.size(), 1U);
  EXPECT_EQ(targets[0].target, mib(3000 + 100 - 528));
}

struct World {
  HostMemory host;
  std::uint32_t others;  // what dom0 uses
  std::vector<QubeMemory> qubes;
  std::vector<std::uint32_t> demand;

  void settle() {
    std::uint32_t held = 0;
    for (std::size_t i = 0; i < qubes.size(); ++i) {
      qubes[i].held = mib(std::min(demand[i], qubes[i].allowed.value()));
      held += qubes[i].held.value();
    }
    auto const used = std::min(host.total.value(), held + others);
    host.available = mib(host.total.value() - used);
  }
};

World any_world(std::mt19937& random) {
  auto const pick = [&](std::uint32_t low, std::uint32_t high) { return low + static_cast<std::uint32_t>(random()) % (high - low + 1); };
  World world{{mib(pick(1024, 65536)), mib(0)}, 0, {}, {}};
  world.others = pick(0, world.host.total.value() / 2);
  for (std::uint32_t i = 0; i < pick(0, 12); ++i) {
    auto const promised = pick(64, 2000);
    auto const maximum = pick(0, 3) == 0 ? promised : pick(promised, 10 * promised);
    world.qubes.push_back(qube("q" + std::to_string(i), promised, maximum, pick(promised, maximum), 0));
    world.demand.push_back(pick(0, maximum));
  }
  world.settle();
  return world;
}

TEST(Balance, NobodyFallsBelowItsPromiseAndDom0KeepsItsReserve) {
  std::mt19937 random(3);
  for (int round = 0; round < 5000; ++round) {
    auto world = any_world(random);
    auto const pressure = round % 3 == 0 ? Pressure::some : Pressure::none;
    std::int64_t may_hold = std::int64_t{world.host.available.value()} - dom0_reserve(world.host).value();
    std::int64_t promises = 0;
    for (auto const& one : world.qubes) {
      may_hold += one.held.value();
      promises += std::max(one.promised.value(), one.balanced() ? 0 : one.held.value());
    }
    for (auto const& target : balance(world.host, pressure, world.qubes)) {
      auto& one = *std::find_if(world.qubes.begin(), world.qubes.end(), [&](auto const& each) { return each.name == target.name; });
      EXPECT_GE(target.target, one.promised);
      EXPECT_LE(target.target, one.maximum);
      EXPECT_NE(target.target, one.allowed);
      one.allowed = target.target;
    }
    std::int64_t allowed = 0;
    for (auto const& one : world.qubes) allowed += one.allowed.value();
    // Where even the promises do not fit, nothing beyond them is given; changes too small to be made may be left over.
    EXPECT_LE(allowed, std::max(may_hold, promises) + static_cast<std::int64_t>(world.qubes.size()) * kLeastChange.value());
  }
}

TEST(Balance, SettlesAndThenMovesNothing) {
  std::mt19937 random(4);
  for (int round = 0; round < 1000; ++round) {
    auto world = any_world(random);
    int turns = 0;
    std::map<std::string, int> reversals;
    std::map<std::string, int> direction;
    for (; turns < 60; ++turns) {
      auto const targets = balance(world.host, Pressure::none, world.qubes);
      if (targets.empty()) break;
      for (auto const& target : targets) {
        auto& one = *std::find_if(world.qubes.begin(), world.qubes.end(), [&](auto const& each) { return each.name == target.name; });
        int const way = target.target > one.allowed ? 1 : -1;
        if (direction[one.name] == -way) ++reversals[one.name];
        direction[one.name] = way;
        one.allowed = target.target;
      }
      world.settle();
    }
    EXPECT_LT(turns, 60) << "round " << round;
    for (auto const& [name, count] : reversals) EXPECT_LE(count, 2) << name << " swings, round " << round;
  }
}

}  // namespace
}  // namespace bh::memory
