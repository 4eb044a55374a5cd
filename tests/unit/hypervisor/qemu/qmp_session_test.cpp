// The control protocol's order of things, with a QEMU that keeps it and with one that does not.
#include "hypervisor/qemu/qmp_session.h"

#include <gtest/gtest.h>

#include "base/posix_io.h"

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
    EXPECT_EQ(sent(), "{\"execute\":\"query-status\",\"id\":2}\n");
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
  EXPECT_TRUE(session_.request(job::pause()));
  EXPECT_EQ(sent(), "");
  say(kGreeting);
  EXPECT_EQ(sent(), "{\"execute\":\"qmp_capabilities\",\"id\":1}\n");
  say("{\"return\": {}, \"id\": 1}\n");
  EXPECT_EQ(sent(), "{\"execute\":\"query-status\",\"id\":2}\n");
  say("{\"return\": {\"status\": \"running\"}, \"id\": 2}\n");
  EXPECT_EQ(sent(), "{\"execute\":\"stop\",\"id\":3}\n");
}

TEST_F(QmpSessionTest, EventsAreTold) {
  shake_hands("running");
  EXPECT_TRUE(session_.request(job::pause()));
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
  EXPECT_TRUE(session_.request(job::resume()));
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
  while (accepted < 1000 && session_.request(job::pause())) ++accepted;
  EXPECT_EQ(accepted, 32);
}

TEST_F(QmpSessionTest, OneCommandAtATimeIsUnanswered) {
  shake_hands("running");
  EXPECT_TRUE(session_.request(job::pause()));
  EXPECT_TRUE(session_.request(job::resume()));
  EXPECT_EQ(sent(), "{\"execute\":\"stop\",\"id\":3}\n");
  say("{\"return\":{},\"id\":3}\n");
  EXPECT_EQ(sent(), "{\"execute\":\"cont\",\"id\":4}\n");
}

class QmpWireTest : public QmpSessionTest {
 protected:
  void SetUp() override {
    shake_hands("running");
    socket_ = std::make_shared<UniqueFd const>(*make_sealed_memory("socket", 4096));
    ASSERT_TRUE(session_.request(job::attach_wire(WireSlot(1), socket_, MacAddress{{0, 0x16, 0x3E, 0x5E, 0x6C, 7}})));
  }
  std::shared_ptr<UniqueFd const> socket_;
};

TEST_F(QmpWireTest, DescriptorGoesWithItsCommandAndIsThenQemusAlone) {
  ASSERT_EQ(session_.attachment(), socket_.get());
  EXPECT_EQ(sent(), "{\"arguments\":{\"fdname\":\"wire1\"},\"execute\":\"getfd\",\"id\":3}\n");
  EXPECT_EQ(session_.attachment(), nullptr);
  EXPECT_EQ(socket_.use_count(), 1) << "a descriptor that we kept would hide the end of its peer";
  EXPECT_TRUE(say("{\"return\":{},\"id\":3}\n").empty());
  EXPECT_EQ(sent(), "{\"arguments\":{\"id\":\"net1\",\"local\":{\"str\":\"wire1\",\"type\":\"fd\"},\"type\":\"dgram\"},\"execute\":\"netdev_add\",\"id\":4}\n");
  say("{\"return\":{},\"id\":4}\n");
  EXPECT_EQ(sent(), "{\"arguments\":{\"bus\":\"wire1\",\"disable-legacy\":\"on\",\"driver\":\"virtio-net-pci\",\"id\":\"card1\",\"mac\":\"00:16:3e:5e:6c:07\",\"netdev\":\"net1\",\"romfile\":\"\"},"
                    "\"execute\":\"device_add\",\"id\":5}\n");
  auto const events = say("{\"return\":{},\"id\":5}\n");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::get<WireAttached>(events[0]).slot, WireSlot(1));
}

TEST_F(QmpWireTest, RefusedCardLeavesNothingBehind) {
  (void)sent();
  say("{\"return\":{},\"id\":3}\n");
  say("{\"return\":{},\"id\":4}\n");
  (void)sent();
  auto const events = say("{\"error\":{\"desc\":\"no bus\"},\"id\":5}\n");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::get<RequestFailed>(events[0]).request, Request::attach_wire);
  EXPECT_EQ(sent(), "{\"arguments\":{\"id\":\"net1\"},\"execute\":\"netdev_del\",\"id\":6}\n");
  EXPECT_TRUE(say("{\"error\":{\"desc\":\"none\"},\"id\":6}\n").empty()) << "what is undone may not be there";
  EXPECT_EQ(sent(), "{\"arguments\":{\"fdname\":\"wire1\"},\"execute\":\"closefd\",\"id\":7}\n");
}

