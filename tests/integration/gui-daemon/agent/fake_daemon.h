// FakeDaemon: the other end of the agent's channel, for tests. It keeps what the agent announced, checked by the same layer that the
// real daemon uses, and answers as the extension wants; flow control can be held back.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/mapping.h"
#include "base/posix_io.h"
#include "gui-daemon/protocol/checked_message.h"
#include "gui-daemon/protocol/to_agent.h"
#include "hypervisor/vchan/channel_name.h"

namespace bh::gui_agent_test {

struct SeenWindow {
  bool override_redirect = false;
  bool mapped = false;
  gui::WindowId transient_for = gui::kNoWindow;
  int x = 0;
  int y = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::string title;
  std::string app_id;
  std::optional<gui::checked::WindowHints> hints;
  std::uint32_t flags = 0;
  std::optional<gui::checked::MemoryDump> dump;
  std::optional<gui::Area> last_damage;
  int damages = 0;
  int unanswered = 0;  // SHMIMAGEs without FRAME_DONE
  int most_unanswered = 0;
  int configures = 0;
};

class FakeDaemon {
 public:
  static constexpr std::chrono::seconds kPatience{30};
  static constexpr DomainId kQube{7};

  FakeDaemon(std::filesystem::path vchan_directory, UniqueFd const& memory, std::size_t memory_size);

  // Connects and shakes hands; the test fails where it goes wrong.
  void connect(std::uint32_t screen_width = 1280, std::uint32_t screen_height = 800);
  void disconnect();
  void send(gui::WindowId window, gui::to_agent::Message const& message);
  // Reads until `wanted` holds. False: patience ran out or the agent hung up.
  bool until(std::function<bool()> const& wanted, std::chrono::milliseconds patience = kPatience);
  // Reads for that long, whatever comes.
  void read_for(std::chrono::milliseconds time);

  std::map<gui::WindowId, SeenWindow>& windows() { return windows_; }
  // The only window, or the newest that satisfies; fails the test if there is none.
  std::optional<gui::WindowId> find(std::function<bool(SeenWindow const&)> const& wanted) const;
  // 0xRRGGBB of the window's buffer; nullopt outside of it.
  std::optional<std::uint32_t> pixel(gui::WindowId window, int x, int y) const;
  // All pixels of the window's buffer.
  std::vector<std::uint32_t> pixels(gui::WindowId window) const;

  bool answer_frames = true;
  // Answers the SHMIMAGEs held back.
  void answer_held_frames();

 private:
  bool read_once(Deadline deadline);
  void handle(gui::RawMessage const& raw);
  void handle_checked(gui::WindowId id, gui::checked::Message const& message);
  void replace_dump(gui::WindowId id, SeenWindow& window, std::optional<gui::checked::MemoryDump> dump);

  std::filesystem::path directory_;
  Mapping memory_;
  UniqueFd stream_;
  gui::MessageStream incoming_{gui::Direction::to_daemon};
  std::map<gui::WindowId, SeenWindow> windows_;
};

}  // namespace bh::gui_agent_test
