#include "tests/integration/gui-daemon/support/fake_agent.h"

#include <array>
#include <cstring>

namespace bh::gui::test {
namespace {
constexpr std::chrono::seconds kPatience{30};
vchan::ChannelName channel() { return {DomainId(5), kDom0, vchan::Port(6000)}; }
}  // namespace

FakeAgent::FakeAgent(std::filesystem::path vchan_directory, UniqueFd const& window_memory) : directory_(std::move(vchan_directory)) {
  auto mapping = Mapping::map(window_memory, kWindowMemory, Mapping::Access::read_write);
  BH_ASSERT(mapping.ok());
  memory_ = *std::move(mapping);
}

bool FakeAgent::connect_silently() {
  socket_.reset();
  stream_ = MessageStream(Direction::to_agent);
  heard_.clear();
  auto server = vchan::Server::listen(directory_, channel());
  if (!server) return false;
  auto peer = server->accept(Clock::now() + kPatience);
  if (!peer) return false;
  socket_ = *std::move(peer);
  return true;
}

bool FakeAgent::connect() {
  if (!connect_silently()) return false;
  say_raw(encode_version(kOurVersion));
  std::array<std::byte, kVersionSize + kScreenInfoSize> answer{};
  if (!read_exact(socket_, answer)) return false;
  auto const version = decode_version(std::span(answer).first<kVersionSize>());
  auto const info = decode_screen_info(std::span(answer).subspan(kVersionSize));
  if (!version || !accept_negotiated(*version) || !info) return false;
  screen = *info;
  return true;
}

bool FakeAgent::cut_off() {
  Deadline const deadline = Clock::now() + kPatience;
  std::array<std::byte, 4096> chunk{};
  for (;;) {
    auto const ready = wait_for(socket_, POLLIN, deadline);
    if (!ready || !*ready) return false;
    auto const count = read_some(socket_, chunk);
    if (!count || *count == 0) return true;
  }
}

void FakeAgent::say(WindowId window, from_agent::Message const& message) { say_raw(from_agent::encode(window, message)); }

void FakeAgent::say_raw(ByteSpan bytes) {
  // A cut connection shows in what the test hears next.
  (void)write_all(socket_, bytes);
}

bool FakeAgent::listen(Deadline deadline) {
  auto const ready = wait_for(socket_, POLLIN, deadline);
  if (!ready || !*ready) return false;
  std::array<std::byte, 4096> chunk{};
  auto const count = read_some(socket_, chunk);
  if (!count || *count == 0) return false;
  if (!stream_.append(std::span(chunk).first(*count))) return false;
  for (;;) {
    auto next = stream_.next();
    if (!next) return false;
    if (!*next) return true;
    auto message = to_agent::decode(**next);
    if (!message) return false;
    heard_.push_back({(*next)->window, *std::move(message)});
  }
}

std::deque<Heard> FakeAgent::drain(std::chrono::milliseconds quiet) {
  while (listen(Clock::now() + quiet)) continue;
  return std::exchange(heard_, {});
}

void FakeAgent::fill(std::uint64_t offset, std::uint32_t stride, std::uint32_t x, std::uint32_t y, std::uint32_t width, std::uint32_t height,
                     std::uint32_t rgb) {
  for (std::uint32_t row = y; row < y + height; ++row) {
    for (std::uint32_t column = x; column < x + width; ++column) {
      std::memcpy(&memory_.bytes()[offset + (std::size_t{row} * stride + column) * 4], &rgb, 4);
    }
  }
}

}  // namespace bh::gui::test
