// AgentProcess: bulkhead-gui-agent from $BH_BIN below a folder of its own, with window memory made here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "base/temp_dir.h"

namespace bh::gui_agent_test {

class AgentProcess {
 public:
  static constexpr char const* kSocket = "wayland-t";

  // Fails the test if it does not come up.
  explicit AgentProcess(std::size_t memory_size = std::size_t{64} << 20, std::vector<std::string> more = {});
  ~AgentProcess();
  AgentProcess(AgentProcess const&) = delete;
  AgentProcess& operator=(AgentProcess const&) = delete;

  [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }
  [[nodiscard]] std::filesystem::path vchan_directory() const { return folder_.path() / "vchan"; }
  [[nodiscard]] UniqueFd const& memory() const { return memory_; }
  [[nodiscard]] std::size_t memory_size() const { return memory_size_; }
  [[nodiscard]] ChildProcess& process() { return *process_; }
  // What a Wayland program needs in its environment.
  [[nodiscard]] std::vector<std::pair<std::string, std::optional<std::string>>> client_environment() const;

 private:
  TempDir folder_;
  std::size_t memory_size_;
  UniqueFd memory_;
  std::optional<ChildProcess> process_;
};

}  // namespace bh::gui_agent_test
