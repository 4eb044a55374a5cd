// The control protocol's order of things, with a QEMU that keeps it and with one that does not.
#include "hypervisor/qemu/qmp_session.h"

#include <gtest/gtest.h>

namespace bh::qemu {
namespace {

using namespace machine;

constexpr char const* kGreeting = "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n";

class QmpSessionTest : public testing::Test {
 protected:
  std::vector<MachineEvent> say(std::string_view text) {
    auto events = session_.feed(as_bytes(text));
    EXPECT_TRUE(events.ok());
    return events ? *std::move(events) : std::vector<MachineEvent>{};
  }
  QmpFault fault(std::string_view text) {
    auto const events = session_.feed(as_bytes(text));
    EXPECT_FALSE(events.ok());
    return events ? QmpFault{} : events.error();
  }
  std::string sent() {
    std::string text(session_.outgoing());
    session_.sent(text.size());
    return text;
  }
  void shake_hands(char const* status) {
    say(kGreeting);
    EXPECT_EQ(sent(), "{\"execute\":\"qmp_capabilities\",\"id\":1}\n");
    say("{\"return\": {}, \"id\": 1}\r\n");
    EXPECT_EQ(sent().substr(0, 36), "{\"execute\":\"query-status\",\"id\":2}\n");
    up_ = say(std::string("{\"return\": {\"status\": \"") + status + "\"}, \"id\": 2}\r\n");
  }
  QmpSession session_{1};
  std::vector<MachineEvent> up_;
};

TEST_F(QmpSessionTest, HandshakeEndsInUp) {
  shake_hands("running");
  ASSERT_EQ(up_.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<MachineUp>(up_[0]));
}

TEST_F(QmpSessionTest, AdoptedPausedMachineIsKnownToBePaused) {
  shake_hands("paused");
  ASSERT_EQ(up_.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<MachinePaused>(up_[1]));
}

TEST_F(QmpSessionTest, RequestBeforeTheHandshakeWaitsForIt) {
  EXPECT_TRUE(session_.request(QmpRequest::stop));
  EXPECT_EQ(sent(), "");
  say(kGreeting);
  EXPECT_EQ(sent(), "{\"execute\":\"qmp_capabilities\",\"id\":1}\n");
  say("{\"return\": {}, \"id\": 1}\n");
  EXPECT_EQ(sent(), "{\"execute\":\"query-status\",\"id\":2}\n{\"execute\":\"stop\",\"id\":3}\n");
}

TEST_F(QmpSessionTest, EventsAreTold) {
  shake_hands("running");
  EXPECT_TRUE(session_.request(QmpRequest::stop));
  auto const paused = say("{\"event\":\"STOP\"}\n{\"return\":{},\"id\":3}\n");
  ASSERT_EQ(paused.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<MachinePaused>(paused[0]));
  EXPECT_TRUE(std::holds_alternative<MachineResumed>(say("{\"event\":\"RESUME\"}\n").at(0)));
  EXPECT_TRUE(std::holds_alternative<MachinePanicked>(say("{\"event\":\"GUEST_PANICKED\",\"data\":{}}\n").at(0)));
  EXPECT_TRUE(say("{\"event\":\"SHUTDOWN\",\"data\":{\"guest\":true,\"reason\":\"guest-reset\"}}\n").empty());
  EXPECT_EQ(session_.shutdown_cause(), ShutdownCause::guest_reset);
}

TEST_F(QmpSessionTest, RefusalIsTold) {
  shake_hands("running");
  EXPECT_TRUE(session_.request(QmpRequest::cont));
  auto const events = say("{\"id\":3,\"error\":{\"class\":\"GenericError\",\"desc\":\"not now\"}}\n");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::get<RequestFailed>(events[0]).text, "resume: not now");
}

TEST_F(QmpSessionTest, BytesMayComeOneByOne) {
  std::string const all = std::string(kGreeting) + "{\"return\": {}, \"id\": 1}\r\n{\"return\": {\"status\": \"running\"}, \"id\": 2}\r\n";
  std::vector<MachineEvent> events;
  for (char const c : all) {
    for (auto& event : say(std::string_view(&c, 1))) events.push_back(std::move(event));
  }
  EXPECT_EQ(events.size(), 1U);
}

TEST_F(QmpSessionTest, LineWithoutEndIsAFaultAtTheLimit) {
  say(std::string(kMaxQmpLine, ' '));
  EXPECT_EQ(fault(" "), QmpFault::line_too_long);
}

TEST_F(QmpSessionTest, SecondGreetingIsAFault) {
  shake_hands("running");
  EXPECT_EQ(fault(kGreeting), QmpFault::unexpected);
}

TEST_F(QmpSessionTest, AnswerToNoQuestionIsAFault) {
  shake_hands("running");
  EXPECT_EQ(fault("{\"return\":{},\"id\":1}\n"), QmpFault::unexpected);
}

TEST_F(QmpSessionTest, AnswersOwedToAnEarlierSessionAreNotOurs) {
  QmpSession later(100);
  auto const hear = [&](std::string const& text) {
    auto events = later.feed(as_bytes(text));
    EXPECT_TRUE(events.ok());
    return events ? events->size() : 99;
  };
  // One before the greeting, one during the handshake, and an error with a number that this session has not come to yet.
  EXPECT_EQ(hear("{\"return\":{},\"id\":3}\n" + std::string(kGreeting)), 0U);
  EXPECT_EQ(hear("{\"return\":{\"status\":\"running\"},\"id\":99}\n{\"id\":101,\"error\":{\"desc\":\"no\"}}\n"), 0U);
  EXPECT_EQ(hear("{\"return\":{},\"id\":100}\n{\"return\":{\"status\":\"paused\"},\"id\":101}\n"), 2U);
}

TEST_F(QmpSessionTest, SameAnswerTwiceIsAFault) {
  shake_hands("running");
  EXPECT_EQ(fault("{\"return\":{\"status\":\"running\"},\"id\":2}\n"), QmpFault::unexpected);
}

TEST_F(QmpSessionTest, RefusedHandshakeIsAFault) {
  say(kGreeting);
  EXPECT_EQ(fault("{\"id\":1,\"error\":{\"desc\":\"no\"}}\n"), QmpFault::unexpected);
}

TEST_F(QmpSessionTest, StatusWithoutStatusIsAFault) {
  say(kGreeting);
  say("{\"return\": {}, \"id\": 1}\n");
  EXPECT_EQ(fault("{\"return\": {}, \"id\": 2}\n"), QmpFault::unexpected);
}

TEST_F(QmpSessionTest, UnansweredRequestsAreLimited) {
  shake_hands("running");
  int accepted = 0;
  while (accepted < 1000 && session_.request(QmpRequest::stop)) ++accepted;
  EXPECT_EQ(accepted, 32);
}

}  // namespace
}  // namespace bh::qemu
