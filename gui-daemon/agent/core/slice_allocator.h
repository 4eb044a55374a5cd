// SliceAllocator: page-aligned slices of the window memory, first fit, neighbours merged when freed. Pure bookkeeping: it never
// touches the memory, so it can be tested with any size.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace bh::gui_agent {

struct Slice {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // whole pages
  friend bool operator==(Slice const&, Slice const&) = default;
};

class SliceAllocator {
 public:
  static constexpr std::uint64_t kPage = 4096;

  // Bytes of the region; an incomplete last page is not used.
  explicit SliceAllocator(std::uint64_t region_size);

  // nullopt: nothing asked for, or no hole is large enough.
  [[nodiscard]] std::optional<Slice> take(std::uint64_t bytes);
  // Precondition: `slice` came from take() and was not given back.
  void give_back(Slice const& slice);
  [[nodiscard]] std::uint64_t free_bytes() const { return free_bytes_; }

 private:
  std::map<std::uint64_t, std::uint64_t> holes_;  // offset -> size, never adjacent
  std::map<std::uint64_t, std::uint64_t> taken_;
  std::uint64_t free_bytes_ = 0;
};

}  // namespace bh::gui_agent
