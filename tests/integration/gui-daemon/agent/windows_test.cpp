// Windows of a Wayland client as the daemon sees them.
#include <viewporter-client-protocol.h>

#include "agent_test.h"

namespace bh::gui_agent_test {
namespace {

namespace to = gui::to_agent;
constexpr std::uint32_t kRed = 0xFFCC0000;
constexpr std::uint32_t kBlue = 0xFF0000CC;
constexpr std::uint32_t kGreen = 0xFF00CC00;
std::uint32_t rgb(std::uint32_t colour) { return colour & 0xFFFFFF; }

TEST_F(AgentTest, AWindowAppearsWithItsPixelsTitleAndClass) {
  auto const buffer = client.buffer(300, 200, kRed);
  buffer->fill(10, 20, 5, 5, kBlue);
  auto const shown = show(*buffer, "hello");
  auto const id = *window_titled("hello");
  EXPECT_EQ(seen(id).width, 300U);
  EXPECT_EQ(seen(id).height, 200U);
  EXPECT_EQ(seen(id).app_id, "test.app");
  EXPECT_FALSE(seen(id).override_redirect);
  EXPECT_EQ(daemon.pixel(id, 0, 0), rgb(kRed));
  EXPECT_EQ(daemon.pixel(id, 299, 199), rgb(kRed));
  EXPECT_EQ(daemon.pixel(id, 12, 22), rgb(kBlue));
  EXPECT_TRUE(until([&] { return buffer->releases() == 1; })) << "the client never gets its buffer back";
}

TEST_F(AgentTest, OnlyDamageIsCopied) {
  auto const buffer = client.buffer(100, 100, kRed);
  auto const shown = show(*buffer);
  auto const id = *window_titled("window");
  buffer->fill(0, 0, 100, 100, kBlue);
  wl_surface_attach(shown->surface, buffer->get(), 0, 0);
  shown->damage(40, 50, 10, 10);
  shown->commit();
  ASSERT_TRUE(until([&] { return seen(id).damages == 2; }));
  EXPECT_EQ(*seen(id).last_damage, (gui::Area{40, 50, 10, 10}));
  EXPECT_EQ(daemon.pixel(id, 45, 55), rgb(kBlue));
  EXPECT_EQ(daemon.pixel(id, 39, 50), rgb(kRed));
  EXPECT_EQ(daemon.pixel(id, 50, 59), rgb(kRed));
}

TEST_F(AgentTest, TheDesktopsSizeGoesToTheClientAndBack) {
  auto const small = client.buffer(100, 100, kRed);
  auto const shown = show(*small);
  auto const id = *window_titled("window");
  daemon.send(id, to::Configure{30, 40, 250, 150, false});
  ASSERT_TRUE(until([&] { return shown->width == 250 && shown->height == 150; }));
  EXPECT_EQ(seen(id).configures, 0) << "answered before the client did";
  auto const large = client.buffer(250, 150, kBlue);
  shown->attach(*large);
  shown->commit();
  ASSERT_TRUE(until([&] { return seen(id).configures == 1 && seen(id).dump && seen(id).dump->extent == gui::Extent::of(250, 150); }));
  EXPECT_EQ(seen(id).x, 30);
  EXPECT_EQ(seen(id).y, 40);
  EXPECT_EQ(seen(id).width, 250U);
  ASSERT_TRUE(until([&] { return daemon.pixel(id, 249, 149) == rgb(kBlue); }));
}

TEST_F(AgentTest, AClientThatRefusesTheSizeDoesNotQuarrelWithTheDesktop) {
  auto const small = client.buffer(100, 100, kRed);
  auto const shown = show(*small);
  auto const id = *window_titled("window");
  daemon.send(id, to::Configure{0, 0, 250, 150, false});
  ASSERT_TRUE(until([&] { return shown->width == 250; }));
  shown->attach(*small);
  shown->commit();
  ASSERT_TRUE(until([&] { return seen(id).configures == 1; }));
  run_for(std::chrono::milliseconds(200));
  EXPECT_EQ(seen(id).configures, 1);
  EXPECT_EQ(seen(id).width, 250U);
}

TEST_F(AgentTest, AClientThatGrowsByItselfAsksTheDesktop) {
  auto const small = client.buffer(100, 100, kRed);
  auto const shown = show(*small);
  auto const id = *window_titled("window");
  auto const large = client.buffer(180, 120, kGreen);
  shown->attach(*large);
  shown->commit();
  ASSERT_TRUE(until([&] { return seen(id).width == 180 && seen(id).height == 120 && daemon.pixel(id, 179, 119) == rgb(kGreen); }));
}

TEST_F(AgentTest, ResizingForLongDoesNotUseUpTheWindowMemory) {
  auto const first = client.buffer(100, 100, kRed);
  auto const shown = show(*first);
  auto const id = *window_titled("window");
  // 64 MiB hold eight buffers of this size.
  for (int i = 0; i < 40; ++i) {
    auto const next = client.buffer(2000 + i % 2, 1000, kRed + static_cast<std::uint32_t>(i));
    shown->attach(*next);
    shown->commit();
    ASSERT_TRUE(until([&] { return daemon.pixel(id, 1999, 999) == rgb(kRed + static_cast<std::uint32_t>(i)); })) << "at size " << i;
  }
}

TEST_F(AgentTest, NeverMoreThanOneUpdateIsUnderwayAndDamageIsUnitedMeanwhile) {
  auto const buffer = client.buffer(100, 100, kRed);
  auto const shown = show(*buffer);
  auto const id = *window_titled("window");
  daemon.answer_frames = false;
  for (int i = 0; i < 10; ++i) {
    buffer->fill(i * 10, 0, 10, 10, kGreen);
    wl_surface_attach(shown->surface, buffer->get(), 0, 0);
    shown->damage(i * 10, 0, 10, 10);
    shown->commit();
    client.roundtrip();
    run_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(seen(id).damages, 2);
  EXPECT_EQ(seen(id).most_unanswered, 1);
  daemon.answer_held_frames();
  ASSERT_TRUE(until([&] { return seen(id).damages == 3; }));
  EXPECT_EQ(*seen(id).last_damage, (gui::Area{10, 0, 90, 10}));
  EXPECT_EQ(daemon.pixel(id, 95, 5), rgb(kGreen));
}

TEST_F(AgentTest, FrameCallbacksFollowTheScreen) {
  auto const buffer = client.buffer(100, 100, kRed);
  auto const shown = show(*buffer);
  auto const id = *window_titled("window");
  daemon.answer_frames = false;
  shown->attach(*buffer);
  shown->ask_frame();
  shown->commit();
  ASSERT_TRUE(until([&] { return seen(id).unanswered == 1; }));
  EXPECT_EQ(shown->frames, 0) << "told before the update was on the screen";
  daemon.answer_held_frames();
  EXPECT_TRUE(until([&] { return shown->frames == 1; }));
  // Without damage nothing is sent, but the client must not hang.
  shown->ask_frame();
  shown->commit();
  EXPECT_TRUE(until([&] { return shown->frames == 2; }));
  EXPECT_EQ(seen(id).unanswered, 0);
}

TEST_F(AgentTest, APopupIsAnOverrideRedirectWindowBesideItsParent) {
  auto const buffer = client.buffer(300, 200, kRed);
  auto const shown = show(*buffer, "parent");
  auto const parent = *window_titled("parent");
  daemon.send(parent, to::Configure{100, 50, 300, 200, false});
  ASSERT_TRUE(until([&] { return seen(parent).x == 100; }));
  auto const menu = client.popup(*shown, 20, 30, 80, 60);
  EXPECT_EQ(menu->x, 20);
  EXPECT_EQ(menu->y, 30);
  auto const content = client.buffer(80, 60, kGreen);
  menu->attach(*content);
  menu->commit();
  std::optional<gui::WindowId> id;
  ASSERT_TRUE(until([&] {
    id = daemon.find([](SeenWindow const& w) { return w.override_redirect && w.mapped && w.damages > 0; });
    return id.has_value();
  }));
  EXPECT_EQ(seen(*id).x, 120);
  EXPECT_EQ(seen(*id).y, 80);
  EXPECT_EQ(seen(*id).width, 80U);
  EXPECT_EQ(seen(*id).transient_for, parent);
  EXPECT_EQ(daemon.pixel(*id, 79, 59), rgb(kGreen));
}

TEST_F(AgentTest, SubSurfacesAreDrawnIntoTheirParentAndLeaveItWhole) {
  auto const back = client.buffer(100, 100, kRed);
  auto const shown = show(*back);
  auto const id = *window_titled("window");
  // The parent's buffer is back with the client by now; what lies under the child must survive anyhow.
  ASSERT_TRUE(until([&] { return back->releases() == 1; }));
  back->fill(0, 0, 100, 100, 0);

  wl_surface* const child = wl_compositor_create_surface(client.compositor);
  wl_subsurface* const link = wl_subcompositor_get_subsurface(client.subcompositor, child, shown->surface);
  wl_subsurface_set_position(link, 20, 20);
  auto const front = client.buffer(30, 30, 0x80008000, WL_SHM_FORMAT_ARGB8888);  // half green, premultiplied
  wl_surface_attach(child, front->get(), 0, 0);
  wl_surface_damage_buffer(child, 0, 0, 30, 30);
  wl_surface_commit(child);
  client.roundtrip();
  run_for(std::chrono::milliseconds(50));
  EXPECT_EQ(daemon.pixel(id, 25, 25), rgb(kRed)) << "a synchronised child waits for its parent";
  shown->commit();
  ASSERT_TRUE(until([&] { return daemon.pixel(id, 25, 25) != rgb(kRed); }));
  EXPECT_EQ(daemon.pixel(id, 25, 25), 0x668000U) << "half of the red below, and the green";
  EXPECT_EQ(daemon.pixel(id, 19, 20), rgb(kRed));

  wl_subsurface_set_desync(link);
  auto const opaque = client.buffer(30, 30, kBlue);
  wl_surface_attach(child, opaque->get(), 0, 0);
  wl_surface_damage_buffer(child, 0, 0, 30, 30);
  wl_surface_commit(child);
  ASSERT_TRUE(until([&] { return daemon.pixel(id, 49, 49) == rgb(kBlue); }));

  wl_subsurface_destroy(link);
  ASSERT_TRUE(until([&] { return daemon.pixel(id, 30, 30) == rgb(kRed); })) << "what was below does not come back";
  wl_surface_destroy(child);
}

TEST_F(AgentTest, AViewportScalesAPartOfTheBuffer) {
  auto const buffer = client.buffer(100, 100, kRed);
  buffer->fill(50, 0, 50, 100, kBlue);
  auto const shown = client.toplevel("scaled", "test.app");
  wp_viewport* const viewport = wp_viewporter_get_viewport(client.viewporter, shown->surface);
  wp_viewport_set_source(viewport, wl_fixed_from_int(50), 0, wl_fixed_from_int(50), wl_fixed_from_int(50));
  wp_viewport_set_destination(viewport, 200, 120);
  shown->attach(*buffer);
  shown->commit();
  ASSERT_TRUE(until([&] { return window_titled("scaled") && seen(*window_titled("scaled")).damages > 0; }));
  auto const id = *window_titled("scaled");
  EXPECT_EQ(seen(id).width, 200U);
  EXPECT_EQ(seen(id).height, 120U);
  EXPECT_EQ(daemon.pixel(id, 0, 0), rgb(kBlue));
  EXPECT_EQ(daemon.pixel(id, 199, 119), rgb(kBlue));
}

TEST_F(AgentTest, SizeLimitsTitleAndFullscreenReachTheDaemon) {
  auto const buffer = client.buffer(100, 100, kRed);
  auto const shown = show(*buffer);
  auto const id = *window_titled("window");
  xdg_toplevel_set_min_size(shown->toplevel, 50, 60);
  xdg_toplevel_set_title(shown->toplevel, "another");
  shown->commit();
  ASSERT_TRUE(until([&] { return seen(id).hints && seen(id).hints->min && seen(id).title == "another"; }));
  EXPECT_EQ(seen(id).hints->min->width, 50U);
  EXPECT_EQ(seen(id).hints->min->height, 60U);
  xdg_toplevel_set_fullscreen(shown->toplevel, nullptr);
  ASSERT_TRUE(until([&] { return (seen(id).flags & gui::kFlagFullscreen) != 0; }));
  EXPECT_FALSE(shown->fullscreen) << "only dom0 grants it";
  daemon.send(id, to::WindowFlags{gui::kFlagFullscreen, 0});
  EXPECT_TRUE(until([&] { return shown->fullscreen; }));
}

TEST_F(AgentTest, AnUnmappedWindowComesBack) {
  auto const buffer = client.buffer(100, 100, kRed);
  auto const shown = show(*buffer);
  auto const id = *window_titled("window");
  wl_surface_attach(shown->surface, nullptr, 0, 0);
  wl_surface_commit(shown->surface);
  ASSERT_TRUE(until([&] { return !seen(id).mapped; }));
  int const configures = shown->configures;
  shown->commit();
  ASSERT_TRUE(until([&] { return shown->configures > configures; }));
  auto const again = client.buffer(120, 90, kGreen);
  shown->attach(*again);
  shown->commit();
  ASSERT_TRUE(until([&] { return seen(id).mapped && daemon.pixel(id, 119, 89) == rgb(kGreen); }));
}

TEST_F(AgentTest, CloseIsTheClientsDecision) {
  auto const buffer = client.buffer(100, 100, kRed);
  auto shown = show(*buffer);
  auto const id = *window_titled("window");
  daemon.send(id, to::Close{});
  ASSERT_TRUE(until([&] { return shown->closed; }));
  EXPECT_TRUE(seen(id).mapped);
  shown.reset();
  ASSERT_TRUE(until([&] { return !daemon.windows().contains(id); }));
}

}  // namespace
}  // namespace bh::gui_agent_test
