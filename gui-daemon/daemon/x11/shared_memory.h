// What the X server maps on behalf of a guest: the one window memory, and files of granted pages. We pass descriptors on and never map.
#pragma once

#include <filesystem>
#include <optional>
#include <unordered_map>

#include "base/unique_fd.h"
#include "gui-daemon/daemon/core/window.h"
#include "gui-daemon/daemon/x11/connection.h"

namespace bh::gui::x11 {

class SharedMemory {
 public:
  // `window_memory` may be absent. It must be sealed against shrinking and smaller than 4 GiB (MIT-SHM's offset).
  static Result<SharedMemory> open(Connection const& connection, std::optional<UniqueFd> window_memory, std::filesystem::path grant_dir);

  // Of the window memory; nullopt: the extension is off.
  [[nodiscard]] std::optional<std::uint64_t> window_memory_size() const { return memory_size_; }
  bool attach_grants(WindowId window, checked::GrantDump const& pages);
  void detach_grants(WindowId window);

  struct Source {
    xcb_window_t segment;
    std::uint32_t offset;
  };
  [[nodiscard]] std::optional<Source> find(WindowId window, Buffer const& buffer) const;

 private:
  SharedMemory(Connection const& connection, std::filesystem::path grant_dir) : connection_(&connection), grant_dir_(std::move(grant_dir)) {}
  Result<xcb_window_t> attach(UniqueFd fd);

  Connection const* connection_;
  std::filesystem::path grant_dir_;
  xcb_window_t memory_segment_ = XCB_NONE;
  std::optional<std::uint64_t> memory_size_;
  std::unordered_map<WindowId, xcb_window_t> grants_;
};

}  // namespace bh::gui::x11
