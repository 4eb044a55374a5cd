#include "fake_peer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <thread>

#include "base/unix_socket.h"

namespace bh::qrexec_test {

namespace {
constexpr std::chrono::seconds kPatience{20};
}

std::string u32(std::uint32_t value) {
  ByteWriter writer;
  writer.u32_le(value);
  return std::string(as_text(writer.view()));
}

std::uint32_t number_at(std::string const& body, std::size_t offset) {
  if (body.size() < offset + 4) return UINT32_MAX;
  return *ByteReader(as_bytes(body).subspan(offset)).u32_le();
}

std::string fixed(std::string text, std::size_t width) {
  text.resize(width, '\0');
  return text;
}

std::string terminated(std::string text) { return text + '\0'; }

FakePeer FakePeer::connect(std::filesystem::path const& path) {
  Deadline const deadline = Clock::now() + kPatience;
  while (Clock::now() < deadline) {
    auto socket = connect_unix(path);
    if (socket) return FakePeer(*std::move(socket));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ADD_FAILURE() << "nobody listens at " << path;
  return {};
}

void FakePeer::send_raw(std::string const& bytes) {
  auto const sent = write_all(fd_, as_bytes(bytes));
  EXPECT_TRUE(sent.ok()) << sent.error().message;
}

void FakePeer::send(std::uint32_t type, std::string const& body) {
  send_raw(u32(type) + u32(static_cast<std::uint32_t>(body.size())) + body);
}

std::string FakePeer::receive_raw(std::size_t count) {
  std::string bytes(count, '\0');
  std::span<std::byte> rest = std::as_writable_bytes(std::span(bytes));
  Deadline const deadline = Clock::now() + kPatience;
  while (!rest.empty()) {
    auto const ready = wait_for(fd_, POLLIN, deadline);
    auto const got = ready && *ready ? read_some(fd_, rest) : Result<std::size_t>(std::size_t{0});
    if (!got || *got == 0) {
      ADD_FAILURE() << "expected " << rest.size() << " bytes more";
      return {};
    }
    rest = rest.subspan(*got);
  }
  return bytes;
}

Message FakePeer::receive() {
  std::string const header = receive_raw(8);
  if (header.empty()) return {};
  return {number_at(header, 0), receive_raw(number_at(header, 4))};
}

bool FakePeer::closed() {
  std::byte byte{};
  auto const ready = wait_for(fd_, POLLIN, Clock::now() + kPatience);
  if (!ready || !*ready) return false;
  auto const got = read_some(fd_, std::span(&byte, 1));
  return !got || *got == 0;
}

void FakePeer::shake_hands(std::uint32_t version) {
  send(0x300, u32(version));
  Message const hello = receive();
  EXPECT_EQ(hello.type, 0x300U);
  EXPECT_EQ(hello.body, u32(version));
}

FakeServer::FakeServer(std::filesystem::path const& path) {
  auto listener = listen_unix(path);
  EXPECT_TRUE(listener.ok());
  if (listener) listener_ = *std::move(listener);
}

FakePeer FakeServer::accept() {
  auto const ready = wait_for(listener_, POLLIN, Clock::now() + kPatience);
  if (!ready || !*ready) {
    ADD_FAILURE() << "nobody connected";
    return {};
  }
  auto socket = accept_unix(listener_);
  EXPECT_TRUE(socket.ok());
  return socket ? FakePeer(*std::move(socket)) : FakePeer();
}

TcpListener::TcpListener() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(listener_.borrow(), generic, size), 0);
  EXPECT_EQ(::listen(listener_.borrow(), 1), 0);
  EXPECT_EQ(::getsockname(listener_.borrow(), generic, &size), 0);
  port_ = ntohs(address.sin_port);
}

FakePeer TcpListener::accept() {
  auto const ready = wait_for(listener_, POLLIN, Clock::now() + kPatience);
  if (!ready || !*ready) {
    ADD_FAILURE() << "nobody connected";
    return {};
  }
  return FakePeer(UniqueFd(::accept4(listener_.borrow(), nullptr, nullptr, SOCK_CLOEXEC)));
}

}  // namespace bh::qrexec_test
