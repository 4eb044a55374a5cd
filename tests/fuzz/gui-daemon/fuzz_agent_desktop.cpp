// Any bytes as what the daemon says, through the stream and the decoder into the agent's windows: no slice is lost or given back twice,
// and no window draws outside its slice.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "base/posix_io.h"
#include "gui-daemon/agent/window/desktop.h"
#include "gui-daemon/protocol/handshake.h"

using namespace bh;
using namespace bh::gui_agent;

namespace {

constexpr std::size_t kRegion = std::size_t{1} << 18;

class SilentLink final : public DisplayLink {
 public:
  [[nodiscard]] bool connected() const override { return up; }
  void send(gui::WindowId, gui::from_agent::Message const& message) override {
    auto const* const dump = std::get_if<gui::from_agent::MemoryDump>(&message);
    if (dump != nullptr) BH_ASSERT(dump->offset + std::uint64_t{dump->width} * dump->height * 4 <= kRegion);
  }
  bool up = true;
};

// A client that does what it is asked: takes every size, closes when told.
class Client final : public WindowEvents {
 public:
  explicit Client(Desktop& desktop) : desktop_(desktop) { open(); }
  void resize_requested(Size size) override { wanted = size; }
  void close_requested() override { closing = true; }
  void flags_changed(std::uint32_t, std::uint32_t) override {}
  void focus_changed(bool) override {}
  bool draw(Image const& target, Rect const& area) override {
    BH_ASSERT(area.x >= 0 && area.y >= 0 && area.width > 0 && area.height > 0);
    BH_ASSERT(area.x + area.width <= target.size.width && area.y + area.height <= target.size.height);
    BH_ASSERT(target.bytes.size() >= static_cast<std::size_t>(target.stride) * static_cast<std::size_t>(target.size.height));
    return false;
  }
  void update_sent() override {}
  void update_shown() override {}
  std::shared_ptr<Surface> input_surface(Point&) override { return nullptr; }
  // After the messages of one portion, as the compositor's loop does.
  void react() {
    if (closing) {
      window_.reset();
      open();
    } else if (!wanted.empty()) {
      Size const size = std::exchange(wanted, Size{});
      Damage all;
      all.add({0, 0, size.width, size.height});
      window_->content_changed_for_desktop(size, all);
    }
  }

 private:
  void open() {
    closing = false;
    window_ = std::make_unique<GuestWindow>(desktop_, *this, false);
    Damage all;
    all.add({0, 0, 32, 32});
    window_->content_changed({32, 32}, all);
  }
  Desktop& desktop_;
  std::unique_ptr<GuestWindow> window_;
  Size wanted;
  bool closing = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static UniqueFd const memory = *make_sealed_memory("fuzz", kRegion);
  SilentLink link;
  Desktop desktop(link, WindowMemory(*Mapping::map(memory, kRegion, Mapping::Access::read_write)));
  std::array<std::unique_ptr<Client>, 3> clients;
  for (auto& client : clients) client = std::make_unique<Client>(desktop);
  ByteSpan bytes(reinterpret_cast<std::byte const*>(data), size);
  (void)gui::decode_screen_info(bytes.first(std::min(bytes.size(), gui::kScreenInfoSize)));
  gui::MessageStream stream(gui::Direction::to_agent);
  bool alive = true;
  while (alive && !bytes.empty()) {
    std::size_t const portion = std::min<std::size_t>(bytes.size(), 1 + static_cast<std::size_t>(bytes[0]));
    alive = stream.append(bytes.first(portion)).ok();
    bytes = bytes.subspan(portion);
    while (alive) {
      auto const next = stream.next();
      alive = next.ok();
      if (!alive || !*next) break;
      auto const message = gui::to_agent::decode(**next);
      alive = message.ok();
      if (alive) desktop.handle((*next)->window, *message);
    }
    for (auto& client : clients) client->react();
  }
  // The daemon ends, comes back, and the programs close: everything must be free again.
  link.up = false;
  desktop.connection_lost();
  link.up = true;
  desktop.connected();
  for (auto& client : clients) client.reset();
  link.up = false;
  desktop.connection_lost();
  BH_ASSERT(desktop.memory().take({256, 256}).has_value());
  return 0;
}
