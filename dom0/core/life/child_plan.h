// The helpers of a running qube, as plans: pure functions from facts to argument vectors (docs/architecture.md, "bulkheadd's children").
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/paths.h"
#include "dom0/core/model/inventory.h"

namespace bh::dom0 {

struct ChildPlan {
  std::string role;  // key in processes.json, and the middle of the log's name
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;
  bool wants_window_memory = false;  // as descriptor kWindowMemoryFd
};
inline constexpr int kWindowMemoryFd = 10;

struct ChildFacts {
  Qube const& qube;
  Inventory const& inventory;
  DomainId domain;
  bool hatched;          // TCG: frames say that there is no isolation
  bool with_display;     // an X display is there for windows
  bool clone = false;    // restored from a snapshot
};

[[nodiscard]] std::vector<ChildPlan> plan_children(ChildFacts const& facts, Paths const& paths, std::filesystem::path const& programs);

// guest.env: what the agents in the qube are told first. `now` in Unix seconds.
[[nodiscard]] std::string guest_environment(ChildFacts const& facts, std::int64_t now);

// The hub of a machine whose files are in `run`: a qube's, or one that becomes a snapshot.
[[nodiscard]] ChildPlan plan_hub(std::filesystem::path const& run, DomainId domain, Paths const& paths, std::filesystem::path const& programs);
// `bulkhead-personalise host`, which makes a clone this qube by its guest.env.
[[nodiscard]] ChildPlan plan_personaliser(std::string const& qube, DomainId domain, std::chrono::seconds limit, Paths const& paths,
                                          std::filesystem::path const& programs);

// `qrexec-client` asking the qube to let its file system on this volume grow.
[[nodiscard]] ChildPlan plan_resize_disk(std::string const& qube, std::string const& volume, Paths const& paths, std::filesystem::path const& programs);

// `qrexec-client` asking the qube's systemd to power off.
[[nodiscard]] ChildPlan plan_poweroff(std::string const& qube, Paths const& paths, std::filesystem::path const& programs);

}  // namespace bh::dom0
