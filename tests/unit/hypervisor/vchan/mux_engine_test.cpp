#include "hypervisor/vchan/mux_engine.h"

#include <gtest/gtest.h>

#include <random>

namespace bh::vchan::mux {
namespace {

constexpr std::uint16_t kQube = 5;
ChannelName guest_server(std::uint32_t port) { return {DomainId(kQube), kDom0, Port(port)}; }
ChannelName dom0_server(std::uint32_t port) { return {kDom0, DomainId(kQube), Port(port)}; }

template <class T>
std::vector<T> only(Actions const& actions) {
  std::vector<T> found;
  for (auto const& action : actions) {
    if (auto const* match = std::get_if<T>(&action)) found.push_back(*match);
  }
  return found;
}

// One engine, with what it did written down. Deliveries are copied, for their spans die.
struct Side {
  Engine engine;
  Actions done;
  std::map<StreamId, std::string> received;

  explicit Side(Role role, char const* config = "VCHAN_DOMAIN=5\n")
      : engine({role,
                role == Role::host ? std::optional(*GuestConfig::parse(config)) : std::nullopt,
                [n = 100U]() mutable { return ++n; }}) {}
  void take(Actions const& actions) {
    for (auto const& action : actions) {
      if (auto const* data = std::get_if<Deliver>(&action)) {
        received[data->stream] += as_text(data->bytes);
      } else {
        done.push_back(action);
      }
    }
  }
  void hear(ByteSpan bytes, Deadline now) {
    while (!bytes.empty()) take(engine.link_bytes(bytes, now));
  }
};

class MuxEngine : public testing::Test {
 protected:
  Side host{Role::host};
  Side guest{Role::guest};
  Deadline now{std::chrono::hours(1)};

