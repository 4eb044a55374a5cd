// A real terminal through the agent: it appears, and typed keys change its pixels.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "agent_process.h"
#include "fake_daemon.h"

namespace bh::gui_agent_test {
namespace {

namespace to = gui::to_agent;

constexpr std::uint32_t kKeyE = 26;  // X key codes of the evdev rules
constexpr std::uint32_t kKeyReturn = 36;
constexpr std::uint32_t kBackground = 0x102030;

// A terminal that says what it got: cat echoes by the tty.
Result<ChildProcess> start_foot(AgentProcess const& agent) {
  std::ofstream(agent.folder() / "foot.ini") << "[colors]\nbackground=102030\nforeground=ffffff\n";
  SpawnOptions options;
  options.argv = {"/usr/bin/foot", "--config", (agent.folder() / "foot.ini").string(), "--title", "terminal", "/bin/cat"};
  options.environment = agent.client_environment();
  options.die_with_parent = true;
  return ChildProcess::spawn(options);
}

TEST(AgentFoot, ShowsATerminalAndWhatIsTypedIntoIt) {
  if (!std::filesystem::exists("/usr/bin/foot")) GTEST_SKIP() << "foot is not installed";
  AgentProcess agent;
  FakeDaemon daemon(agent.vchan_directory(), agent.memory(), agent.memory_size());
  daemon.connect();
  auto foot = start_foot(agent);
  ASSERT_TRUE(foot) << foot.error().message;

  std::optional<gui::WindowId> window;
  ASSERT_TRUE(daemon.until([&] {
    window = daemon.find([](SeenWindow const& w) { return w.mapped && w.damages > 0 && w.app_id == "foot"; });
    return window.has_value();
  })) << "foot's window did not appear";
  ASSERT_TRUE(daemon.until([&] { return daemon.pixel(*window, 1, 1) == kBackground; })) << "the background has the wrong colour";

  daemon.send(*window, to::KeymapNotify{});
  daemon.send(*window, to::Focus{true, 0, 0});
  daemon.read_for(std::chrono::milliseconds(1500));
  auto const before = daemon.pixels(*window);
  for (int i = 0; i < 5; ++i) {
    daemon.send(*window, to::Key{true, 5, 5, 0, kKeyE});
    daemon.send(*window, to::Key{false, 5, 5, 0, kKeyE});
  }
  daemon.send(*window, to::Key{true, 5, 5, 0, kKeyReturn});
  daemon.send(*window, to::Key{false, 5, 5, 0, kKeyReturn});
  // Typed once and answered once by cat.
  auto const inked = [](std::vector<std::uint32_t> const& all) {
    return std::count_if(all.begin(), all.end(), [](std::uint32_t pixel) { return pixel != kBackground; });
  };
  EXPECT_TRUE(daemon.until([&] { return inked(daemon.pixels(*window)) > inked(before) + 100; })) << "typed letters do not show";

  daemon.send(*window, to::Configure{50, 60, 700, 500, false});
  EXPECT_TRUE(daemon.until([&] {
    auto const& seen = daemon.windows()[*window];
    return seen.width == 700 && seen.height == 500 && seen.dump && seen.dump->extent == gui::Extent::of(700, 500);
  })) << "the terminal did not follow the desktop's size";

  daemon.send(*window, to::Close{});
  EXPECT_TRUE(daemon.until([&] { return daemon.windows().empty(); })) << "the window did not close";
  auto const ended = foot->wait(Clock::now() + FakeDaemon::kPatience);
  ASSERT_TRUE(ended);
  EXPECT_TRUE(ended->has_value());
}

}  // namespace
}  // namespace bh::gui_agent_test
