#include "agent_process.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

namespace bh::gui_agent_test {

AgentProcess::AgentProcess(std::size_t memory_size, std::vector<std::string> more)
    : folder_(*TempDir::create("bh-agent")), memory_size_(memory_size), memory_(*make_sealed_memory("window-memory", memory_size)) {
  std::filesystem::create_directory(vchan_directory());
  char const* const bin = std::getenv("BH_BIN");
  SpawnOptions options;
  options.argv = {std::string(bin != nullptr ? bin : "bin") + "/bulkhead-gui-agent", "--memory-fd", "3"};
  options.argv.insert(options.argv.end(), more.begin(), more.end());
  options.fds = {{&memory_, 3}};
  options.environment = {{"XDG_RUNTIME_DIR", folder_.path().string()}, {"WAYLAND_DISPLAY", kSocket},
                         {"VCHAN_SOCKET_DIR", vchan_directory().string()}, {"VCHAN_DOMAIN", "7"},
                         {"GUI_TRANSPORT", "window-memory"}, {"KEYBOARD_LAYOUT", "us"}, {"NOTIFY_SOCKET", std::nullopt}};
  options.die_with_parent = true;
  auto started = ChildProcess::spawn(options);
  if (!started) {
    ADD_FAILURE() << started.error().message;
    std::abort();
  }
  process_.emplace(*std::move(started));
  auto const deadline = Clock::now() + std::chrono::seconds(30);
  while (!std::filesystem::exists(folder_.path() / kSocket) && process_->running() && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / kSocket)) << "the agent's Wayland socket did not appear";
}

AgentProcess::~AgentProcess() {
  EXPECT_TRUE(process_->running()) << "the agent ended by itself";
  auto const status = process_->terminate(std::chrono::seconds(20));
  EXPECT_TRUE(status.ok() && status->code == 0) << "the agent did not stop cleanly";
}

std::vector<std::pair<std::string, std::optional<std::string>>> AgentProcess::client_environment() const {
  return {{"XDG_RUNTIME_DIR", folder_.path().string()}, {"WAYLAND_DISPLAY", kSocket}, {"DISPLAY", std::nullopt},
          {"HOME", folder_.path().string()}, {"XDG_CONFIG_HOME", folder_.path().string()}, {"LANG", "C.UTF-8"},
          {"XDG_CACHE_HOME", std::nullopt}};
}

}  // namespace bh::gui_agent_test