  void carry(Side& from, Side& to) {
    Bytes const bytes(from.engine.to_send().begin(), from.engine.to_send().end());
    from.engine.sent(bytes.size());
    to.hear(bytes, now);
  }
  void settle() {
    for (int i = 0; i < 50 && !(host.engine.to_send().empty() && guest.engine.to_send().empty()); ++i) {
      carry(host, guest);
      carry(guest, host);
    }
  }
  void begin() {
    host.take(host.engine.link_up(now));
    guest.take(guest.engine.link_up(now));
    settle();
    ASSERT_TRUE(host.engine.up());
    ASSERT_TRUE(guest.engine.up());
    host.done.clear();
    guest.done.clear();
    now += std::chrono::seconds(5);
  }
  // A stream that dom0 opened to a server of the guest.
  StreamId open_stream(std::uint32_t port = 512) {
    EXPECT_TRUE(guest.engine.server_appeared(guest_server(port)));
    settle();
    auto const mirrors = only<MakeMirror>(host.done);
    EXPECT_FALSE(mirrors.empty());
    auto const id = host.engine.mirror_accepted(mirrors.back().listener);
    EXPECT_TRUE(id);
    settle();
    return *id;
  }
  // What a hostile peer sends to the host, in the session.
  template <class Write>
  void forge(Side& victim, Write write) {
    ByteQueue queue;
    FrameWriter writer(queue);
    write(writer);
    victim.hear(queue.view(), now);
  }
  Session session() {
    host.engine.server_appeared(dom0_server(9999));
    ByteReader reader(host.engine.to_send());
    (void)reader.u32_le();
    Session const found(*reader.u32_le());
    settle();
    return found;
  }
  template <class Write>
  void expect_host_cuts(Write write, char const* what) {
    ASSERT_TRUE(host.engine.up()) << what;
    Session const current = session();
    forge(host, [&](FrameWriter& writer) { write(writer, current); });
    EXPECT_FALSE(host.engine.up()) << what;
    EXPECT_EQ(only<SessionDown>(host.done).size(), 1U) << what;
    // It heals: a session later all is well.
    now += std::chrono::seconds(5);
    for (int i = 0; i < 4; ++i) {
      host.take(host.engine.tick(now));
      guest.take(guest.engine.tick(now));
      settle();
      now += std::chrono::seconds(2);
    }
    ASSERT_TRUE(host.engine.up() && guest.engine.up()) << what;
    host.done.clear();
    guest.done.clear();
  }
};

TEST_F(MuxEngine, GreetsAndHandsTheConfigurationOver) {
  host.take(host.engine.link_up(now));
  guest.take(guest.engine.link_up(now));
  settle();
  ASSERT_EQ(only<SessionUp>(guest.done).size(), 1U);
  EXPECT_EQ(only<SessionUp>(guest.done)[0].config, "VCHAN_DOMAIN=5\n");
  EXPECT_EQ(only<SessionUp>(host.done).size(), 1U);
}

TEST_F(MuxEngine, RepeatsTheGreetingUntilItIsHeardButPilesNothingUp) {
  host.take(host.engine.link_up(now));
  std::size_t const once = host.engine.to_send().size();
  for (int i = 0; i < 10; ++i) host.take(host.engine.tick(now += std::chrono::seconds(2)));
  EXPECT_EQ(host.engine.to_send().size(), once);
  host.engine.sent(once);  // into a port that nobody has opened
  host.take(host.engine.tick(now += std::chrono::seconds(2)));
  EXPECT_GT(host.engine.to_send().size(), 0U);
  guest.take(guest.engine.link_up(now));
  settle();
  EXPECT_TRUE(host.engine.up() && guest.engine.up());
  EXPECT_FALSE(host.engine.next_tick());
}

TEST_F(MuxEngine, AnnouncesServersOfBothSides) {
  EXPECT_TRUE(guest.engine.server_appeared(guest_server(512)));
  EXPECT_TRUE(host.engine.server_appeared(dom0_server(513)));
  host.take(host.engine.link_up(now));
  guest.take(guest.engine.link_up(now));
  settle();
  ASSERT_EQ(only<MakeMirror>(host.done).size(), 1U);
  EXPECT_EQ(only<MakeMirror>(host.done)[0].name, guest_server(512));
  ASSERT_EQ(only<MakeMirror>(guest.done).size(), 1U);
  EXPECT_EQ(only<MakeMirror>(guest.done)[0].name, dom0_server(513));
  guest.engine.server_gone(guest_server(512));
  settle();
  EXPECT_EQ(only<RemoveMirror>(host.done).size(), 1U);
}

// A clone of a snapshot: inside it is called 32751, outside 5.
class MuxEngineOfAClone : public MuxEngine {
 protected:
  static ChannelName inner_server(DomainId client, std::uint32_t port) { return {kCloneAlias, client, Port(port)}; }
  MuxEngineOfAClone() { host.engine.set_config(*GuestConfig::parse("QUBE_DOMAIN=5\nVCHAN_DOMAIN=32751\n")); }
};

TEST_F(MuxEngineOfAClone, IsCalledByItsRealNumberOutsideAndByTheAliasInside) {
  EXPECT_TRUE(guest.engine.server_appeared(inner_server(kDom0, 512)));
  EXPECT_TRUE(guest.engine.server_appeared(inner_server(DomainId(9), 600)));
  EXPECT_TRUE(host.engine.server_appeared(dom0_server(513)));
  host.take(host.engine.link_up(now));
  guest.take(guest.engine.link_up(now));
  settle();
  auto const mirrors = only<MakeMirror>(host.done);
  ASSERT_EQ(mirrors.size(), 2U);
  EXPECT_EQ(mirrors[0].name, guest_server(512));
  EXPECT_EQ(mirrors[1].name, (ChannelName{DomainId(kQube), DomainId(9), Port(600)}));
  auto const inside = only<MakeMirror>(guest.done);
  ASSERT_EQ(inside.size(), 1U);
  EXPECT_EQ(inside[0].name, (ChannelName{kDom0, kCloneAlias, Port(513)}));
  // A stream finds the server by its inner name.
  ASSERT_TRUE(host.engine.mirror_accepted(mirrors[0].listener));
  settle();
  ASSERT_EQ(only<ConnectLocal>(guest.done).size(), 1U);
  EXPECT_EQ(only<ConnectLocal>(guest.done)[0].name, inner_server(kDom0, 512));
  guest.engine.server_gone(inner_server(DomainId(9), 600));
  settle();
  EXPECT_EQ(only<RemoveMirror>(host.done).size(), 1U);
}

TEST_F(MuxEngineOfAClone, NeverTellsOfNamesThatWouldBeItself) {
  begin();
  // Our own real number as server or client, and the alias as client: nothing of it leaves, so the host has nothing to cut.
  for (auto const& name : {guest_server(1), ChannelName{kCloneAlias, DomainId(kQube), Port(1)}, ChannelName{kCloneAlias, kCloneAlias, Port(1)}}) {
    EXPECT_TRUE(guest.engine.server_appeared(name));
  }
  EXPECT_TRUE(guest.engine.to_send().empty());
}

TEST_F(MuxEngineOfAClone, TheHostKnowsNoAlias) {
  begin();
  expect_host_cuts([](FrameWriter& w, Session s) { w.announce(s, ListenerId(1), {kCloneAlias, kDom0, Port(1)}); }, "announces as its alias");
}

TEST_F(MuxEngineOfAClone, AnotherCloneOfTheSnapshotGetsTheSameNamesInside) {
  begin();
  EXPECT_TRUE(guest.engine.server_appeared(inner_server(kDom0, 511)));
  settle();
  // The guest is restored elsewhere: another hub, another number.
  Side other(Role::host, "QUBE_DOMAIN=6\nVCHAN_DOMAIN=32751\n");
  other.take(other.engine.link_up(now));
  for (int i = 0; i < 10; ++i) {
    carry(other, guest);
    carry(guest, other);
  }
  ASSERT_TRUE(other.engine.up());
  ASSERT_EQ(only<MakeMirror>(other.done).size(), 1U);
  EXPECT_EQ(only<MakeMirror>(other.done)[0].name, (ChannelName{DomainId(6), kDom0, Port(511)}));
}

TEST_F(MuxEngine, TellsNothingThatIsNotTheOtherSidesBusiness) {
  begin();
  for (auto const& name : {dom0_server(1), ChannelName{DomainId(9), kDom0, Port(1)}, ChannelName{DomainId(5), DomainId(5), Port(1)}}) {
    EXPECT_TRUE(guest.engine.server_appeared(name));
  }
  for (auto const& name : {guest_server(1), ChannelName{kDom0, DomainId(9), Port(1)}, ChannelName{kDom0, kDom0, Port(1)}}) {
    EXPECT_TRUE(host.engine.server_appeared(name));
  }
  EXPECT_TRUE(guest.engine.to_send().empty());
  EXPECT_TRUE(host.engine.to_send().empty());
}

TEST_F(MuxEngine, CarriesAStreamAndItsEnd) {
  begin();
  StreamId const id = open_stream();
  ASSERT_EQ(only<ConnectLocal>(guest.done).size(), 1U);
  EXPECT_EQ(only<ConnectLocal>(guest.done)[0].name, guest_server(512));
  host.engine.local_data(id, as_bytes("ping"));
  guest.engine.local_data(id, as_bytes("pong"));
  settle();
  EXPECT_EQ(guest.received[id], "ping");
  EXPECT_EQ(host.received[id], "pong");
  host.engine.local_data(id, as_bytes(" last words"));
  host.engine.local_ended(id);
  settle();
  EXPECT_EQ(guest.received[id], "ping last words");
  ASSERT_EQ(only<CloseLocal>(guest.done).size(), 1U);
  EXPECT_EQ(guest.engine.budget(id), 0U);
  guest.engine.local_ended(id);
  settle();
  EXPECT_TRUE(only<SessionDown>(host.done).empty());
}

TEST_F(MuxEngine, AServerTakesOnePeer) {
  begin();
  open_stream();
  ListenerId const listener = only<MakeMirror>(host.done)[0].listener;
  EXPECT_FALSE(host.engine.mirror_accepted(listener));
  guest.done.clear();
  // Even a peer that forgets about it gets no second connection.
  forge(guest, [&, current = session()](FrameWriter& w) { w.open(current, StreamId(100), listener); });
  EXPECT_TRUE(only<ConnectLocal>(guest.done).empty());
}

TEST_F(MuxEngine, SendsNoMoreThanTheCredit) {
  begin();
  StreamId const id = open_stream();
  std::size_t sent = 0;
  while (host.engine.budget(id) > 0) {
    std::size_t const count = std::min<std::size_t>(10'000, host.engine.budget(id));
    host.engine.local_data(id, Bytes(count));
    sent += count;
    settle();
  }
  EXPECT_EQ(sent, kWindow);
  EXPECT_EQ(guest.received[id].size(), kWindow);
  guest.engine.local_written(id, kWindow / 4 - 1);
  settle();
  EXPECT_EQ(host.engine.budget(id), 0U);
  guest.engine.local_written(id, 1);
  settle();
  EXPECT_EQ(host.engine.budget(id), kWindow / 4);
  guest.engine.local_written(id, kWindow * 3 / 4);
  settle();
  EXPECT_EQ(host.engine.budget(id), kWindow);
}

TEST_F(MuxEngine, HostCutsAPeerThatBreaksTheRules) {
  begin();
  StreamId const id = open_stream();
  auto const cut = [&](char const* what, auto write) { expect_host_cuts(write, what); };
  cut("credit beyond the window", [&](FrameWriter& w, Session s) { w.credit(s, id, 1); });
  StreamId const again = open_stream(600);
  cut("credit that runs over", [&](FrameWriter& w, Session s) { w.credit(s, again, 0xFFFFFFFF); });
  StreamId const flooded = open_stream(601);
  cut("data beyond the credit", [&](FrameWriter& w, Session s) { w.data(s, flooded, Bytes(kWindow + 1)); });
  cut("data for no stream", [&](FrameWriter& w, Session s) { w.data(s, StreamId(77), as_bytes("x")); });
  cut("credit for no stream", [&](FrameWriter& w, Session s) { w.credit(s, StreamId(77), 1); });
  cut("close of no stream", [&](FrameWriter& w, Session s) { w.close(s, StreamId(77)); });
  cut("a stream number of ours", [&](FrameWriter& w, Session s) { w.open(s, StreamId(1000), ListenerId(1)); });
  cut("a stream number twice", [&](FrameWriter& w, Session s) {
    w.open(s, StreamId(7), ListenerId(1));
    w.open(s, StreamId(7), ListenerId(1));
  });
  cut("a stream number that goes back", [&](FrameWriter& w, Session s) {
    w.open(s, StreamId(7), ListenerId(1));
    w.open(s, StreamId(5), ListenerId(1));
  });
  cut("stream number 0", [&](FrameWriter& w, Session s) { w.open(s, StreamId(0), ListenerId(1)); });
  cut("a listener of another qube", [&](FrameWriter& w, Session s) { w.announce(s, ListenerId(9000), {DomainId(9), kDom0, Port(512)}); });
  cut("a listener of dom0", [&](FrameWriter& w, Session s) { w.announce(s, ListenerId(9000), dom0_server(512)); });
  cut("a listener for itself", [&](FrameWriter& w, Session s) { w.announce(s, ListenerId(9000), {DomainId(5), DomainId(5), Port(1)}); });
  cut("an impossible domain", [&](FrameWriter& w, Session s) { w.announce(s, ListenerId(9000), {DomainId(5), DomainId(0x7FF0), Port(1)}); });
  cut("a listener twice", [&](FrameWriter& w, Session s) {
    w.announce(s, ListenerId(9000), guest_server(900));
    w.announce(s, ListenerId(9000), guest_server(901));
  });
  cut("a name twice", [&](FrameWriter& w, Session s) {
    w.announce(s, ListenerId(9000), guest_server(900));
    w.announce(s, ListenerId(9001), guest_server(900));
  });
}

TEST_F(MuxEngine, HoldsTheLimitOfListeners) {
  begin();
  std::size_t const already = only<MakeMirror>(host.done).size();
  for (std::uint32_t i = 0; i < kMaxListeners; ++i) EXPECT_TRUE(guest.engine.server_appeared(guest_server(1000 + i)));
  EXPECT_FALSE(guest.engine.server_appeared(guest_server(5000)));
  settle();
  EXPECT_EQ(only<MakeMirror>(host.done).size(), already + kMaxListeners);
  EXPECT_TRUE(host.engine.up());
  guest.engine.server_gone(guest_server(1000));
  EXPECT_TRUE(guest.engine.server_appeared(guest_server(5000)));
  settle();
  EXPECT_TRUE(host.engine.up());
  expect_host_cuts([](FrameWriter& w, Session s) { w.announce(s, ListenerId(9000), guest_server(7000)); }, "513 listeners");
}

TEST_F(MuxEngine, HoldsTheLimitOfStreams) {
  begin();
  for (std::uint32_t i = 0; i < kMaxStreamsEachOpens; ++i) open_stream(1000 + i);
  EXPECT_FALSE(host.engine.may_open());
  EXPECT_TRUE(guest.engine.may_open());
  EXPECT_TRUE(host.engine.up() && guest.engine.up());
  // A place is free again only when both sides have closed: memory held for a slow program counts.
  StreamId const first(2);
  host.engine.local_ended(first);
  settle();
  EXPECT_FALSE(host.engine.may_open());
  guest.engine.local_ended(first);
  settle();
  EXPECT_TRUE(host.engine.may_open());
  expect_host_cuts(
      [](FrameWriter& w, Session s) {
        for (std::uint32_t i = 0; i <= kMaxStreamsEachOpens; ++i) w.open(s, StreamId(1001 + 2 * i), ListenerId(424242));
      },
      "too many streams");
}

TEST_F(MuxEngine, APeerThatOnlyTalksIsCutBeforeItFillsOurMemory) {
  begin();
  Session const current = session();
  ByteQueue queue;
  FrameWriter writer(queue);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    writer.open(current, StreamId(1001 + 2 * i), ListenerId(424242));
    writer.close(current, StreamId(1001 + 2 * i));
  }
  // Every pair is legal and gets an answer of 16 bytes, which the peer does not read.
  std::uint32_t next = 1001 + 2000;
  host.hear(queue.view(), now);
  while (host.engine.up()) {
    ASSERT_LT(host.engine.to_send().size(), kTxLimit + 100'000);
    queue.clear();
    for (std::uint32_t i = 0; i < 1000; ++i, next += 2) {
      writer.open(current, StreamId(next), ListenerId(424242));
      writer.close(current, StreamId(next));
    }
    host.hear(queue.view(), now);
  }
  EXPECT_LT(host.engine.to_send().size(), 2 * kPadding);
}

TEST_F(MuxEngine, ARestartedGuestGetsANewSessionAndAllListenersAgain) {
  begin();
  host.engine.server_appeared(dom0_server(513));
  open_stream();
  host.done.clear();
  Side fresh(Role::guest);
  std::swap(guest.engine, fresh.engine);
  guest.done.clear();
  guest.take(guest.engine.link_up(now));
  settle();
  EXPECT_EQ(only<SessionDown>(host.done).size(), 1U);
  EXPECT_TRUE(host.engine.up() && guest.engine.up());
  EXPECT_EQ(only<MakeMirror>(guest.done).size(), 1U);
}

TEST_F(MuxEngine, ALinkThatGoesDownEndsTheSessionAndOneThatComesBackBeginsAnother) {
  begin();
  open_stream();
  host.take(host.engine.link_down("test"));
  guest.take(guest.engine.link_down("test"));
  EXPECT_EQ(only<SessionDown>(host.done).size(), 1U);
  EXPECT_EQ(only<SessionDown>(guest.done).size(), 1U);
  EXPECT_FALSE(host.engine.next_tick());
  begin();
}

// R05: whatever the other side sends, within a session, nothing is ever delivered beyond a window, and nothing crashes.
TEST_F(MuxEngine, SurvivesRandomFramesOfItsOwnSession) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    host = Side(Role::host);
    guest = Side(Role::guest);
    begin();
    open_stream();
    for (std::uint32_t i = 0; i < 5; ++i) host.engine.server_appeared(dom0_server(600 + i));
    settle();
    Session const current = session();
    for (int i = 0; i < 60 && host.engine.up(); ++i) {
      StreamId const stream(static_cast<std::uint32_t>(random() % 8));
      ListenerId const listener(static_cast<std::uint32_t>(random() % 8));
      forge(host, [&](FrameWriter& w) {
        switch (random() % 6) {
          case 0: w.open(current, stream, listener); break;
          case 1: w.data(current, stream, Bytes(random() % 70'000)); break;
          case 2: w.credit(current, stream, static_cast<std::uint32_t>(random() % 3)); break;
          case 3: w.close(current, stream); break;
          case 4: w.announce(current, listener, guest_server(static_cast<std::uint32_t>(random() % 4))); break;
          default: w.withdraw(current, listener); break;
        }
      });
      for (auto& [id, text] : host.received) {
        EXPECT_LE(text.size(), kWindow);
        if (random() % 4 != 0) continue;
        host.engine.local_ended(id);
      }
    }
  }
}

}  // namespace
}  // namespace bh::vchan::mux
