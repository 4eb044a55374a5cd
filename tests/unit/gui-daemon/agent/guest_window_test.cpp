// Windows against a link that only records: flow control, slices, configure, reconnection.
#include "gui-daemon/agent/window/guest_window.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/posix_io.h"
#include "gui-daemon/agent/window/desktop.h"

namespace bh::gui_agent {
namespace {

namespace from = gui::from_agent;
namespace to = gui::to_agent;

class RecordingLink : public DisplayLink {
 public:
  [[nodiscard]] bool connected() const override { return up; }
  void send(gui::WindowId, from::Message const& message) override { sent.push_back(message); }
  template <class T>
  [[nodiscard]] std::vector<T> all() const {
    std::vector<T> found;
    for (auto const& message : sent) {
      if (auto const* m = std::get_if<T>(&message)) found.push_back(*m);
    }
    return found;
  }
  bool up = true;
  std::vector<from::Message> sent;
};

class RecordingEvents : public WindowEvents {
 public:
  void resize_requested(Size size) override { wanted = size; }
  void close_requested() override { closed = true; }
  void flags_changed(std::uint32_t, std::uint32_t) override {}
  void focus_changed(bool) override {}
  bool draw(Image const&, Rect const& area) override {
    drawn.push_back(area);
    return true;
  }
  void update_sent() override { ++updates_sent; }
  void update_shown() override { ++updates_shown; }
  std::shared_ptr<Surface> input_surface(Point&) override { return nullptr; }
  Size wanted;
  bool closed = false;
  std::vector<Rect> drawn;
  int updates_sent = 0;
  int updates_shown = 0;
};

constexpr std::size_t kRegion = std::size_t{1} << 20;

WindowMemory memory() { return WindowMemory(*Mapping::map(*make_sealed_memory("test", kRegion), kRegion, Mapping::Access::read_write)); }

class GuestWindowTest : public ::testing::Test {
 protected:
  static Damage damage(Rect const& rect) {
    Damage made;
    made.add(rect);
    return made;
  }
  void show(int width, int height) { window.content_changed({width, height}, damage({0, 0, width, height})); }
  RecordingLink link;
  Desktop desktop{link, memory()};
  RecordingEvents events;
  GuestWindow window{desktop, events, false};
};

TEST_F(GuestWindowTest, IsAnnouncedWithItsFirstContentInTheOrderOfTheProtocol) {
  window.set_title("title");
  EXPECT_TRUE(link.sent.empty()) << "a window without content has no size yet";
  show(100, 50);
  ASSERT_GE(link.sent.size(), 6U);
  EXPECT_TRUE(std::holds_alternative<from::Create>(link.sent[0]));
  EXPECT_TRUE(std::holds_alternative<from::Damage>(link.sent.back()));
  EXPECT_TRUE(std::holds_alternative<from::MemoryDump>(link.sent[link.sent.size() - 2]));
  EXPECT_EQ(link.all<from::Map>().size(), 1U);
}

TEST_F(GuestWindowTest, OneUpdateAtATimeAndUnitedDamageAfterIt) {
  show(100, 50);
  window.content_changed({100, 50}, damage({0, 0, 10, 10}));
  window.content_changed({100, 50}, damage({20, 0, 10, 10}));
  EXPECT_EQ(link.all<from::Damage>().size(), 1U);
  window.handle(to::FrameDone{});
  ASSERT_EQ(link.all<from::Damage>().size(), 2U);
  EXPECT_EQ(link.all<from::Damage>()[1].width, 30U);
  EXPECT_EQ(events.updates_shown, 1);
  window.handle(to::FrameDone{});
  window.handle(to::FrameDone{});
  EXPECT_EQ(events.updates_shown, 2) << "one nobody waits for is ignored";
  EXPECT_EQ(link.all<from::Damage>().size(), 2U);
}

TEST_F(GuestWindowTest, ASliceIsNotReusedBeforeItsRelease) {
  show(400, 300);  // 118 pages of 256
  auto const first = link.all<from::MemoryDump>()[0].offset;
  window.handle(to::FrameDone{});
  show(400, 299);
  auto const second = link.all<from::MemoryDump>()[1].offset;
  EXPECT_NE(first, second);
  window.handle(to::FrameDone{});
  show(400, 298);
  EXPECT_EQ(link.all<from::MemoryDump>().size(), 2U) << "no room: the former size stays";
  EXPECT_TRUE(window.starved());
  window.handle(to::FrameDone{});
  desktop.handle(window.id(), to::BufferRelease{first});
  ASSERT_EQ(link.all<from::MemoryDump>().size(), 3U) << "the release lets it grow";
  EXPECT_EQ(link.all<from::MemoryDump>()[2].offset, first);
  desktop.handle(window.id(), to::BufferRelease{12345});
}

TEST_F(GuestWindowTest, TheDesktopsSizeIsEchoedExactly) {
  show(100, 50);
  window.handle(to::Configure{5, 6, 200, 80, false});
  EXPECT_EQ(events.wanted, (Size{200, 80}));
  EXPECT_TRUE(link.all<from::Configure>().empty());
  window.content_changed_for_desktop({190, 80}, damage({0, 0, 190, 80}));
  ASSERT_EQ(link.all<from::Configure>().size(), 1U);
  EXPECT_EQ(link.all<from::Configure>()[0].width, 200U);
  EXPECT_EQ(link.all<from::Configure>()[0].x, 5);
  window.handle(to::Configure{50, 60, 200, 80, false});
  EXPECT_EQ(link.all<from::Configure>().size(), 2U) << "a mere move needs no answer of the client";
}

TEST_F(GuestWindowTest, NumbersOfTheDesktopAreBounded) {
  show(100, 50);
  window.handle(to::Configure{-2147483647, 2147483647, 0xFFFFFFFF, 0, false});
  EXPECT_EQ(events.wanted, (Size{16384, 1}));
}

TEST_F(GuestWindowTest, AReconnectedDaemonHearsEverythingAndNothingIsInFlight) {
  show(100, 50);
  link.up = false;
  desktop.connection_lost();
  window.content_changed({100, 50}, damage({0, 0, 10, 10}));
  EXPECT_EQ(events.updates_sent, 2) << "clients draw on without a display";
  link.up = true;
  link.sent.clear();
  desktop.connected();
  EXPECT_EQ(link.all<from::Create>().size(), 1U);
  ASSERT_EQ(link.all<from::MemoryDump>().size(), 1U);
  ASSERT_EQ(link.all<from::Damage>().size(), 1U);
  EXPECT_EQ(link.all<from::Damage>()[0].width, 100U);
}

TEST_F(GuestWindowTest, AWindowThatNobodyHasSeenKeepsItsBufferUntilADaemonComes) {
  link.up = false;
  std::vector<std::size_t> told;
  desktop.on_unseen_window([&](std::size_t count) { told.push_back(count); });
  show(100, 50);
  EXPECT_EQ(events.updates_sent, 0);
  EXPECT_EQ(told, std::vector<std::size_t>{1});
  link.up = true;
  desktop.connected();
  EXPECT_EQ(events.updates_sent, 1);
  EXPECT_EQ(link.all<from::Map>().size(), 1U);
  ASSERT_EQ(link.all<from::Damage>().size(), 1U);
  EXPECT_EQ(link.all<from::Damage>()[0].width, 100U);
}

TEST_F(GuestWindowTest, HidingReturnsTheMemory) {
  show(400, 300);
  auto const offset = link.all<from::MemoryDump>()[0].offset;
  window.hide();
  EXPECT_EQ(link.all<from::Unmap>().size(), 1U);
  desktop.handle(window.id(), to::BufferRelease{offset});
  window.handle(to::FrameDone{});
  show(512, 512);  // the whole region
  EXPECT_EQ(link.all<from::MemoryDump>().size(), 2U);
  EXPECT_EQ(link.all<from::Create>().size(), 1U) << "it is still known";
}

TEST_F(GuestWindowTest, MessagesForUnknownWindowsAreIgnored) {
  desktop.handle(gui::WindowId(9999), to::Close{});
  EXPECT_FALSE(events.closed);
  desktop.handle(window.id(), to::Close{});
  EXPECT_TRUE(events.closed);
}

}  // namespace
}  // namespace bh::gui_agent
