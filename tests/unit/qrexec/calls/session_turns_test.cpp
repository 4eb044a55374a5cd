// One helper for all calls that wait for the same session.
#include "qrexec/agent/session_turns.h"

#include <gtest/gtest.h>

namespace bh::qrexec {
namespace {

using Calls = std::vector<SessionTurns::CallId>;

TEST(SessionTurns, TheFirstLeadsAndTheOthersGoOnWithIt) {
  SessionTurns turns;
  EXPECT_TRUE(turns.join("user", 1));
  EXPECT_FALSE(turns.join("user", 2));
  EXPECT_TRUE(turns.join("root", 3));
  EXPECT_FALSE(turns.join("user", 4));
  EXPECT_EQ(turns.helper_ended(1), (Calls{2, 4}));
  EXPECT_TRUE(turns.join("user", 5)) << "a new helper for later calls";
  EXPECT_EQ(turns.helper_ended(3), Calls{});
}

TEST(SessionTurns, ALeaderThatLeavesIsSucceeded) {
  SessionTurns turns;
  EXPECT_TRUE(turns.join("user", 1));
  EXPECT_FALSE(turns.join("user", 2));
  EXPECT_FALSE(turns.join("user", 3));
  EXPECT_EQ(turns.left(1), 2U);
  EXPECT_EQ(turns.left(3), std::nullopt);
  EXPECT_EQ(turns.helper_ended(2), Calls{});
  EXPECT_TRUE(turns.join("user", 4));
  EXPECT_EQ(turns.left(4), std::nullopt);
  EXPECT_TRUE(turns.join("user", 5));
}

TEST(SessionTurns, WhoeverIsNoLeaderEndsNothing) {
  SessionTurns turns;
  EXPECT_TRUE(turns.join("user", 1));
  EXPECT_FALSE(turns.join("user", 2));
  EXPECT_EQ(turns.helper_ended(2), Calls{});
  EXPECT_EQ(turns.helper_ended(77), Calls{});
  EXPECT_EQ(turns.left(77), std::nullopt);
  EXPECT_EQ(turns.helper_ended(1), Calls{2});
}

}  // namespace
}  // namespace bh::qrexec
