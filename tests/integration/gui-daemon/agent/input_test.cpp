// Keyboard, pointer, focus and the clipboard inside the qube.
#include <linux/input-event-codes.h>
#include <fcntl.h>

#include "agent_test.h"

namespace bh::gui_agent_test {
namespace {

namespace to = gui::to_agent;
constexpr std::uint32_t kRed = 0xFFCC0000;
constexpr std::uint32_t kShiftKey = 50;  // X key codes
constexpr std::uint32_t kKeyA = 38;
constexpr std::uint32_t kShiftMask = 1;

class AgentInput : public AgentTest {
 protected:
  void SetUp() override {
    AgentTest::SetUp();
    buffer = client.buffer(300, 200, kRed);
    shown = show(*buffer);
    id = *window_titled("window");
  }
  void focus(bool gained) {
    daemon.send(id, to::Focus{gained, 0, 0});
    ASSERT_TRUE(until([&] { return (client.keyboard_focus != nullptr) == gained; }));
  }
  std::unique_ptr<ShmBuffer> buffer;
  std::unique_ptr<ShellSurface> shown;
  gui::WindowId id;
};

TEST_F(AgentInput, FocusAndKeysReachTheClientWithTheirModifiers) {
  focus(true);
  EXPECT_EQ(client.keyboard_focus, shown->surface);
  EXPECT_TRUE(until([&] { return shown->activated; }));
  EXPECT_EQ(client.repeat_rate, 0) << "dom0 repeats keys; a client's own clock doubles them in a slow guest";
  EXPECT_NE(client.keymap.find("xkb_symbols"), std::string::npos);
  daemon.send(id, to::Key{true, 1, 1, 0, kShiftKey});
  daemon.send(id, to::Key{true, 1, 1, kShiftMask, kKeyA});
  daemon.send(id, to::Key{false, 1, 1, kShiftMask, kKeyA});
  daemon.send(id, to::Key{false, 1, 1, kShiftMask, kShiftKey});
  ASSERT_TRUE(until([&] { return client.keys.size() == 4; }));
  EXPECT_EQ(client.keys[1].code, static_cast<std::uint32_t>(KEY_A));
  EXPECT_TRUE(client.keys[1].pressed);
  EXPECT_EQ(client.keys[1].depressed_modifiers, kShiftMask);
  EXPECT_TRUE(until([&] { return client.modifiers == 0; })) << "Shift stays down";
  focus(false);
  EXPECT_TRUE(until([&] { return !shown->activated; }));
}

TEST_F(AgentInput, AModifierHeldBeforeTheFocusCameIsKnown) {
  focus(true);
  daemon.send(id, to::Key{true, 1, 1, 4, kKeyA});  // Control, pressed elsewhere
  ASSERT_TRUE(until([&] { return client.keys.size() == 1; }));
  EXPECT_EQ(client.keys[0].depressed_modifiers, 4U);
}

TEST_F(AgentInput, KeysThatAreUpOnTheHostAreReleasedAndRepeatsAreKeysOfTheirOwn) {
  focus(true);
  daemon.send(id, to::Key{true, 1, 1, 0, kKeyA});
  daemon.send(id, to::Key{true, 1, 1, 0, kKeyA});
  daemon.send(gui::kNoWindow, to::KeymapNotify{});
  ASSERT_TRUE(until([&] { return client.keys.size() == 4; }));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(client.keys[i].pressed, i % 2 == 0) << i;
  run_for(std::chrono::milliseconds(50));
  EXPECT_EQ(client.keys.size(), 4U);
}

TEST_F(AgentInput, TheDesktopsKeymapReplacesOurs) {
  std::string const before = client.keymap;
  daemon.send(gui::kNoWindow, to::KeymapNames{"de", "nodeadkeys", ""});
  ASSERT_TRUE(until([&] { return client.keymap != before; }));
  EXPECT_NE(client.keymap.find("odiaeresis"), std::string::npos);
  std::string const german = client.keymap;
  daemon.send(gui::kNoWindow, to::KeymapNames{"no-such-layout", "", ""});
  run_for(std::chrono::milliseconds(200));
  EXPECT_EQ(client.keymap, german) << "an unknown keymap must not take the keyboard away";
}

TEST_F(AgentInput, PointerButtonsAndWheel) {
  daemon.send(id, to::Crossing{true, 10, 20, 0, 0, 0, 0});
  ASSERT_TRUE(until([&] { return client.seen_pointer.surface == shown->surface; }));
  daemon.send(id, to::Motion{33, 44, 0, 0});
  ASSERT_TRUE(until([&] { return client.seen_pointer.x == 33 && client.seen_pointer.y == 44; }));
  daemon.send(id, to::Button{true, 33, 44, 0, 3});
  daemon.send(id, to::Button{false, 33, 44, 0, 3});
  daemon.send(id, to::Button{true, 33, 44, 0, 5});
  daemon.send(id, to::Button{false, 33, 44, 0, 5});
  ASSERT_TRUE(until([&] { return client.seen_pointer.scrolled > 0; }));
  ASSERT_EQ(client.seen_pointer.buttons.size(), 2U);
  EXPECT_EQ(client.seen_pointer.buttons[0], (std::pair<std::uint32_t, bool>(BTN_RIGHT, true)));
  EXPECT_EQ(client.seen_pointer.buttons[1], (std::pair<std::uint32_t, bool>(BTN_RIGHT, false)));
  daemon.send(id, to::Crossing{false, 33, 44, 0, 0, 0, 0});
  EXPECT_TRUE(until([&] { return client.seen_pointer.surface == nullptr; }));
}

TEST_F(AgentInput, AButtonHeldKeepsThePointerOutsideTheWindow) {
  daemon.send(id, to::Crossing{true, 10, 20, 0, 0, 0, 0});
  daemon.send(id, to::Button{true, 10, 20, 0, 1});
  daemon.send(id, to::Motion{-50, 500, 0x100, 0});
  EXPECT_TRUE(until([&] { return client.seen_pointer.x == -50 && client.seen_pointer.y == 500; }));
  EXPECT_EQ(client.seen_pointer.surface, shown->surface);
}

TEST_F(AgentInput, TheWindowsOriginIsItsGeometryNotItsShadow) {
  auto const shadowed = client.buffer(320, 220, kRed);
  xdg_surface_set_window_geometry(shown->shell, 10, 10, 300, 200);
  shown->attach(*shadowed);
  shown->commit();
  client.roundtrip();
  daemon.send(id, to::Crossing{true, 0, 0, 0, 0, 0, 0});
  ASSERT_TRUE(until([&] { return client.seen_pointer.surface != nullptr; }));
  EXPECT_EQ(client.seen_pointer.x, 10);
  EXPECT_EQ(client.seen_pointer.y, 10);
  EXPECT_EQ(seen(id).width, 300U);
}

TEST_F(AgentInput, AGrabbingPopupHasTheKeyboardAndGoesWhenTheUserTurnsAway) {
  focus(true);
  daemon.send(id, to::Button{true, 5, 5, 0, 1});
  ASSERT_TRUE(until([&] { return !client.seen_pointer.buttons.empty(); }));
  auto const menu = client.popup(*shown, 20, 30, 80, 60);
  xdg_popup_grab(menu->popup, client.seat, client.last_serial);
  auto const content = client.buffer(80, 60, 0xFF00FF00);
  menu->attach(*content);
  menu->commit();
  ASSERT_TRUE(until([&] { return client.keyboard_focus == menu->surface; }));
  auto const popup = [&] { return daemon.find([](SeenWindow const& w) { return w.override_redirect && w.mapped; }); };
  ASSERT_TRUE(until([&] { return popup().has_value(); }));
  daemon.send(id, to::Focus{false, 0, 0});
  ASSERT_TRUE(until([&] { return menu->closed && !popup().has_value(); }));
}

TEST_F(AgentInput, WhatOneClientCopiesAnotherPastes) {
  focus(true);
  wl_data_device* const device = wl_data_device_manager_get_data_device(client.data_manager, client.seat);
  wl_data_source* const source = wl_data_device_manager_create_data_source(client.data_manager);
  wl_data_source_offer(source, "text/plain");
  static wl_data_source_listener const on_source = {
      .target = [](void*, wl_data_source*, char const*) {},
      .send =
          [](void*, wl_data_source*, char const*, int fd) {
            UniqueFd const pipe(fd);
            (void)write_all(pipe, as_bytes("copied text"));
          },
      .cancelled = [](void*, wl_data_source*) {},
      .dnd_drop_performed = [](void*, wl_data_source*) {},
      .dnd_finished = [](void*, wl_data_source*) {},
      .action = [](void*, wl_data_source*, std::uint32_t) {},
  };
  wl_data_source_add_listener(source, &on_source, nullptr);
  wl_data_device_set_selection(device, source, client.last_serial);
  client.roundtrip();

  WaylandClient other((agent.folder() / AgentProcess::kSocket).string());
  struct Paste {
    wl_data_offer* offer = nullptr;
  } paste;
  wl_data_device* const pasting = wl_data_device_manager_get_data_device(other.data_manager, other.seat);
  static wl_data_device_listener const on_device = {
      .data_offer = [](void*, wl_data_device*, wl_data_offer*) {},
      .enter = [](void*, wl_data_device*, std::uint32_t, wl_surface*, wl_fixed_t, wl_fixed_t, wl_data_offer*) {},
      .leave = [](void*, wl_data_device*) {},
      .motion = [](void*, wl_data_device*, std::uint32_t, wl_fixed_t, wl_fixed_t) {},
      .drop = [](void*, wl_data_device*) {},
      .selection = [](void* data, wl_data_device*, wl_data_offer* offer) { static_cast<Paste*>(data)->offer = offer; },
  };
  wl_data_device_add_listener(pasting, &on_device, &paste);
  auto const window = other.toplevel("other", "other.app");
  auto const content = other.buffer(50, 50, kRed);
  window->attach(*content);
  window->commit();
  auto const both = [&](std::function<bool()> const& wanted) { return until([&] { return other.dispatch() && wanted(); }); };
  ASSERT_TRUE(both([&] { return window_titled("other").has_value(); }));
  EXPECT_EQ(paste.offer, nullptr) << "only the focused client may see what was copied";
  daemon.send(id, to::Focus{false, 0, 0});
  daemon.send(*window_titled("other"), to::Focus{true, 0, 0});
  ASSERT_TRUE(both([&] { return paste.offer != nullptr; }));

  auto pipe = *make_pipe();
  wl_data_offer_receive(paste.offer, "text/plain", pipe.second.borrow());
  wl_display_flush(other.display);
  pipe.second.reset();
  std::string text;
  ASSERT_TRUE(set_nonblocking(pipe.first, true));
  ASSERT_TRUE(both([&] {
    std::array<std::byte, 64> chunk{};
    auto const got = read_some(pipe.first, chunk);
    if (got) text += as_text(ByteSpan(chunk).first(*got));
    return text == "copied text";
  }));
}

TEST_F(AgentInput, ADragIsCancelledAtOnce) {
  focus(true);
  wl_data_device* const device = wl_data_device_manager_get_data_device(client.data_manager, client.seat);
  wl_data_source* const source = wl_data_device_manager_create_data_source(client.data_manager);
  bool cancelled = false;
  static wl_data_source_listener const on_source = {
      .target = [](void*, wl_data_source*, char const*) {},
      .send = [](void*, wl_data_source*, char const*, int fd) { UniqueFd const closed(fd); },
      .cancelled = [](void* data, wl_data_source*) { *static_cast<bool*>(data) = true; },
      .dnd_drop_performed = [](void*, wl_data_source*) {},
      .dnd_finished = [](void*, wl_data_source*) {},
      .action = [](void*, wl_data_source*, std::uint32_t) {},
  };
  wl_data_source_add_listener(source, &on_source, &cancelled);
  wl_surface* const icon = wl_compositor_create_surface(client.compositor);
  wl_data_device_start_drag(device, source, shown->surface, icon, client.last_serial);
  EXPECT_TRUE(until([&] { return cancelled; }));
}

}  // namespace
}  // namespace bh::gui_agent_test
