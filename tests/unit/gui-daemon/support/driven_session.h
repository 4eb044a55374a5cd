// DrivenSession: bytes choose messages (with numbers at and around every limit) and local events; after each step every promise about
// frames is checked. Random bytes make the property test of R13 and R16, a fuzzer's bytes the fuzz target.
#pragma once

#include "gui-daemon/protocol/from_agent.h"
#include "tests/unit/gui-daemon/support/recorder.h"

namespace bh::gui::test {

class DrivenSession {
 public:
  // One step; false: no byte is left.
  bool step(ByteReader& bytes) {
    if (bytes.left() < 16) return false;
    bytes_ = &bytes;
    std::uint8_t const action = byte();
    WindowId const id{1u + byte() % 6u};
    if (action < 200) {
      say(id, message(action % 15));
    } else {
      local_event(action % 6, id);
    }
    check();
    return true;
  }

  RecordingScreen screen;
  RecordingAgent agent;
  std::size_t accepted = 0;
  std::size_t kills = 0;

 private:
  std::uint8_t byte() {
    auto const value = bytes_->u8();
    return value ? *value : std::uint8_t{0};
  }
  std::uint32_t number() {
    constexpr std::uint32_t kEdges[] = {0,    1,          3,          4,          5,    100,  900,   999,   1000,       1001,      6143,
                                        6144, 6145,       16383,      16384,      16385, 4096, 65535, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    return kEdges[byte() % std::size(kEdges)];
  }
  std::int32_t signed_number() { return static_cast<std::int32_t>(number()); }
  std::uint32_t small() { return 1u + byte() % 200u; }

  from_agent::Message message(unsigned kind) {
    bool const tame = (byte() & 1) != 0;
    auto const size = [&] { return tame ? small() : number(); };
    switch (kind) {
      case 0: return from_agent::Create{signed_number(), signed_number(), size(), size(), WindowId(byte()), (byte() & 1) != 0};
      case 1: return from_agent::Destroy{};
      case 2: case 3: return from_agent::Map{WindowId(byte() % 6u), (byte() & 1) != 0};
      case 4: return from_agent::Unmap{};
      case 5: case 6: return from_agent::Configure{signed_number(), signed_number(), size(), size(), (byte() & 1) != 0};
      case 7: return from_agent::Damage{signed_number(), signed_number(), size(), size()};
      case 8: return from_agent::MemoryDump{size(), size(), std::uint64_t{byte()} * 4096};
      case 9: return from_agent::GrantDump{32, 32, {5}};
      case 10: return from_agent::Dock{};
      case 11: return from_agent::WindowFlags{number(), number()};
      case 12: return from_agent::WindowName{std::string(byte(), static_cast<char>(byte()))};
      case 13: return from_agent::Cursor{number()};
      default: return from_agent::WindowHints{number(), number(), number(), number(), number(), number(), number(), number(), number()};
    }
  }

  void say(WindowId id, from_agent::Message const& spoken) {
    MessageStream stream(Direction::to_daemon);
    BH_ASSERT(stream.append(from_agent::encode(id, spoken)).ok());
    auto const raw = stream.next();
    BH_ASSERT(raw.ok() && raw->has_value());
    auto const checked_message = checked::check(**raw, {std::uint64_t{64} << 20});
    auto const outcome = checked_message ? model_.handle(id, *checked_message) : Result<void, Reject>(Failure{checked_message.error()});
    if (outcome) ++accepted;
    if (!outcome && outcome.error().severity == Severity::kill) {
      ++kills;
      model_.close_all();
      BH_ASSERT(screen.shown.empty());
    }
  }

  void local_event(unsigned kind, WindowId id) {
    if (kind == 0) model_.local_geometry(id, {Position::of(signed_number(), signed_number()), Extent::of(number(), number())});
    if (kind == 1) model_.exposed(id, {small(), small(), small(), small()});
    if (kind == 2) model_.local_flags(id, byte());
    if (kind == 3) model_.close_requested(id);
    if (kind == 5) model_.frame_destroyed(id);
    if (kind == 4 && !screen.in_flight.empty()) {
      WindowId const done = screen.in_flight.front();
      screen.in_flight.erase(screen.in_flight.begin());
      model_.painted(done);
    }
  }

  void check() {
    std::uint64_t bytes = 0;
    BH_ASSERT(model_.windows().size() <= kMaxWindows);
    for (auto const& [id, window] : model_.windows()) {
      if (window.buffer) bytes += window.buffer->extent().bytes();
      // Mapped in the model and framed on the screen are one thing, and the frame is the one that MAP decided.
      auto const shown = screen.shown.find(id);
      BH_ASSERT((window.mapped() != nullptr) == (shown != screen.shown.end()));
      if (window.mapped() == nullptr) continue;
      BH_ASSERT(shown->second.frame == window.mapped()->frame);
      Geometry const& g = shown->second.geometry;
      if (shown->second.frame == FrameKind::titled) {
        BH_ASSERT(fit_titled(g, screen.area) == g);  // where we put it, title and all sides are on the screen
        continue;
      }
      BH_ASSERT(popup_allowed(g.extent, screen.area));
      BH_ASSERT(fit_popup(g, screen.area) == g);  // all four sides on the screen
    }
    for (auto const& [id, shown] : screen.shown) BH_ASSERT(model_.windows().contains(id));
    BH_ASSERT(bytes == model_.buffer_bytes() && bytes <= kMaxQubeBytes);
    agent.sent.clear();
  }

  WindowModel model_{screen, agent, true};
  ByteReader* bytes_ = nullptr;
};

}  // namespace bh::gui::test
