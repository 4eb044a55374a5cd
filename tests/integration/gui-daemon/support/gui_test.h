// GuiTest: an X server, our daemon as a real program, and a fake agent on its channel. No VM.
#pragma once

#include <gtest/gtest.h>

#include "base/temp_dir.h"
#include "tests/integration/gui-daemon/support/desktop.h"
#include "tests/integration/gui-daemon/support/fake_agent.h"
#include "tests/integration/gui-daemon/support/xvfb.h"
#include "tests/tools/screenshot/frame_finder.h"

namespace bh::gui::test {

inline constexpr std::uint32_t kBlue = 0x3465a4;
inline constexpr WindowId kWindow{0x200001};

class GuiTest : public ::testing::Test {
 protected:
  // One X server for all tests of a binary: starting it is what takes time.
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;
  void TearDown() override;

  void start_daemon(std::vector<std::string> const& more_options = {});
  [[nodiscard]] bool daemon_running() const { return daemon_->running(); }

  // CREATE and MAP of a window, then waits until it is on the screen.
  Seen open_window(WindowId id, std::int32_t x, std::int32_t y, std::uint32_t width, std::uint32_t height, bool popup = false);
  // Fills the whole of a buffer, dumps and damages it, and waits for FRAME_DONE.
  void paint_window(WindowId id, std::uint64_t offset, std::uint32_t width, std::uint32_t height, std::uint32_t rgb);
  // The frames of the label colour that are seen on the screen now.
  [[nodiscard]] std::vector<tools::FoundFrame> frames(std::uint32_t colour = kBlue) const { return tools::find_frames(desktop().look(), colour); }
  // All pixels of F's rim, `thickness` deep on all four sides, have the colour.
  [[nodiscard]] bool framed(Seen const& window, std::uint32_t thickness, std::uint32_t colour = kBlue) const;
  [[nodiscard]] bool gone(WindowId id) const;

  [[nodiscard]] static Desktop const& desktop() { return *desktop_; }
  FakeAgent& agent() { return *agent_; }

 private:
  static std::optional<Xvfb> xvfb_;
  static std::unique_ptr<Desktop> desktop_;
  std::optional<TempDir> folder_;
  UniqueFd memory_;
  std::optional<ChildProcess> daemon_;
  std::unique_ptr<FakeAgent> agent_;
};

}  // namespace bh::gui::test
