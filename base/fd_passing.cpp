#include "base/fd_passing.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace bh {

namespace {

struct Message {
  iovec part{};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  msghdr header{};

  Message(void const* data, std::size_t size) {
    part = iovec{const_cast<void*>(data), size};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
  }
  Message(Message const&) = delete;
};

}  // namespace

Result<std::size_t> send_with_fd(UniqueFd const& socket, ByteSpan bytes, UniqueFd const& attached) {
  if (bytes.empty()) return Failure{Error{"a descriptor needs a byte to go with", EINVAL}};
  Message message(bytes.data(), bytes.size());
  cmsghdr* const head = CMSG_FIRSTHDR(&message.header);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int));
  int const number = attached.borrow();
  std::memcpy(CMSG_DATA(head), &number, sizeof number);
  for (;;) {
    ssize_t const sent = ::sendmsg(socket.borrow(), &message.header, MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno != EINTR) return Failure{Error::from_errno("send a descriptor")};
  }
}

Result<ReceivedBytes> receive_with_fd(UniqueFd const& socket, std::span<std::byte> into) {
  Message message(into.data(), into.size());
  ssize_t got = 0;
  do got = ::recvmsg(socket.borrow(), &message.header, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got < 0) return Failure{Error::from_errno("receive a descriptor")};
  ReceivedBytes received{static_cast<std::size_t>(got), UniqueFd()};
  for (cmsghdr* head = CMSG_FIRSTHDR(&message.header); head != nullptr; head = CMSG_NXTHDR(&message.header, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(sizeof(int))) continue;
    int number = -1;
    std::memcpy(&number, CMSG_DATA(head), sizeof number);
    received.attached = UniqueFd(number);
  }
  return received;
}

}  // namespace bh
