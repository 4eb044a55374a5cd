// The fixture of the agent's tests: agent, fake daemon and one client, and waiting for both ends at once.
#pragma once

#include <gtest/gtest.h>

#include "agent_process.h"
#include "fake_daemon.h"
#include "wayland_client.h"

namespace bh::gui_agent_test {

class AgentTest : public ::testing::Test {
 protected:
  AgentTest()
      : daemon(agent.vchan_directory(), agent.memory(), agent.memory_size()), client((agent.folder() / AgentProcess::kSocket).string()) {}
  void SetUp() override { daemon.connect(); }

  // False: it did not come true in time.
  bool until(std::function<bool()> const& wanted, std::chrono::milliseconds patience = FakeDaemon::kPatience) {
    auto const deadline = Clock::now() + patience;
    while (!wanted()) {
      if (Clock::now() > deadline) return false;
      if (!client.dispatch()) return wanted();
      daemon.read_for(std::chrono::milliseconds(2));
    }
    return true;
  }
  void run_for(std::chrono::milliseconds time) {
    until([] { return false; }, time);
  }
  // A mapped top-level of one colour.
  std::unique_ptr<ShellSurface> show(ShmBuffer const& buffer, std::string const& title = "window") {
    auto shown = client.toplevel(title, "test.app");
    shown->attach(buffer);
    shown->commit();
    EXPECT_TRUE(until([&] { return window_titled(title).has_value() && daemon.windows()[*window_titled(title)].damages > 0; }));
    return shown;
  }
  std::optional<gui::WindowId> window_titled(std::string const& title) const {
    return daemon.find([&](SeenWindow const& w) { return w.mapped && w.title == title; });
  }
  SeenWindow& seen(gui::WindowId id) { return daemon.windows()[id]; }

  AgentProcess agent;
  FakeDaemon daemon;
  WaylandClient client;
};

}  // namespace bh::gui_agent_test
