#include "fake_daemon.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "gui-daemon/protocol/handshake.h"
#include "hypervisor/vchan/client.h"

namespace bh::gui_agent_test {

namespace checked = gui::checked;
namespace to = gui::to_agent;

FakeDaemon::FakeDaemon(std::filesystem::path vchan_directory, UniqueFd const& memory, std::size_t memory_size)
    : directory_(std::move(vchan_directory)),
      memory_(*Mapping::map(memory, memory_size, Mapping::Access::read)) {}

void FakeDaemon::connect(std::uint32_t screen_width, std::uint32_t screen_height) {
  vchan::ChannelName const name{kQube, kDom0, vchan::Port{6000}};
  auto stream = vchan::connect(directory_, name, Clock::now() + kPatience);
  ASSERT_TRUE(stream) << stream.error().message;
  stream_ = *std::move(stream);
  incoming_ = gui::MessageStream(gui::Direction::to_daemon);
  windows_.clear();
  std::array<std::byte, gui::kVersionSize> word{};
  ASSERT_TRUE(*wait_for(stream_, POLLIN, Clock::now() + kPatience)) << "the agent must speak first";
  ASSERT_TRUE(read_exact(stream_, word));
  auto const version = gui::decode_version(word);
  ASSERT_TRUE(version);
  EXPECT_EQ(*version, gui::kOurVersion);
  ASSERT_TRUE(write_all(stream_, gui::encode_version(*gui::negotiate(*version))));
  ASSERT_TRUE(write_all(stream_, gui::encode_screen_info(gui::ScreenInfo::of(screen_width, screen_height))));
}

void FakeDaemon::disconnect() { stream_.reset(); }

void FakeDaemon::send(gui::WindowId window, to::Message const& message) {
  ASSERT_TRUE(write_all(stream_, to::encode(window, message)));
}

bool FakeDaemon::read_once(Deadline deadline) {
  auto const ready = wait_for(stream_, POLLIN, deadline);
  if (!ready || !*ready) return false;
  std::array<std::byte, 65536> chunk{};
  auto const got = read_some(stream_, chunk);
  if (!got || *got == 0) return false;
  EXPECT_TRUE(incoming_.append(ByteSpan(chunk).first(*got)));
  for (;;) {
    auto raw = incoming_.next();
    if (!raw) {
      ADD_FAILURE() << "the agent broke the protocol: " << gui::describe(raw.error());
      return false;
    }
    if (!raw->has_value()) return true;
    handle(**raw);
  }
}

bool FakeDaemon::until(std::function<bool()> const& wanted, std::chrono::milliseconds patience) {
  auto const deadline = Clock::now() + patience;
  while (!wanted()) {
    if (!read_once(deadline)) return wanted();
  }
  return true;
}

void FakeDaemon::read_for(std::chrono::milliseconds time) {
  auto const deadline = Clock::now() + time;
  while (read_once(deadline)) {
  }
}

void FakeDaemon::handle(gui::RawMessage const& raw) {
  auto const message = checked::check(raw, checked::Limits{memory_.bytes().size()});
  if (!message) {
    ADD_FAILURE() << "the agent sent something invalid: " << gui::describe(message.error().reason);
    return;
  }
  bool const create = std::holds_alternative<checked::Create>(*message);
  EXPECT_EQ(windows_.contains(raw.window), !create) << gui::name_of(raw.type) << " for window " << raw.window.value();
  if (create == windows_.contains(raw.window)) return;
  handle_checked(raw.window, *message);
}

void FakeDaemon::replace_dump(gui::WindowId id, SeenWindow& window, std::optional<checked::MemoryDump> dump) {
  if (window.dump && (!dump || dump->offset != window.dump->offset)) send(id, to::BufferRelease{window.dump->offset});
  window.dump = dump;
}

void FakeDaemon::handle_checked(gui::WindowId id, checked::Message const& message) {
  SeenWindow& window = windows_[id];
  if (auto const* m = std::get_if<checked::Create>(&message)) {
    window.x = m->position.x();
    window.y = m->position.y();
    window.width = m->extent.width();
    window.height = m->extent.height();
    window.override_redirect = m->override_redirect;
  } else if (std::holds_alternative<checked::Destroy>(message)) {
    replace_dump(id, window, std::nullopt);
    windows_.erase(id);
    send(id, to::Destroy{});
  } else if (auto const* map = std::get_if<checked::Map>(&message)) {
    window.mapped = true;
    window.transient_for = map->transient_for;
  } else if (std::holds_alternative<checked::Unmap>(message)) {
    window.mapped = false;
    replace_dump(id, window, std::nullopt);
  } else if (auto const* configure = std::get_if<checked::Configure>(&message)) {
    window.x = configure->position.x();
    window.y = configure->position.y();
    window.width = configure->extent.width();
    window.height = configure->extent.height();
    ++window.configures;
  } else if (auto const* name = std::get_if<checked::WindowName>(&message)) {
    window.title = name->text.text();
  } else if (auto const* klass = std::get_if<checked::WindowClass>(&message)) {
    window.app_id = klass->res_class.text();
  } else if (auto const* hints = std::get_if<checked::WindowHints>(&message)) {
    window.hints = *hints;
  } else if (auto const* flags = std::get_if<checked::WindowFlags>(&message)) {
    window.flags = (window.flags | flags->set) & ~flags->unset;
  } else if (auto const* dump = std::get_if<checked::MemoryDump>(&message)) {
    replace_dump(id, window, *dump);
    send(id, to::WindowDumpAck{});
  } else if (auto const* damage = std::get_if<checked::Damage>(&message)) {
    ++window.damages;
    window.last_damage = window.dump ? damage->claim.clipped(window.dump->extent) : std::nullopt;
    window.most_unanswered = std::max(window.most_unanswered, ++window.unanswered);
    if (answer_frames) answer_held_frames();
  }
}

void FakeDaemon::answer_held_frames() {
  for (auto& [id, window] : windows_) {
    for (; window.unanswered > 0; --window.unanswered) send(id, to::FrameDone{});
  }
}

std::optional<gui::WindowId> FakeDaemon::find(std::function<bool(SeenWindow const&)> const& wanted) const {
  for (auto entry = windows_.rbegin(); entry != windows_.rend(); ++entry) {
    if (wanted(entry->second)) return entry->first;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> FakeDaemon::pixel(gui::WindowId id, int x, int y) const {
  auto const found = windows_.find(id);
  if (found == windows_.end() || !found->second.dump) return std::nullopt;
  auto const& dump = *found->second.dump;
  if (x < 0 || y < 0 || std::cmp_greater_equal(x, dump.extent.width()) || std::cmp_greater_equal(y, dump.extent.height())) {
    return std::nullopt;
  }
  std::uint32_t value = 0;
  std::size_t const index = static_cast<std::size_t>(y) * dump.extent.width() + static_cast<std::size_t>(x);
  std::memcpy(&value, memory_.bytes().subspan(dump.offset + index * 4, 4).data(), 4);
  return value & 0xFFFFFF;
}

std::vector<std::uint32_t> FakeDaemon::pixels(gui::WindowId id) const {
  std::vector<std::uint32_t> all;
  auto const found = windows_.find(id);
  if (found == windows_.end() || !found->second.dump) return all;
  auto const& dump = *found->second.dump;
  all.resize(static_cast<std::size_t>(dump.extent.width()) * dump.extent.height());
  std::memcpy(all.data(), memory_.bytes().subspan(dump.offset, all.size() * 4).data(), all.size() * 4);
  for (auto& value : all) value &= 0xFFFFFF;
  return all;
}

}  // namespace bh::gui_agent_test
