#include "gui-daemon/agent/window/window_memory.h"

namespace bh::gui_agent {

std::optional<Slice> WindowMemory::take(Size size) {
  if (size.empty()) return std::nullopt;
  return allocator_.take(std::uint64_t{4} * static_cast<std::uint64_t>(size.width) * static_cast<std::uint64_t>(size.height));
}

Image WindowMemory::image(Slice const& slice, Size size) const {
  return {mapping_.bytes().subspan(slice.offset, slice.size), size, size.width * 4};
}

bool WindowMemory::released(std::uint64_t offset) {
  auto const found = retired_.find(offset);
  if (found == retired_.end()) return false;
  allocator_.give_back(found->second);
  retired_.erase(found);
  return true;
}

void WindowMemory::release_all_retired() {
  for (auto const& [offset, slice] : retired_) allocator_.give_back(slice);
  retired_.clear();
}

}  // namespace bh::gui_agent
