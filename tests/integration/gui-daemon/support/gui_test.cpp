#include "tests/integration/gui-daemon/support/gui_test.h"

#include <cstdlib>

namespace bh::gui::test {

std::optional<Xvfb> GuiTest::xvfb_;
std::unique_ptr<Desktop> GuiTest::desktop_;

void GuiTest::SetUpTestSuite() {
  auto xvfb = Xvfb::start();
  ASSERT_TRUE(xvfb.ok()) << xvfb.error().message;
  xvfb_.emplace(*std::move(xvfb));
  desktop_ = std::make_unique<Desktop>(xvfb_->display());
}

void GuiTest::TearDownTestSuite() {
  desktop_.reset();
  xvfb_.reset();
}

void GuiTest::SetUp() {
  ASSERT_NE(std::getenv("BH_BIN"), nullptr) << "BH_BIN names the folder of the programs";
  ASSERT_TRUE(xvfb_.has_value());
  auto folder = TempDir::create("gui-test");
  ASSERT_TRUE(folder.ok());
  folder_.emplace(*std::move(folder));
  auto memory = make_sealed_memory("window-memory", kWindowMemory);
  ASSERT_TRUE(memory.ok());
  memory_ = *std::move(memory);
  agent_ = std::make_unique<FakeAgent>(folder_->path(), memory_);
  desktop_->move_pointer(1020, 760);
}

void GuiTest::TearDown() {
  agent_.reset();
  if (!daemon_) return;
  auto const ended = daemon_->terminate(std::chrono::seconds(20));
  ASSERT_TRUE(ended.ok());
  // SIGTERM ends it by itself; a crash (or a sanitizer's complaint) shows here.
  EXPECT_EQ(ended->code, 0);
}

void GuiTest::start_daemon(std::vector<std::string> const& more_options) {
  SpawnOptions options;
  options.argv = {std::string(std::getenv("BH_BIN")) + "/bulkhead-gui-daemon", "--domain", "5", "--name", "work", "--label", "blue", "--window-memory-fd", "7"};
  options.argv.insert(options.argv.end(), more_options.begin(), more_options.end());
  options.fds = {{&memory_, 7}};
  options.environment = {{"DISPLAY", desktop_->display()}, {"VCHAN_SOCKET_DIR", folder_->path().string()}, {"VCHAN_DOMAIN", "0"}};
  options.die_with_parent = true;
  auto daemon = ChildProcess::spawn(options);
  ASSERT_TRUE(daemon.ok()) << daemon.error().message;
  daemon_.emplace(*std::move(daemon));
  ASSERT_TRUE(agent_->connect());
}

Seen GuiTest::open_window(WindowId id, std::int32_t x, std::int32_t y, std::uint32_t width, std::uint32_t height, bool popup) {
  agent_->say(id, from_agent::Create{x, y, width, height, kNoWindow, popup});
  agent_->say(id, from_agent::WindowName{"a title"});
  agent_->say(id, from_agent::Map{kNoWindow, popup});
  std::vector<Seen> seen;
  EXPECT_TRUE(eventually([&] {
    seen = desktop_->windows(id);
    return seen.size() == 1 && seen[0].viewable;
  }));
  return seen.empty() ? Seen{} : seen[0];
}

void GuiTest::paint_window(WindowId id, std::uint64_t offset, std::uint32_t width, std::uint32_t height, std::uint32_t rgb) {
  agent_->fill(offset, width, 0, 0, width, height, rgb);
  agent_->say(id, from_agent::MemoryDump{width, height, offset});
  agent_->say(id, from_agent::Damage{0, 0, width, height});
  EXPECT_TRUE(agent_->hear<to_agent::FrameDone>(id).has_value());
}

bool GuiTest::framed(Seen const& window, std::uint32_t thickness, std::uint32_t colour) const {
  auto const image = desktop_->look();
  for (std::uint32_t y = 0; y < window.height; ++y) {
    for (std::uint32_t x = 0; x < window.width; ++x) {
      bool const rim = x < thickness || y < thickness || x >= window.width - thickness || y >= window.height - thickness;
      if (rim && image.at(static_cast<std::uint32_t>(window.x) + x, static_cast<std::uint32_t>(window.y) + y) != colour) return false;
    }
  }
  return true;
}

bool GuiTest::gone(WindowId id) const {
  return eventually([&] { return desktop_->windows(id).empty(); });
}

}  // namespace bh::gui::test
