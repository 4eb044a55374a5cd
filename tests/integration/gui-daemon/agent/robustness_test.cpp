// Broken clients, a daemon that comes and goes, full memory, and quiet.
#include <sys/mman.h>
#include <sys/socket.h>

#include <unistd.h>
#include <fstream>

#include "agent_test.h"
#include "gui-daemon/protocol/handshake.h"
#include "hypervisor/vchan/client.h"

namespace bh::gui_agent_test {
namespace {

namespace to = gui::to_agent;
constexpr std::uint32_t kRed = 0xFFCC0000;
constexpr std::uint32_t kBlue = 0xFF0000CC;

// The agent ends this connection.
bool hangs_up(UniqueFd const& stream) {
  std::array<std::byte, 4096> chunk{};
  auto const deadline = Clock::now() + FakeDaemon::kPatience;
  while (*wait_for(stream, POLLIN, deadline)) {
    auto const got = read_some(stream, chunk);
    if (!got || *got == 0) return true;
  }
  return false;
}

TEST_F(AgentTest, ADaemonThatReturnsGetsEveryWindowAgain) {
  auto const buffer = client.buffer(300, 200, kRed);
  auto const shown = show(*buffer, "survivor");
  auto const menu = client.popup(*shown, 20, 30, 80, 60);
  auto const content = client.buffer(80, 60, kBlue);
  menu->attach(*content);
  menu->commit();
  ASSERT_TRUE(until([&] { return daemon.windows().size() == 2; }));
  daemon.disconnect();
  // The client draws on while nobody looks, and gets its callbacks by the slow tick.
  auto const next = client.buffer(300, 200, 0xFF123456);
  shown->attach(*next);
  shown->ask_frame();
  shown->commit();
  auto const deadline = Clock::now() + FakeDaemon::kPatience;
  while (shown->frames == 0 && Clock::now() < deadline) {
    ASSERT_TRUE(client.dispatch());
    ::usleep(2000);
  }
  EXPECT_EQ(shown->frames, 1);

  daemon.connect(1600, 900);
  ASSERT_TRUE(until([&] { return daemon.windows().size() == 2 && window_titled("survivor") && seen(*window_titled("survivor")).damages > 0; }));
  auto const id = *window_titled("survivor");
  EXPECT_EQ(daemon.pixel(id, 299, 199), 0x123456U);
  EXPECT_EQ(seen(id).app_id, "test.app");
  ASSERT_TRUE(until([&] { return client.output_width == 1600 && client.output_height == 900; }));
  auto const popup = daemon.find([](SeenWindow const& w) { return w.override_redirect; });
  ASSERT_TRUE(popup);
  EXPECT_TRUE(until([&] { return daemon.pixel(*popup, 0, 0) == 0xCCU; }));
}

TEST_F(AgentTest, ADaemonThatTalksNonsenseIsLeftAndListenedForAgain) {
  auto const buffer = client.buffer(100, 100, kRed);
  auto const shown = show(*buffer);
  ByteWriter nonsense;
  nonsense.u32_le(124).u32_le(1).u32_le(7);  // KEYPRESS of seven bytes
  daemon.disconnect();
  auto stream = vchan::connect(agent.vchan_directory(), {FakeDaemon::kQube, kDom0, vchan::Port{6000}}, Clock::now() + FakeDaemon::kPatience);
  ASSERT_TRUE(stream);
  ASSERT_TRUE(write_all(*stream, gui::encode_version(gui::kOurVersion)));
  ASSERT_TRUE(write_all(*stream, gui::encode_screen_info(gui::ScreenInfo::of(640, 480))));
  ASSERT_TRUE(write_all(*stream, nonsense.view()));
  EXPECT_TRUE(hangs_up(*stream));
  daemon.connect();
  EXPECT_TRUE(until([&] { return window_titled("window").has_value(); }));
}

TEST_F(AgentTest, AWrongVersionIsRefused) {
  daemon.disconnect();
  auto stream = vchan::connect(agent.vchan_directory(), {FakeDaemon::kQube, kDom0, vchan::Port{6000}}, Clock::now() + FakeDaemon::kPatience);
  ASSERT_TRUE(stream);
  ASSERT_TRUE(write_all(*stream, gui::encode_version({2, 0})));
  EXPECT_TRUE(hangs_up(*stream));
  daemon.connect();
}

TEST_F(AgentTest, AClientThatTruncatesItsPoolEndsAlone) {
  auto const healthy = client.buffer(100, 100, kRed);
  auto const shown = show(*healthy, "healthy");
  WaylandClient bad((agent.folder() / AgentProcess::kSocket).string());
  auto const window = bad.toplevel("bad", "bad.app");
  auto const buffer = bad.buffer(200, 200, kBlue);
  window->attach(*buffer);
  ASSERT_EQ(::ftruncate(buffer->file().borrow(), 0), 0);
  window->commit();
  EXPECT_TRUE(until([&] { return !bad.dispatch(); })) << "the client was not told";
  healthy->fill(0, 0, 100, 100, kBlue);
  shown->attach(*healthy);
  shown->commit();
  EXPECT_TRUE(until([&] { return daemon.pixel(*window_titled("healthy"), 50, 50) == 0xCCU; }));
}

TEST_F(AgentTest, ABufferWithOverlappingRowsIsRefused) {
  WaylandClient bad((agent.folder() / AgentProcess::kSocket).string());
  UniqueFd const file(::memfd_create("short", MFD_CLOEXEC));
  ASSERT_EQ(::ftruncate(file.borrow(), 4096), 0);
  wl_shm_pool* const pool = wl_shm_create_pool(bad.shm, file.borrow(), 4096);
  // libwayland compares the stride with the width in pixels, not in bytes.
  wl_buffer* const buffer = wl_shm_pool_create_buffer(pool, 0, 64, 64, 64, WL_SHM_FORMAT_XRGB8888);
  auto const window = bad.toplevel("bad", "bad.app");
  wl_surface_attach(window->surface, buffer, 0, 0);
  window->commit();
  EXPECT_TRUE(until([&] { return !bad.dispatch(); }));
  EXPECT_TRUE(agent.process().running());
}

TEST_F(AgentTest, ADyingClientTakesItsWindowsAlongAndNothingElse) {
  auto const buffer = client.buffer(100, 100, kRed);
  auto const shown = show(*buffer, "stays");
  {
    WaylandClient brief((agent.folder() / AgentProcess::kSocket).string());
    auto const window = brief.toplevel("goes", "brief.app");
    auto const content = brief.buffer(100, 100, kBlue);
    window->attach(*content);
    window->commit();
    ASSERT_TRUE(until([&] { return brief.dispatch() && window_titled("goes").has_value(); }));
    daemon.send(*window_titled("goes"), to::Focus{true, 0, 0});
    auto const menu = brief.popup(*window, 1, 1, 10, 10);
    xdg_popup_grab(menu->popup, brief.seat, brief.last_serial);
    menu->attach(*content);
    menu->commit();
    brief.roundtrip();
    // The connection goes first, with all objects alive.
    ::shutdown(wl_display_get_fd(brief.display), SHUT_RDWR);
  }
  EXPECT_TRUE(until([&] { return daemon.windows().size() == 1 && window_titled("stays"); }));
}

TEST_F(AgentTest, ClientsThatBreakTheProtocolAreCutAndTheAgentLives) {
  auto const broken = [&](std::function<void(WaylandClient&)> const& sin) {
    WaylandClient bad((agent.folder() / AgentProcess::kSocket).string());
    sin(bad);
    EXPECT_TRUE(until([&] { return !bad.dispatch(); }));
  };
  broken([](WaylandClient& bad) {  // a buffer before configure
    wl_surface* const surface = wl_compositor_create_surface(bad.compositor);
    auto* const shell = xdg_wm_base_get_xdg_surface(bad.wm_base, surface);
    xdg_surface_get_toplevel(shell);
    static std::unique_ptr<ShmBuffer> buffer;
    auto* const shm = bad.shm;
    UniqueFd const file(::memfd_create("b", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(file.borrow(), 4096), 0);
    auto* const pool = wl_shm_create_pool(shm, file.borrow(), 4096);
    wl_surface_attach(surface, wl_shm_pool_create_buffer(pool, 0, 4, 4, 16, WL_SHM_FORMAT_XRGB8888), 0, 0);
    wl_surface_commit(surface);
  });
  broken([](WaylandClient& bad) {  // a second role
    wl_surface* const surface = wl_compositor_create_surface(bad.compositor);
    xdg_surface_get_toplevel(xdg_wm_base_get_xdg_surface(bad.wm_base, surface));
    xdg_surface_get_toplevel(xdg_wm_base_get_xdg_surface(bad.wm_base, surface));
  });
  broken([](WaylandClient& bad) {  // its own parent
    wl_surface* const surface = wl_compositor_create_surface(bad.compositor);
    wl_subcompositor_get_subsurface(bad.subcompositor, surface, surface);
  });
  broken([](WaylandClient& bad) {  // a popup without a positioner's size
    auto* const parent = xdg_wm_base_get_xdg_surface(bad.wm_base, wl_compositor_create_surface(bad.compositor));
    auto* const shell = xdg_wm_base_get_xdg_surface(bad.wm_base, wl_compositor_create_surface(bad.compositor));
    xdg_surface_get_popup(shell, parent, xdg_wm_base_create_positioner(bad.wm_base));
  });
  broken([](WaylandClient& bad) {  // the xdg_surface before its role
    auto* const shell = xdg_wm_base_get_xdg_surface(bad.wm_base, wl_compositor_create_surface(bad.compositor));
    xdg_surface_get_toplevel(shell);
    xdg_surface_destroy(shell);
  });
  broken([](WaylandClient& bad) {  // more windows than there may be
    for (int i = 0; i < 600; ++i) {
      xdg_surface_get_toplevel(xdg_wm_base_get_xdg_surface(bad.wm_base, wl_compositor_create_surface(bad.compositor)));
    }
  });
  auto const buffer = client.buffer(100, 100, kRed);
  auto const shown = show(*buffer, "after all that");
  EXPECT_TRUE(agent.process().running());
}

TEST_F(AgentTest, DamageOfAbsurdSizeIsClipped) {
  auto const buffer = client.buffer(100, 100, kRed);
  auto const shown = show(*buffer);
  buffer->fill(0, 0, 100, 100, kBlue);
  wl_surface_attach(shown->surface, buffer->get(), 0, 0);
  wl_surface_damage(shown->surface, -2147483647, -2147483647, 2147483647, 2147483647);
  wl_surface_damage_buffer(shown->surface, 5, 5, 2147483647, 2147483647);
  shown->commit();
  auto const id = *window_titled("window");
  ASSERT_TRUE(until([&] { return seen(id).damages == 2; }));
  EXPECT_EQ(daemon.pixel(id, 99, 99), 0xCCU);
}

class SmallMemory : public ::testing::Test {};

TEST_F(SmallMemory, AWindowThatDoesNotFitKeepsItsFormerSize) {
  AgentProcess agent(std::size_t{1} << 20);
  FakeDaemon daemon(agent.vchan_directory(), agent.memory(), agent.memory_size());
  daemon.connect();
  WaylandClient client((agent.folder() / AgentProcess::kSocket).string());
  auto const until = [&](std::function<bool()> const& wanted) {
    return daemon.until([&] {
      client.dispatch();
      daemon.read_for(std::chrono::milliseconds(2));
      return wanted();
    });
  };
  auto const small = client.buffer(200, 200, kRed);
  auto const shown = client.toplevel("w", "a");
  shown->attach(*small);
  shown->commit();
  ASSERT_TRUE(until([&] { return daemon.windows().size() == 1 && daemon.windows().begin()->second.damages == 1; }));
  auto const id = daemon.windows().begin()->first;
  auto const huge = client.buffer(1000, 1000, kBlue);
  shown->attach(*huge);
  shown->commit();
  ASSERT_TRUE(until([&] { return daemon.windows()[id].damages == 2; }));
  EXPECT_EQ(daemon.windows()[id].dump->extent, gui::Extent::of(200, 200));
  EXPECT_EQ(daemon.pixel(id, 199, 199), 0xCCU);
}

// Context switches that the process asked for by itself: it grows with every sleep and waking.
long wakeups(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  while (status >> word) {
    if (word == "voluntary_ctxt_switches:") {
      long value = 0;
      status >> value;
      return value;
    }
  }
  return -1;
}

TEST_F(AgentTest, AnIdleAgentSleeps) {
  auto const buffer = client.buffer(100, 100, kRed);
  auto const shown = show(*buffer);
  run_for(std::chrono::milliseconds(1500));
  long const before = wakeups(agent.process().pid());
  ::sleep(2);
  EXPECT_EQ(wakeups(agent.process().pid()), before);
}

}  // namespace
}  // namespace bh::gui_agent_test
