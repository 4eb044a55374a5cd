#include "qrexec/policy/daemon/exchange.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/unix_socket.h"

namespace bh::policy {

Result<Exchange> Exchange::begin(std::filesystem::path const& socket, std::string message, Limits limits) {
  BH_TRY(fd, try_connect_unix(socket));
  return Exchange(std::move(fd), std::move(message), limits);
}

Result<void> Exchange::send() {
  while (sent_ < message_.size()) {
    auto const count = write_some(fd_, as_bytes(message_).subspan(sent_));
    if (!count) {
      if (count.error().errno_value == EAGAIN) return {};
      return Failure{count.error()};
    }
    sent_ += *count;
    if (sent_ == message_.size() && ::shutdown(fd_.borrow(), SHUT_WR) != 0) return Failure{Error::from_errno("end the message")};
  }
  return {};
}

Result<std::optional<std::string>> Exchange::go_on() {
  BH_CHECK(send());
  std::array<std::byte, 65536> chunk;
  while (sent_ == message_.size()) {
    auto const count = read_some(fd_, chunk);
    if (!count) {
      if (count.error().errno_value != EAGAIN) return Failure{count.error()};
      break;
    }
    if (*count == 0) return std::optional(std::move(answer_));
    if (answer_.size() + *count > limits_.answer) return Failure{Error{"the answer is too long", EFBIG}};
    answer_ += as_text(std::span(chunk).first(*count));
  }
  if (Clock::now() >= limits_.deadline) return Failure{Error{"no answer in time", ETIMEDOUT}};
  return std::optional<std::string>{};
}

}  // namespace bh::policy