TEST_F(QmpSessionTest, SocketGoesBeforeTheGuestIsAskedToLetGo) {
  shake_hands("running");
  ASSERT_TRUE(session_.request(job::detach_wire(WireSlot(0))));
  EXPECT_EQ(sent(), "{\"arguments\":{\"id\":\"net0\"},\"execute\":\"netdev_del\",\"id\":3}\n");
  EXPECT_TRUE(say("{\"return\":{},\"id\":3}\n").empty());
  EXPECT_EQ(sent(), "{\"arguments\":{\"id\":\"card0\"},\"execute\":\"device_del\",\"id\":4}\n");
  EXPECT_TRUE(say("{\"return\":{},\"id\":4}\n").empty());
  EXPECT_TRUE(say("{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"card0\",\"path\":\"/machine/peripheral/card0\"}}\n").empty());
  EXPECT_EQ(sent(), "{\"arguments\":{\"id\":\"net0\"},\"execute\":\"netdev_del\",\"id\":5}\n");
  EXPECT_EQ(std::get<WireDetached>(say("{\"error\":{\"desc\":\"Device 'net0' not found\"},\"id\":5}\n").at(0)).slot, WireSlot(0));
}

TEST_F(QmpSessionTest, CardThatTheGuestThrowsOutLosesItsSocketToo) {
  shake_hands("running");
  EXPECT_TRUE(say("{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"card2\"}}\n").empty());
  EXPECT_EQ(sent(), "{\"arguments\":{\"id\":\"net2\"},\"execute\":\"netdev_del\",\"id\":3}\n");
  EXPECT_EQ(std::get<WireDetached>(say("{\"return\":{},\"id\":3}\n").at(0)).slot, WireSlot(2));
}

TEST_F(QmpSessionTest, DeletionsOfWhatIsNoCardAreNothing) {
  shake_hands("running");
  for (char const* device : {"card16", "card", "card-1", "card01", "balloon", "", "card0\\n", "card99999999999999999999"}) {
    EXPECT_TRUE(say(std::string("{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"") + device + "\"}}\n").empty()) << device;
    EXPECT_EQ(sent(), "") << device;
  }
}

TEST_F(QmpSessionTest, DeletionsWithoutEndAreBounded) {
  shake_hands("running");
  for (int i = 0; i < 10000; ++i) say("{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"card0\"}}\n");
  EXPECT_LT(sent().size(), 200U);
}

TEST_F(QmpSessionTest, FullDiskIsToldOncePerStop) {
  shake_hands("running");
  std::string const full = "{\"event\":\"BLOCK_IO_ERROR\",\"data\":{\"device\":\"\",\"node-name\":\"private\",\"operation\":\"write\",\"action\":\"stop\",\"nospace\":true,\"reason\":\"No space\"}}\n";
  EXPECT_EQ(std::get<VolumeFull>(say(full).at(0)).volume, Volume::private_volume);
  EXPECT_TRUE(say(full).empty());
  say("{\"event\":\"RESUME\"}\n");
  EXPECT_EQ(say(full).size(), 1U);
}

TEST_F(QmpSessionTest, OtherDiskErrorsAreToldWithTheirReason) {
  shake_hands("running");
  auto const events = say("{\"event\":\"BLOCK_IO_ERROR\",\"data\":{\"node-name\":\"root\",\"action\":\"stop\",\"reason\":\"Input/output error\"}}\n");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::get<VolumeFailed>(events[0]).text, "Input/output error");
  EXPECT_TRUE(say("{\"event\":\"BLOCK_IO_ERROR\",\"data\":{\"node-name\":\"root\",\"action\":\"report\"}}\n").empty()) << "the guest was told";
  EXPECT_TRUE(say("{\"event\":\"BLOCK_IO_ERROR\",\"data\":{\"node-name\":\"template\",\"action\":\"stop\"}}\n").empty()) << "no disk of the guest's";
}

TEST_F(QmpSessionTest, SaveEndsWithTheEventOfTheTransfer) {
  shake_hands("running");
  ASSERT_TRUE(session_.request(job::save(std::make_shared<UniqueFd const>(*make_sealed_memory("state", 4096)))));
  for (int id = 3; id <= 6; ++id) {
    (void)sent();
    EXPECT_FALSE(session_.state_saved());
    say("{\"return\":{},\"id\":" + std::to_string(id) + "}\n");
  }
  say("{\"event\":\"MIGRATION\",\"data\":{\"status\":\"active\"}}\n");
  EXPECT_FALSE(session_.state_saved());
  say("{\"event\":\"MIGRATION\",\"data\":{\"status\":\"completed\"}}\n");
  EXPECT_TRUE(session_.state_saved());
}

