// A hostile hub: any bytes, in pieces of any size, to the host's and the guest's engine, with sessions up and programs that take
// and give data. Oracle: no crash, no more bytes in flight than the window, no more mirrors or streams than agreed, only names that
// are the peer's to announce.
#include <cstdint>
#include <map>
#include <set>

#include "hypervisor/vchan/mux_engine.h"

namespace {

using namespace bh;
using namespace bh::vchan;
using namespace bh::vchan::mux;

constexpr DomainId kQube{5};

struct Victim {
  Role role;
  Engine engine;
  std::set<ListenerId> mirrors;
  std::map<StreamId, std::size_t> held;

  explicit Victim(Role which)
      : role(which),
        engine({which, which == Role::host ? std::optional(*GuestConfig::parse("VCHAN_DOMAIN=5\n")) : std::nullopt, [] { return 0x01010101U; }}) {}

  void take(Actions const& actions) {
    for (auto const& action : actions) {
      if (std::get_if<SessionDown>(&action) != nullptr) {
        mirrors.clear();
        held.clear();
      } else if (auto const* mirror = std::get_if<MakeMirror>(&action)) {
        BH_ASSERT((role == Role::host ? mirror->name.server : mirror->name.client) == kQube || role == Role::guest);
        BH_ASSERT(mirror->name.server != mirror->name.client);
        BH_ASSERT(mirrors.insert(mirror->listener).second && mirrors.size() <= kMaxListeners);
      } else if (auto const* removed = std::get_if<RemoveMirror>(&action)) {
        BH_ASSERT(mirrors.erase(removed->listener) == 1);
      } else if (auto const* opened = std::get_if<ConnectLocal>(&action)) {
        BH_ASSERT(held.emplace(opened->stream, 0).second && held.size() <= 2 * kMaxStreamsEachOpens);
      } else if (auto const* data = std::get_if<Deliver>(&action)) {
        BH_ASSERT(held.contains(data->stream));
        BH_ASSERT((held[data->stream] += data->bytes.size()) <= kWindow);
      } else if (auto const* closed = std::get_if<CloseLocal>(&action)) {
        engine.local_ended(closed->stream);
        held.erase(closed->stream);
      }
    }
  }
  // What programs do meanwhile, chosen by one byte of the input.
  void stir(std::uint8_t choice) {
    if (choice % 4 == 0 && !mirrors.empty()) {
      auto const listener = *mirrors.begin();
      mirrors.erase(mirrors.begin());
      if (auto const stream = engine.mirror_accepted(listener)) held.emplace(*stream, 0);
    }
    for (auto& [stream, bytes] : held) {
      if (choice % 3 == 0) engine.local_written(stream, std::exchange(bytes, 0));
      if (choice % 5 == 0) engine.local_data(stream, Bytes(std::min<std::size_t>(choice, engine.budget(stream))));
    }
    if (choice % 7 == 0 && !held.empty()) {
      engine.local_ended(held.begin()->first);
      held.erase(held.begin());
    }
    if (choice % 2 == 0) engine.sent(engine.to_send().size());
  }
};

void attack(Role role, ByteSpan input) {
  Victim victim(role);
  Deadline now{std::chrono::hours(1)};
  for (std::uint32_t port = 1; port < 4; ++port) {
    victim.engine.server_appeared(role == Role::host ? ChannelName{kDom0, kQube, Port(port)} : ChannelName{kQube, kDom0, Port(port)});
  }
  victim.take(victim.engine.link_up(now));
  ByteQueue greeting;
  FrameWriter writer(greeting);
  if (role == Role::host) {
    writer.hello_ack(Session(0x01010101));
  } else {
    writer.hello(Session(0x01010101), "VCHAN_DOMAIN=5\n");
  }
  ByteSpan first = greeting.view();
  while (!first.empty()) victim.take(victim.engine.link_bytes(first, now));
  while (!input.empty()) {
    auto const choice = static_cast<std::uint8_t>(input.front());
    input = input.subspan(1);
    ByteSpan piece = input.first(std::min<std::size_t>(input.size(), std::size_t{choice} + 1));
    input = input.subspan(piece.size());
    while (!piece.empty()) victim.take(victim.engine.link_bytes(piece, now));
    victim.stir(choice);
    now += std::chrono::milliseconds(300);
    victim.take(victim.engine.tick(now));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  ByteSpan const input = std::as_bytes(std::span(data, size));
  attack(Role::host, input);
  attack(Role::guest, input);
  return 0;
}
