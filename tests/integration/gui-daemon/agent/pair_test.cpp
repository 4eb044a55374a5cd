// Agent, real daemon, foot, X server and window manager: the whole way of a key and of a pixel, without a VM.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "agent_process.h"
#include "tests/integration/gui-daemon/support/desktop.h"
#include "tests/integration/gui-daemon/support/xvfb.h"
#include "tests/tools/screenshot/frame_finder.h"

namespace bh::gui_agent_test {
namespace {

using gui::test::Desktop;
using gui::test::eventually;
using gui::test::Seen;
using gui::test::Xvfb;

constexpr std::uint32_t kBlue = 0x3465A4;
constexpr std::uint32_t kBackground = 0x102030;
constexpr std::uint8_t kKeyE = 26;  // X key codes of the evdev rules
constexpr std::uint8_t kKeyReturn = 36;

Result<ChildProcess> start(std::vector<std::string> argv, std::vector<std::pair<std::string, std::optional<std::string>>> environment,
                           std::vector<std::pair<UniqueFd const*, int>> fds = {}) {
  SpawnOptions options;
  options.argv = std::move(argv);
  options.environment = std::move(environment);
  options.fds = std::move(fds);
  options.die_with_parent = true;
  return ChildProcess::spawn(options);
}

// A window manager has taken this display.
bool managed(std::string const& display) {
  std::unique_ptr<xcb_connection_t, decltype(&xcb_disconnect)> const x(xcb_connect(display.c_str(), nullptr), &xcb_disconnect);
  if (xcb_connection_has_error(x.get()) != 0) return false;
  xcb_window_t const root = xcb_setup_roots_iterator(xcb_get_setup(x.get())).data->root;
  std::string_view const name = "_NET_SUPPORTING_WM_CHECK";
  std::unique_ptr<xcb_intern_atom_reply_t, decltype(&std::free)> const atom(
      xcb_intern_atom_reply(x.get(), xcb_intern_atom(x.get(), 0, static_cast<std::uint16_t>(name.size()), name.data()), nullptr), &std::free);
  if (!atom) return false;
  auto const asked = xcb_get_property(x.get(), 0, root, atom->atom, XCB_ATOM_WINDOW, 0, 1);
  std::unique_ptr<xcb_get_property_reply_t, decltype(&std::free)> const value(xcb_get_property_reply(x.get(), asked, nullptr), &std::free);
  return value && xcb_get_property_value_length(value.get()) == 4;
}

class AgentAndDaemon : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/usr/bin/foot") || !std::filesystem::exists("/usr/bin/openbox")) {
      GTEST_SKIP() << "foot or openbox is not installed";
    }
    xvfb.emplace(*Xvfb::start());
    desktop = std::make_unique<Desktop>(xvfb->display());
    manager.emplace(*start({"/usr/bin/openbox"}, {{"DISPLAY", xvfb->display()}, {"HOME", agent.folder().string()}}));
    ASSERT_TRUE(eventually([&] { return managed(xvfb->display()); })) << "openbox did not come up";
    start_daemon();
  }
  void start_daemon() {
    daemon.emplace(*start({std::string(std::getenv("BH_BIN")) + "/bulkhead-gui-daemon", "--domain", "7", "--name", "work", "--label", "blue",
                           "--window-memory-fd", "7"},
                          {{"DISPLAY", xvfb->display()}, {"VCHAN_SOCKET_DIR", agent.vchan_directory().string()}, {"VCHAN_DOMAIN", "0"}},
                          {{&agent.memory(), 7}}));
  }
  void TearDown() override {
    for (auto* process : {&foot, &daemon, &manager}) {
      if (!*process) continue;
      EXPECT_TRUE((*process)->terminate(std::chrono::seconds(20)));
    }
    desktop.reset();
    xvfb.reset();
  }
  void start_foot() {
    std::ofstream(agent.folder() / "foot.ini") << "[colors]\nbackground=102030\nforeground=ffffff\n[main]\ninitial-window-size-pixels=500x300\n";
    foot.emplace(*start({"/usr/bin/foot", "--config", (agent.folder() / "foot.ini").string(), "--title", "terminal", "/bin/cat"},
                        agent.client_environment()));
  }
  // The frame's window, once the terminal's background fills most of it.
  std::optional<Seen> terminal() {
    std::optional<Seen> found;
    (void)eventually([&] {
      auto const windows = desktop->windows();
      if (windows.size() != 1 || !windows[0].viewable) return false;
      found = windows[0];
      return count(*found, [](std::uint32_t pixel) { return pixel == kBackground; }) > std::ptrdiff_t{found->width} * found->height * 3 / 4;
    });
    return found;
  }
  template <class Wanted>
  std::ptrdiff_t count(Seen const& area, Wanted wanted) const {
    auto const image = desktop->look();
    std::ptrdiff_t counted = 0;
    for (std::uint32_t y = 0; y < area.height; ++y) {
      for (std::uint32_t x = 0; x < area.width; ++x) {
        counted += wanted(image.at(static_cast<std::uint32_t>(area.x) + x, static_cast<std::uint32_t>(area.y) + y)) ? 1 : 0;
      }
    }
    return counted;
  }
  // For a person to look at, when BH_SCREENSHOTS names a folder.
  void photograph(std::string const& name) const {
    if (char const* const folder = std::getenv("BH_SCREENSHOTS")) {
      EXPECT_TRUE(tools::write_png(desktop->look(), std::filesystem::path(folder) / (name + ".png")));
    }
  }

  AgentProcess agent;
  std::optional<Xvfb> xvfb;
  std::unique_ptr<Desktop> desktop;
  std::optional<ChildProcess> manager;
  std::optional<ChildProcess> daemon;
  std::optional<ChildProcess> foot;
};

