// FakeAgent: the guest's end of the channel in the test's hands: says what the test wants, whole or broken, and remembers what it hears.
#pragma once

#include <deque>
#include <optional>

#include "base/mapping.h"
#include "gui-daemon/protocol/from_agent.h"
#include "gui-daemon/protocol/handshake.h"
#include "gui-daemon/protocol/to_agent.h"
#include "hypervisor/vchan/server.h"

namespace bh::gui::test {

inline constexpr std::size_t kWindowMemory = 16 * 1024 * 1024;

struct Heard {
  WindowId window;
  to_agent::Message message;
};

class FakeAgent {
 public:
  FakeAgent(std::filesystem::path vchan_directory, UniqueFd const& window_memory);

  // Waits for the daemon and shakes hands; aborts the test's wait with false after a generous time.
  bool connect();
  // Takes the daemon's connection and says nothing.
  bool connect_silently();
  void disconnect() { socket_.reset(); }
  [[nodiscard]] bool cut_off();  // waits until the daemon has ended the connection

  void say(WindowId window, from_agent::Message const& message);
  void say_raw(ByteSpan bytes);
  // False: the daemon has cut us off.
  [[nodiscard]] bool try_say(ByteSpan bytes) { return write_all(socket_, bytes).ok(); }
  // The next message of type T (for any window if nullopt), dropping others; nullopt at the deadline.
  template <class T>
  std::optional<std::pair<WindowId, T>> hear(std::optional<WindowId> window = std::nullopt, std::chrono::milliseconds patience = std::chrono::seconds(20)) {
    Deadline const deadline = Clock::now() + patience;
    for (;;) {
      while (!heard_.empty()) {
        Heard next = std::move(heard_.front());
        heard_.pop_front();
        if (window && next.window != *window) continue;
        if (auto* const wanted = std::get_if<T>(&next.message)) return std::pair{next.window, std::move(*wanted)};
      }
      if (!listen(deadline)) return std::nullopt;
    }
  }
  // All messages that have come; waits for `quiet` of silence.
  std::deque<Heard> drain(std::chrono::milliseconds quiet);

  // Fills a rectangle of a buffer at `offset` whose rows are `stride` pixels long.
  void fill(std::uint64_t offset, std::uint32_t stride, std::uint32_t x, std::uint32_t y, std::uint32_t width, std::uint32_t height, std::uint32_t rgb);

  ScreenInfo screen;

 private:
  bool listen(Deadline deadline);
  std::filesystem::path directory_;
  Mapping memory_;
  UniqueFd socket_;
  MessageStream stream_{Direction::to_agent};
  std::deque<Heard> heard_;
};

}  // namespace bh::gui::test
