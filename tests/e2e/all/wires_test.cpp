// Real guests on wires: two talk TCP, a third neither reaches nor sees them, a netvm changes while everything runs.
#include <gtest/gtest.h>

#include <thread>

#include "tests/e2e/all/installation.h"

namespace bh::e2e {
namespace {

using namespace std::chrono_literals;

std::string first_line(std::string const& text) { return text.substr(0, text.find('\n')); }

// In a netvm: takes one connection after the other on port 7777 and answers each line with its caller's address.
constexpr char const* kServer =
    "use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 5, LocalPort => 7777, ReuseAddr => 1) or die $!;"
    "fork and exit; setpgrp; open STDIN, '</dev/null'; open STDOUT, '>/dev/null'; open STDERR, '>/dev/null';"
    "while (my $c = $s->accept) { my $l = <$c>; print $c $c->peerhost, ' ', $l; close $c }";

class Wires : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto installation = Installation::create("");
    ASSERT_TRUE(installation) << installation.error().message;
    system_.emplace(*std::move(installation));
    ASSERT_TRUE(system_->start_daemon());
    for (auto const& [name, label] : {std::pair{"net", "red"}, {"net2", "red"}, {"work", "blue"}, {"other", "orange"}}) {
      ASSERT_EQ(system_->bulkhead({"create", "--label", label, name}).code, 0);
    }
    for (auto const& [client, netvm] : {std::pair{"work", "net"}, {"other", "net2"}}) {
      ASSERT_EQ(system_->bulkhead({"prefs", netvm, "provides_network", "True"}).code, 0);
      ASSERT_EQ(system_->bulkhead({"prefs", client, "netvm", netvm}).code, 0);
      // Its netvm comes up before it.
      auto const started = system_->bulkhead({"start", client}, 400s);
      ASSERT_EQ(started.code, 0) << started.err;
      ASSERT_EQ(system_->state(netvm), "Running");
      auto const serving = system_->as_root(netvm, {"perl", "-e", kServer});
      ASSERT_EQ(serving.code, 0) << serving.err;
    }
  }
  static void TearDownTestSuite() { system_.reset(); }

  static std::string property(std::string const& qube, std::string const& name) { return first_line(system_->bulkhead({"prefs", qube, name}).out); }
  // What the server of that address answers, empty if nobody does within 5 s.
  static std::string said_to(std::string const& qube, std::string const& address) {
    std::string const talk = "exec 3<>/dev/tcp/" + address + "/7777 && echo hello >&3 && cat <&3";
    return first_line(system_->in_qube(qube, {"timeout", "5", "bash", "-c", talk}).out);
  }
  static bool answers(std::string const& qube, std::string const& address) {
    return eventually([&] { return said_to(qube, address) == property(qube, "ip") + " hello"; }, 120s);
  }
  // Packets that this qube's card has taken in.
  static std::string received(std::string const& qube) {
    return first_line(system_->in_qube(qube, {"sh", "-c", "cat /sys/class/net/e*/statistics/rx_packets"}).out);
  }

  static inline std::optional<Installation> system_;
};

TEST_F(Wires, TwoTalkAndAThirdNeitherReachesNorSeesThem) {
  ASSERT_TRUE(answers("work", property("work", "gateway")));
  ASSERT_TRUE(answers("other", property("other", "gateway")));
  EXPECT_NE(property("work", "ip"), property("other", "ip"));

  std::string const before = received("other");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(said_to("work", property("work", "gateway")), property("work", "ip") + " hello");
  EXPECT_EQ(received("other"), before) << "a packet of another's wire";
  EXPECT_NE(before, "");

  // Neither the other qube nor the other's netvm, by whatever address.
  EXPECT_EQ(said_to("other", property("work", "ip")), "");
  EXPECT_EQ(said_to("work", property("other", "ip")), "");
}

TEST_F(Wires, ANetvmChangesWhileEverythingRuns) {
  ASSERT_TRUE(answers("work", property("work", "gateway")));
  ASSERT_EQ(system_->bulkhead({"prefs", "work", "netvm", ""}).code, 0);
  EXPECT_TRUE(eventually([] { return received("work").empty(); }, 60s)) << "the card is still there";
  EXPECT_EQ(said_to("work", property("net", "ip")), "");
  ASSERT_EQ(system_->bulkhead({"prefs", "work", "netvm", "net2"}).code, 0);
  EXPECT_TRUE(answers("work", property("work", "gateway")));
  EXPECT_TRUE(answers("other", property("other", "gateway"))) << "the netvm's other client";
  EXPECT_NE(system_->bulkhead({"prefs", "net2", "netvm", "work"}).code, 0) << "a loop";
}

}  // namespace
}  // namespace bh::e2e
