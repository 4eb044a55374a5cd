#include <gtest/gtest.h>

#include "hypervisor/vchan/mux_decoder.h"

namespace bh::vchan::mux {
namespace {

constexpr Session kSession{0x01020304};

std::string hex(ByteSpan bytes) {
  std::string text;
  for (auto const byte : bytes) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned>(byte));
    text += two;
  }
  return text;
}

template <class Write>
Bytes written(Write write) {
  ByteQueue queue;
  FrameWriter writer(queue);
  write(writer);
  return Bytes(queue.view().begin(), queue.view().end());
}

// A guest's decoder in the session kSession.
Decoder in_session() {
  Decoder decoder(Role::guest);
  Bytes const hello = written([](FrameWriter& w) { w.hello(kSession, ""); });
  ByteSpan input(hello);
  auto const frame = decoder.next(input);
  EXPECT_TRUE(frame && std::holds_alternative<Hello>(*frame));
  decoder.use_session(kSession);
  return decoder;
}

std::vector<Frame> all(Decoder& decoder, ByteSpan input) {
  std::vector<Frame> frames;
  while (auto frame = decoder.next(input)) {
    // Spans point into the caller's bytes.
    frames.push_back(*std::move(frame));
  }
  return frames;
}

TEST(MuxFrame, LaysBytesOutAsDocumented) {
  EXPECT_EQ(hex(written([](FrameWriter& w) { w.announce(kSession, ListenerId(7), {DomainId(5), kDom0, Port(512)}); })),
            "00040000" "04030201" "07000000" "08000000" "0500" "0000" "00020000");
  EXPECT_EQ(hex(written([](FrameWriter& w) { w.open(kSession, StreamId(2), ListenerId(7)); })),
            "00060000" "04030201" "02000000" "04000000" "07000000");
  EXPECT_EQ(hex(written([](FrameWriter& w) { w.data(kSession, StreamId(2), as_bytes("ab")); })),
            "00070000" "04030201" "02000000" "02000000" "6162");
  EXPECT_EQ(hex(written([](FrameWriter& w) { w.hello(kSession, "A=1\n"); })),
            "b142554c4b484541442d4d5558310d0a" "00010000" "04030201" "01000000" "04000000" "413d310a");
}

TEST(MuxDecoder, ReadsBackEveryFrameInPiecesOfAnySize) {
  Bytes const bytes = written([](FrameWriter& w) {
    w.announce(kSession, ListenerId(7), {DomainId(5), DomainId(6), Port(UINT32_MAX)});
    w.withdraw(kSession, ListenerId(7));
    w.open(kSession, StreamId(2), ListenerId(9));
    w.data(kSession, StreamId(2), as_bytes("hello"));
    w.credit(kSession, StreamId(2), 65536);
    w.close(kSession, StreamId(2));
    w.hello(kSession, "A=1\n");
  });
  for (std::size_t const piece : {std::size_t{1}, std::size_t{3}, std::size_t{17}, bytes.size()}) {
    Decoder decoder = in_session();
    std::string data;
    std::vector<std::size_t> kinds;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      ByteSpan input = ByteSpan(bytes).subspan(at, std::min(piece, bytes.size() - at));
      while (auto const frame = decoder.next(input)) {
        if (auto const* part = std::get_if<DataPart>(&*frame)) {
          data += as_text(part->bytes);
        } else {
          kinds.push_back(frame->index());
        }
        if (auto const* announce = std::get_if<Announce>(&*frame)) {
          EXPECT_EQ(announce->port, UINT32_MAX);
        }
        if (auto const* hello = std::get_if<Hello>(&*frame)) {
          EXPECT_EQ(hello->config, "A=1\n");
        }
      }
    }
    EXPECT_EQ(data, "hello");
    EXPECT_EQ(kinds, (std::vector<std::size_t>{3, 4, 5, 7, 8, 0}));
  }
}

TEST(MuxDecoder, TakesNothingBeforeAGreeting) {
  Decoder decoder(Role::guest);
  EXPECT_TRUE(all(decoder, written([](FrameWriter& w) { w.close(kSession, StreamId(2)); })).empty());
}

// A frame with one header byte changed must end the session, whatever the byte, unless it is the id.
TEST(MuxDecoder, RefusesEveryBrokenHeader) {
  Bytes const good = written([](FrameWriter& w) { w.credit(kSession, StreamId(2), 65536); });
  for (std::size_t at = 0; at < kHeaderSize; ++at) {
    if (at >= 8 && at < 12) continue;
    Bytes bytes = good;
    bytes[at] ^= std::byte{0x40};
    Decoder decoder = in_session();
    auto const frames = all(decoder, bytes);
    ASSERT_FALSE(frames.empty()) << at;
    EXPECT_TRUE(std::holds_alternative<LostSync>(frames[0])) << at;
    EXPECT_TRUE(all(decoder, good).empty()) << at;
  }
}

