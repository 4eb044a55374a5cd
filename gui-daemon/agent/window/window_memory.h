// WindowMemory: the region shared with the display, and which slice of it is whose. A slice that the display may still read is
// retired, and comes back with BUFFER_RELEASE or with the end of the connection.
#pragma once

#include <map>
#include <optional>

#include "base/mapping.h"
#include "gui-daemon/agent/core/pixel_copy.h"
#include "gui-daemon/agent/core/slice_allocator.h"

namespace bh::gui_agent {

class WindowMemory {
 public:
  explicit WindowMemory(Mapping mapping) : mapping_(std::move(mapping)), allocator_(mapping_.bytes().size()) {}

  // For an image of that size with stride width * 4; nullopt: full.
  [[nodiscard]] std::optional<Slice> take(Size size);
  // Precondition: the slice has room for it.
  [[nodiscard]] Image image(Slice const& slice, Size size) const;
  void give_back(Slice const& slice) { allocator_.give_back(slice); }
  void retire(Slice const& slice) { retired_.emplace(slice.offset, slice); }
  // False: no retired slice begins there.
  bool released(std::uint64_t offset);
  void release_all_retired();

 private:
  Mapping mapping_;
  SliceAllocator allocator_;
  std::map<std::uint64_t, Slice> retired_;
};

}  // namespace bh::gui_agent