TEST_F(QmpSessionTest, FailedSaveIsToldAndTransfersNobodyAskedForAreNot) {
  shake_hands("running");
  EXPECT_TRUE(say("{\"event\":\"MIGRATION\",\"data\":{\"status\":\"completed\"}}\n").empty());
  EXPECT_FALSE(session_.state_saved());
  ASSERT_TRUE(session_.request(job::save(std::make_shared<UniqueFd const>(*make_sealed_memory("state", 4096)))));
  for (int id = 3; id <= 6; ++id) say("{\"return\":{},\"id\":" + std::to_string(id) + "}\n");
  auto const events = say("{\"event\":\"MIGRATION\",\"data\":{\"status\":\"failed\"}}\n");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::get<RequestFailed>(events[0]).request, Request::save);
}

class QmpRestoreTest : public QmpSessionTest {
 protected:
  QmpRestoreTest() { session_ = QmpSession(1, RestoreStage::waiting); }
};

TEST_F(QmpRestoreTest, StateIsLoadedWhenToldAndThenTheMachineRuns) {
  shake_hands("inmigrate");
  EXPECT_TRUE(up_.empty());
  EXPECT_EQ(session_.restore_stage(), RestoreStage::ready);
  ASSERT_TRUE(session_.request(job::resize(Volume::private_volume, mebibytes(1))));
  EXPECT_EQ(sent(), "") << "nothing is asked of a machine without memory";
  session_.load();
  EXPECT_NE(sent().find("migrate-set-capabilities"), std::string::npos);
  say("{\"return\":{},\"id\":3}\n");
  EXPECT_EQ(sent(), "{\"arguments\":{\"uri\":\"fd:15\"},\"execute\":\"migrate-incoming\",\"id\":4}\n");
  say("{\"return\":{},\"id\":4}\n");
  EXPECT_EQ(sent(), "");
  EXPECT_TRUE(say("{\"event\":\"MIGRATION\",\"data\":{\"status\":\"completed\"}}\n").empty());
  EXPECT_EQ(sent(), "{\"execute\":\"cont\",\"id\":5}\n");
  auto const events = say("{\"event\":\"RESUME\"}\n{\"return\":{},\"id\":5}\n");
  ASSERT_EQ(events.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<MachineRestored>(events[0]));
  EXPECT_TRUE(std::holds_alternative<MachineUp>(events[1]));
  EXPECT_NE(sent().find("block_resize"), std::string::npos) << "what was asked meanwhile";
}

TEST_F(QmpRestoreTest, FailureOfAnyStepEndsIt) {
  shake_hands("inmigrate");
  session_.load();
  say("{\"return\":{},\"id\":3}\n");
  say("{\"error\":{\"desc\":\"no such descriptor\"},\"id\":4}\n");
  EXPECT_EQ(session_.restore_failure(), "no such descriptor");
}

TEST_F(QmpRestoreTest, FailedTransferEndsIt) {
  shake_hands("inmigrate");
  session_.load();
  say("{\"return\":{},\"id\":3}\n{\"return\":{},\"id\":4}\n{\"event\":\"MIGRATION\",\"data\":{\"status\":\"failed\"}}\n");
  EXPECT_TRUE(session_.restore_failure().has_value());
}

TEST_F(QmpRestoreTest, QemuThatRunsBeforeItHasMemoryIsNotBelieved) {
  say(kGreeting);
  say("{\"return\": {}, \"id\": 1}\n");
  EXPECT_EQ(fault("{\"return\": {\"status\": \"running\"}, \"id\": 2}\n"), QmpFault::unexpected);
}

TEST_F(QmpRestoreTest, EndBeforeTheBeginningIsAFault) {
  shake_hands("inmigrate");
  session_.load();
  EXPECT_EQ(fault("{\"event\":\"MIGRATION\",\"data\":{\"status\":\"completed\"}}\n"), QmpFault::unexpected);
}

TEST_F(QmpSessionTest, AdoptedMachineThatIsHalfRestoredIsGivenUp) {
  say(kGreeting);
  say("{\"return\": {}, \"id\": 1}\n");
  EXPECT_EQ(fault("{\"return\": {\"status\": \"inmigrate\"}, \"id\": 2}\n"), QmpFault::half_restored);
}

}  // namespace
}  // namespace bh::qemu