TEST(MuxDecoder, HoldsTheLengthOfEveryKind) {
  struct Case { FrameType type; std::uint32_t length; bool good; };
  for (auto const& [type, length, good] :
       {Case{FrameType::data, 0, false}, Case{FrameType::data, 1, true}, Case{FrameType::data, kMaxBody, true},
        Case{FrameType::data, kMaxBody + 1, false}, Case{FrameType::announce, 7, false}, Case{FrameType::announce, 8, true},
        Case{FrameType::announce, 9, false}, Case{FrameType::open, 3, false}, Case{FrameType::open, 5, false},
        Case{FrameType::credit, 0, false}, Case{FrameType::close, 1, false}, Case{FrameType::withdraw, 1, false},
        Case{FrameType::close, 0xFFFFFFFF, false}, Case{FrameType{0}, 0, false}, Case{FrameType{10}, 0, false}}) {
    ByteWriter writer;
    writer.u8(0).u8(static_cast<std::uint8_t>(type)).u16_le(0).u32_le(kSession.value()).u32_le(2).u32_le(length);
    Bytes bytes = writer.view();
    bytes.resize(kHeaderSize + std::min<std::size_t>(length, kMaxBody));
    Decoder decoder = in_session();
    auto const frames = all(decoder, bytes);
    ASSERT_FALSE(frames.empty());
    EXPECT_EQ(!std::holds_alternative<LostSync>(frames[0]), good) << int(type) << " " << length;
  }
}

TEST(MuxDecoder, HearsOnlyTheGreetingsOfTheOtherSide) {
  Decoder host(Role::host);
  EXPECT_TRUE(std::holds_alternative<LostSync>(all(host, written([](FrameWriter& w) { w.hello(kSession, ""); })).at(0)));
  Decoder guest(Role::guest);
  EXPECT_TRUE(std::holds_alternative<LostSync>(all(guest, written([](FrameWriter& w) { w.hello_ack(kSession); })).at(0)));
  EXPECT_TRUE(std::holds_alternative<LostSync>(all(guest, written([](FrameWriter& w) { w.hello_request(); })).at(0)));
  EXPECT_TRUE(std::holds_alternative<HelloRequest>(all(host, written([](FrameWriter& w) { w.hello_request(); })).at(0)));
}

TEST(MuxDecoder, FindsAGreetingAfterHalfAFrameAndPadding) {
  for (std::size_t const kept : {1UL, 15UL, 16UL, 17UL, 1000UL}) {
    Decoder decoder = in_session();
    Bytes const frame = written([](FrameWriter& w) { w.data(kSession, StreamId(2), Bytes(kMaxBody)); });
    all(decoder, ByteSpan(frame).first(kept));
    auto const frames = all(decoder, written([](FrameWriter& w) {
                              w.padding();
                              w.hello(Session(9), "A=1\n");
                            }));
    ASSERT_FALSE(frames.empty());
    auto const* hello = std::get_if<Hello>(&frames.back());
    ASSERT_NE(hello, nullptr) << kept;
    EXPECT_EQ(hello->session, Session(9));
  }
}

TEST(MuxDecoder, FindsTheMagicBehindPartsOfIt) {
  std::string noise(kMagic.begin(), kMagic.end() - 1);
  noise += std::string("\xB1\xB1") + "BULK";
  Decoder decoder(Role::guest);
  all(decoder, as_bytes(noise));
  EXPECT_EQ(all(decoder, written([](FrameWriter& w) { w.hello(kSession, ""); })).size(), 1U);
}

// The whole defence against forged greetings: whatever data is sent, the magic is not on the wire.
TEST(MuxFrame, NeverWritesTheMagicInsideData) {
  std::string const magic(kMagic.begin(), kMagic.end());
  for (std::size_t offset = 0; offset < 40; ++offset) {
    std::string data;
    for (int i = 0; i < 3000; ++i) data += std::string(offset, 'x') + magic + magic.substr(0, offset % 16);
    Bytes const wire = written([&](FrameWriter& w) {
      w.data(kSession, StreamId(2), as_bytes(data));
      w.data(Session(0x4C5542B1), StreamId(0x4548'4B4C), as_bytes(magic));
    });
    EXPECT_EQ(as_text(wire).find(magic), std::string_view::npos);
    Decoder decoder = in_session();
    std::string back;
    for (auto const& frame : all(decoder, wire)) {
      if (auto const* part = std::get_if<DataPart>(&frame)) back += as_text(part->bytes);
    }
    EXPECT_EQ(back, data);
  }
}

}  // namespace
}  // namespace bh::vchan::mux