TEST_F(AgentAndDaemon, ATerminalStandsInItsFrameAndTypedKeysShow) {
  start_foot();
  auto const shown = terminal();
  ASSERT_TRUE(shown) << "no terminal on the screen";
  EXPECT_EQ(tools::find_frames(desktop->look(), kBlue).size(), 1U);
  photograph("terminal");

  // Click into it, type, and look again.
  desktop->move_pointer(shown->x + static_cast<int>(shown->width / 2), shown->y + static_cast<int>(shown->height / 2));
  desktop->button(1, true);
  desktop->button(1, false);
  auto const inked = [&] { return count(*terminal(), [](std::uint32_t pixel) { return pixel != kBackground && pixel != kBlue; }); };
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  auto const before = inked();
  for (int i = 0; i < 8; ++i) {
    desktop->key(kKeyE, true);
    desktop->key(kKeyE, false);
  }
  desktop->key(kKeyReturn, true);
  desktop->key(kKeyReturn, false);
  EXPECT_TRUE(eventually([&] { return inked() > before + 100; })) << "typed keys do not show";
  photograph("typed");

  desktop->configure(shown->window, XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT, {720, 450});
  EXPECT_TRUE(eventually([&] {
    auto const now = desktop->windows();
    return now.size() == 1 && now[0].width == 720 && now[0].height == 450 &&
           count(now[0], [](std::uint32_t pixel) { return pixel == kBackground; }) > 720 * 450 * 3 / 4;
  })) << "the terminal did not fill the window's new size";
  photograph("resized");

  desktop->send_delete(shown->window);
  EXPECT_TRUE(eventually([&] { return desktop->windows().empty(); })) << "closing does not reach the terminal";
  auto const ended = foot->wait(Clock::now() + std::chrono::seconds(30));
  EXPECT_TRUE(ended && ended->has_value());
}

TEST_F(AgentAndDaemon, AWindowManagerThatComesLaterTakesTheWindowsThatAreThere) {
  ASSERT_TRUE(manager->terminate(std::chrono::seconds(20)));
  start_foot();
  auto const before = terminal();
  ASSERT_TRUE(before);
  EXPECT_TRUE(before->x == 0 && before->y == 0) << "without a window manager it should stand where the guest put it";
  manager.emplace(*start({"/usr/bin/openbox"}, {{"DISPLAY", xvfb->display()}, {"HOME", agent.folder().string()}}));
  // Placed, not left in the corner, and with the keyboard: nobody clicks into it here.
  EXPECT_TRUE(eventually([&] {
    auto const now = desktop->windows();
    return now.size() == 1 && now[0].viewable && (now[0].x != 0 || now[0].y != 0);
  })) << "the window manager did not place it";
  auto const shown = terminal();
  ASSERT_TRUE(shown);
  auto const inked = [&] { return count(*terminal(), [](std::uint32_t pixel) { return pixel != kBackground && pixel != kBlue; }); };
  auto const at_first = inked();
  EXPECT_TRUE(eventually([&] {
    for (int i = 0; i < 4; ++i) {
      desktop->key(kKeyE, true);
      desktop->key(kKeyE, false);
    }
    return inked() > at_first + 100;
  })) << "typed keys do not show";
  photograph("managed-later");
}

TEST_F(AgentAndDaemon, DestroyingTheFrameClosesTheTerminal) {
  start_foot();
  auto const shown = terminal();
  ASSERT_TRUE(shown);
  desktop->destroy(shown->window);
  auto const ended = foot->wait(Clock::now() + std::chrono::seconds(30));
  EXPECT_TRUE(ended && ended->has_value()) << "the program did not learn that its window was closed";
  EXPECT_TRUE(eventually([&] { return desktop->windows().empty(); }));
}

TEST_F(AgentAndDaemon, TheTerminalOutlivesTheDaemon) {
  start_foot();
  ASSERT_TRUE(terminal());
  ASSERT_TRUE(daemon->terminate(std::chrono::seconds(20)));
  ASSERT_TRUE(eventually([&] { return desktop->windows().empty(); }));
  EXPECT_TRUE(foot->running());
  start_daemon();
  EXPECT_TRUE(terminal()) << "the terminal did not come back";
  photograph("returned");
}

}  // namespace
}  // namespace bh::gui_agent_test
