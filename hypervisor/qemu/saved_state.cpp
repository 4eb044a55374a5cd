#include "hypervisor/qemu/saved_state.h"

#include <algorithm>
#include <string_view>

namespace bh::qemu {

namespace {

constexpr std::uint32_t kMagic = 0x5145564D;  // "QEVM"
constexpr std::uint32_t kVersion = 3;
// The list of memory blocks stands near the beginning.
constexpr std::size_t kSearched = std::size_t{1} << 20;
constexpr std::string_view kBlock = "/window-memory";
constexpr std::size_t kMaxName = 255;

Failure<Error> refused(char const* text) { return Failure{Error{std::string("the saved state is not as expected: ") + text, 0}}; }

// QEMU's streams are big-endian.
std::uint64_t number_at(std::span<std::byte const> bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | std::to_integer<std::uint64_t>(bytes[at + i]);
  return value;
}

// A name is preceded by its length in one byte. True if a whole one ends at `end`, with the block's name as its last part.
bool name_ends_at(std::span<std::byte const> bytes, std::size_t end) {
  for (std::size_t length = kBlock.size(); length <= std::min(kMaxName, end - 1); ++length) {
    if (std::to_integer<std::size_t>(bytes[end - length - 1]) != length) continue;
    auto const name = as_text(bytes.subspan(end - length, length));
    return std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  }
  return false;
}

}  // namespace

Result<void> unplace_window_memory(std::span<std::byte> state, ByteCount window_memory) {
  if (state.size() < 8 || number_at(state, 0, 4) != kMagic || number_at(state, 4, 4) != kVersion) return refused("it does not begin as QEMU's streams do");
  if (window_memory.value() == 0) return {};
  std::span<std::byte const> const searched = state.first(std::min(state.size(), kSearched));
  std::string_view const text = as_text(searched);
  std::size_t found = 0;
  for (std::size_t at = text.find(kBlock); at != std::string_view::npos; at = text.find(kBlock, at + 1)) {
    std::size_t const end = at + kBlock.size();
    if (searched.size() - end < 16 || !name_ends_at(searched, end) || number_at(searched, end, 8) != window_memory.value()) continue;
    if (found != 0) return refused("it names the window memory twice");
    found = end;
  }
  if (found == 0) return refused("it does not name the window memory");
  // A BAR lies at a multiple of its size.
  if (number_at(state, found + 8, 8) % window_memory.value() != 0) return refused("the window memory lies at an impossible address");
  std::fill_n(state.begin() + static_cast<std::ptrdiff_t>(found) + 8, 8, std::byte{0});
  return {};
}

}  // namespace bh::qemu
