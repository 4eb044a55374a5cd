#include "gui-daemon/agent/window/desktop.h"

#include <algorithm>
#include <vector>

namespace bh::gui_agent {

namespace to = gui::to_agent;

gui::WindowId Desktop::add(GuestWindow& window) {
  // Numbers are not reused, so no message of the daemon can mean a later window.
  gui::WindowId const id(next_id_++);
  windows_.emplace(id, &window);
  return id;
}

void Desktop::remove(GuestWindow& window) {
  if (input_ != nullptr) input_->window_gone(window);
  windows_.erase(window.id());
}

void Desktop::mapped() {
  if (!unseen_window_ || link_.connected()) return;
  auto const shown = std::count_if(windows_.begin(), windows_.end(), [](auto const& entry) { return entry.second->mapped(); });
  unseen_window_(static_cast<std::size_t>(shown));
}

void Desktop::connected() {
  for (auto const& [id, window] : windows_) window->announce();
}

void Desktop::connection_lost() {
  for (auto const& [id, window] : windows_) window->connection_lost();
  memory_.release_all_retired();
  memory_freed();
  if (input_ != nullptr) input_->connection_lost();
}

void Desktop::memory_freed() {
  // A window that takes a new slice frees its former one, which would bring us back here.
  if (freeing_) return;
  freeing_ = true;
  std::vector<GuestWindow*> all;
  for (auto const& [id, window] : windows_) all.push_back(window);
  for (GuestWindow* window : all) {
    if (window->starved()) window->flush();
  }
  freeing_ = false;
}

void Desktop::handle(gui::WindowId id, to::Message const& message) {
  if (auto const* release = std::get_if<to::BufferRelease>(&message)) {
    if (memory_.released(release->offset)) memory_freed();
    return;
  }
  if (input_ != nullptr) {
    if (auto const* keys = std::get_if<to::KeymapNotify>(&message)) return input_->keymap_state(*keys);
    if (auto const* names = std::get_if<to::KeymapNames>(&message)) return input_->keymap_changed(*names);
  }
  // An event for a window that we destroyed meanwhile is ordinary.
  auto const found = windows_.find(id);
  if (found == windows_.end()) return;
  found->second->handle(message);
  // Handling may have ended the window.
  auto const still = windows_.find(id);
  if (still != windows_.end()) handle_input(*still->second, message);
}

void Desktop::handle_input(GuestWindow& window, to::Message const& message) {
  if (input_ == nullptr) return;
  if (auto const* key = std::get_if<to::Key>(&message)) return input_->key(window, *key);
  if (auto const* button = std::get_if<to::Button>(&message)) return input_->button(window, *button);
  if (auto const* motion = std::get_if<to::Motion>(&message)) return input_->motion(window, *motion);
  if (auto const* crossing = std::get_if<to::Crossing>(&message)) return input_->crossing(window, *crossing);
  if (auto const* focus = std::get_if<to::Focus>(&message)) return input_->focus(window, focus->gained);
}

}  // namespace bh::gui_agent
