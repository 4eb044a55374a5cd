// A peer that speaks frames by hand, so that a mistake in our codec is not made on both sides.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/posix_io.h"

namespace bh::qrexec_test {

struct Message {
  std::uint32_t type = 0;
  std::string body;
};

class FakePeer {
 public:
  FakePeer() = default;
  explicit FakePeer(UniqueFd fd) : fd_(std::move(fd)) {}
  // Tries for some seconds, as a server may still be starting.
  static FakePeer connect(std::filesystem::path const& path);

  void send_raw(std::string const& bytes);
  void send(std::uint32_t type, std::string const& body);
  // A missing message is a test failure and an empty one.
  Message receive();
  std::string receive_raw(std::size_t count);
  // The peer closed, within some seconds.
  bool closed();
  // HELLO with `version` sent and received, in either order of the peer's.
  void shake_hands(std::uint32_t version);
  void close() { fd_.reset(); }
  [[nodiscard]] bool open() const { return fd_.open(); }

 private:
  UniqueFd fd_;
};

// Listens at once; accept() waits some seconds.
class FakeServer {
 public:
  explicit FakeServer(std::filesystem::path const& path);
  FakePeer accept();

 private:
  UniqueFd listener_;
};

// A port of its own on the loopback device.
class TcpListener {
 public:
  TcpListener();
  [[nodiscard]] int port() const { return port_; }
  FakePeer accept();

 private:
  UniqueFd listener_;
  int port_ = 0;
};

std::string u32(std::uint32_t value);
std::uint32_t number_at(std::string const& body, std::size_t offset);
// The text in a field of `width` zero-padded bytes.
std::string fixed(std::string text, std::size_t width);
std::string terminated(std::string text);

}  // namespace bh::qrexec_test
