// Any bytes as a connection of an agent: stream, table, validation; then the same bytes as a daemon's, for the agent's decoder.
#include <cstdint>

#include "gui-daemon/protocol/checked_message.h"
#include "gui-daemon/protocol/handshake.h"
#include "gui-daemon/protocol/to_agent.h"

using namespace bh;
using namespace bh::gui;

namespace {

constexpr std::uint64_t kMemory = 1 << 24;

// The input in portions that the input itself chooses.
template <class Handle>
void feed(Direction direction, ByteSpan bytes, Handle handle) {
  MessageStream stream(direction);
  while (!bytes.empty()) {
    std::size_t const portion = std::min<std::size_t>(bytes.size(), 1 + static_cast<std::size_t>(bytes[0]));
    if (!stream.append(bytes.first(portion))) return;
    bytes = bytes.subspan(portion);
    for (;;) {
      auto const next = stream.next();
      if (!next) return;
      if (!*next) break;
      handle(**next);
    }
  }
}

void check_slice(checked::Message const& message, std::uint64_t memory) {
  auto const* const dump = std::get_if<checked::MemoryDump>(&message);
  if (dump != nullptr) BH_ASSERT(dump->offset <= memory && dump->extent.bytes() <= memory - dump->offset);
  auto const* const grants = std::get_if<checked::GrantDump>(&message);
  if (grants != nullptr) BH_ASSERT(std::uint64_t{grants->count} * kPageSize >= grants->extent.bytes());
  if (auto const* const name = std::get_if<checked::WindowName>(&message)) {
    for (char const c : name->text.text()) BH_ASSERT(c >= 0x20 && c <= 0x7E);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  ByteSpan const bytes(reinterpret_cast<std::byte const*>(data), size);
  feed(Direction::to_daemon, bytes, [](RawMessage const& raw) {
    if (auto const message = checked::check(raw, {kMemory})) check_slice(*message, kMemory);
  });
  feed(Direction::to_agent, bytes, [](RawMessage const& raw) {
    // What the agent understands is what the daemon would have said.
    if (auto const message = to_agent::decode(raw)) BH_ASSERT(to_agent::encode(raw.window, *message).size() == kHeaderSize + raw.body.size());
  });
  (void)decode_version(bytes);
  (void)decode_screen_info(bytes);
  return 0;
}
