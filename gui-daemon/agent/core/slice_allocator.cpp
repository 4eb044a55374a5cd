#include "gui-daemon/agent/core/slice_allocator.h"

#include <limits>

#include "base/assert.h"

namespace bh::gui_agent {

SliceAllocator::SliceAllocator(std::uint64_t region_size) : free_bytes_(region_size / kPage * kPage) {
  if (free_bytes_ != 0) holes_.emplace(0, free_bytes_);
}

std::optional<Slice> SliceAllocator::take(std::uint64_t bytes) {
  if (bytes == 0 || bytes > std::numeric_limits<std::uint64_t>::max() - kPage) return std::nullopt;
  std::uint64_t const size = (bytes + kPage - 1) / kPage * kPage;
  for (auto hole = holes_.begin(); hole != holes_.end(); ++hole) {
    auto const [offset, available] = *hole;
    if (available < size) continue;
    holes_.erase(hole);
    if (available > size) holes_.emplace(offset + size, available - size);
    taken_.emplace(offset, size);
    free_bytes_ -= size;
    return Slice{offset, size};
  }
  return std::nullopt;
}

void SliceAllocator::give_back(Slice const& slice) {
  auto const owned = taken_.find(slice.offset);
  BH_ASSERT(owned != taken_.end() && owned->second == slice.size);
  taken_.erase(owned);
  free_bytes_ += slice.size;

  std::uint64_t offset = slice.offset;
  std::uint64_t size = slice.size;
  auto after = holes_.upper_bound(offset);
  if (after != holes_.end() && after->first == offset + size) {
    size += after->second;
    after = holes_.erase(after);
  }
  if (after != holes_.begin()) {
    auto const before = std::prev(after);
    if (before->first + before->second == offset) {
      offset = before->first;
      size += before->second;
      holes_.erase(before);
    }
  }
  holes_.emplace(offset, size);
}

}  // namespace bh::gui_agent
