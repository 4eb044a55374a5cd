#include "hypervisor/jail/host_level.h"

#include <gtest/gtest.h>

namespace bh::jail {
namespace {

TEST(HostLevel, RootBuildsTheStrongest) {
  auto const plan = strongest_level(HostFacts{.uid = 0, .user_namespaces = false});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->level, Level::own_uid);
  EXPECT_EQ(plan->reason, "");
}

TEST(HostLevel, OrdinaryUsersGetSubordinateIdsWhereTheyHaveThem) {
  HostFacts facts{.uid = 1000, .id_mappers = true, .subordinate = SubordinateIds{100000, 100000, 65536}, .user_namespaces = true};
  auto plan = strongest_level(facts);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->level, Level::subordinate);
  EXPECT_EQ(plan->subordinate, facts.subordinate);
  EXPECT_NE(plan->reason, "");
  facts.id_mappers = false;
  plan = strongest_level(facts);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->level, Level::same_uid);
  EXPECT_NE(plan->reason.find("newuidmap"), std::string::npos);
  EXPECT_FALSE(plan->subordinate.has_value());
}

TEST(HostLevel, WithoutUserNamespacesThereIsNoJailAndSaysSo) {
  auto const plan = strongest_level(HostFacts{.uid = 1000, .user_namespaces = false});
  ASSERT_FALSE(plan.ok());
  EXPECT_NE(plan.error().message.find("user namespaces"), std::string::npos);
}

TEST(HostLevel, RangesAreReadStrictly) {
  EXPECT_EQ(find_subordinate_range("root:1:2\nalice:100000:65536\n", "alice", 1000), (IdRange{100000, 65536}));
  EXPECT_EQ(find_subordinate_range("1000:200000:65536", "alice", 1000), (IdRange{200000, 65536}));
  // Too few, then enough.
  EXPECT_EQ(find_subordinate_range("alice:5:10\nalice:100000:256\n", "alice", 1000), (IdRange{100000, 256}));
  for (char const* file : {"", "\n\n", "alice", "alice:1", "alice::", "alice:x:65536", "alice:1:y", "alice:0:65536", "alice:4294967295:256", "alice:1:4294967295", "bob:1:65536",
                           ":100000:65536", "alice:-5:65536", "alice:1:65536:9"}) {
    EXPECT_EQ(find_subordinate_range(file, "alice", 1000), std::nullopt) << file;
  }
  // Nobody without a name is everybody.
  EXPECT_EQ(find_subordinate_range(":100000:65536", "", 1000), std::nullopt);
}

}  // namespace
}  // namespace bh::jail
