#include "fake_admin.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

#include "base/bytes.h"
#include "base/posix_io.h"
#include "base/unix_socket.h"

namespace bh::qrexec_test {

FakeAdmin::FakeAdmin(std::filesystem::path const& socket, std::string system, std::function<std::string(std::string const&)> other)
    : system_(std::move(system)), other_(std::move(other)) {
  auto listener = listen_unix(socket);
  EXPECT_TRUE(listener.ok());
  if (!listener) return;
  listener_ = *std::move(listener);
  thread_ = std::thread([this] { serve(); });
}

FakeAdmin::~FakeAdmin() {
  if (!thread_.joinable()) return;
  ::shutdown(listener_.borrow(), SHUT_RDWR);
  thread_.join();
}

std::vector<std::string> FakeAdmin::asked() {
  std::lock_guard const lock(mutex_);
  return asked_;
}

std::string FakeAdmin::exception(std::string const& type, std::string const& text) {
  return std::string("2\0", 2) + type + '\0' + '\0' + text + '\0';
}

void FakeAdmin::serve() {
  for (;;) {
    auto peer = accept_unix(listener_);
    if (!peer) return;
    std::string request;
    std::array<std::byte, 4096> chunk;
    for (;;) {
      auto const count = read_some(*peer, chunk);
      if (!count || *count == 0) break;
      request += as_text(std::span(chunk).first(*count));
    }
    std::string const line = request.substr(0, request.find('\0'));
    std::string reply = ok() + system_;
    if (!line.starts_with("internal.GetSystemInfo+ ")) {
      {
        std::lock_guard const lock(mutex_);
        asked_.push_back(line);
      }
      reply = other_(line);
    }
    (void)write_all(*peer, as_bytes(reply)).ok();
  }
}

}  // namespace bh::qrexec_test
